"""Sensing in the admin: limits, thresholds and combinations are set here; readings and conditions are not."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest

from patriot.kernel.errors import Invalid
from patriot.people.recorded import RecordedAdmin
from patriot.sensing.judging import limits
from patriot.sensing.models import Combination, Condition, Datastream, Thing, Threshold


def _check(check: Callable[[Any], None], told: Any) -> None:
    """A room's refusal in the form's own terms."""
    try:
        check(told)
    except Invalid as fault:
        raise ValidationError({name: str(words) for name, words in fault.fields.items()}) from fault


class ThresholdForm(forms.ModelForm):  # type: ignore[type-arg]
    """A threshold that can be kept."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                _check(limits.check_threshold, self.instance)
            except ValidationError as fault:
                self._update_errors(fault)  # type: ignore[attr-defined]


@admin.register(Threshold)
class ThresholdAdmin(RecordedAdmin):
    """Thresholds end, they are not deleted: past readings were judged by them."""

    form = ThresholdForm
    list_display = [
        "datastream",
        "code",
        "level",
        "name",
        "value",
        "clear",
        "valid_from",
        "valid_to",
        "source",
    ]
    list_filter = ["code", "level", "priority"]
    search_fields = ["datastream__name", "datastream__thing__name", "name", "source"]
    autocomplete_fields = ["datastream"]
    list_select_related = ["datastream"]
    save_as = True  # a new version begins as a copy of the old one

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """By the room's action: the ledger has the values, too."""
        assert isinstance(obj, Threshold)
        limits.set_threshold(obj, actor=request.viewer.actor)  # type: ignore[attr-defined]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class DatastreamForm(forms.ModelForm):  # type: ignore[type-arg]
    """A datastream whose limits can be checked against."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse limits that mean nothing."""
        cleaned: dict[str, Any] | None = super().clean()
        _check(limits.check_limits, (cleaned or {}).get("limits"))
        return cleaned


@admin.register(Datastream)
class DatastreamAdmin(RecordedAdmin):
    """What is checked of its readings, and until when its sensor is calibrated."""

    form = DatastreamForm
    fields = ["name", "description", "limits", "calibrated_until", "public"]
    list_display = ["name", "thing", "key", "unit_symbol", "calibrated_until", "public"]
    list_filter = ["thing__purpose", "public"]
    search_fields = ["name", "key", "thing__name"]
    list_select_related = ["thing"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the city pack, SensorThings or a provisioned device."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: readings hang on it."""
        return False


class CombinationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A combination that can be worked out."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse what is no expression."""
        cleaned: dict[str, Any] | None = super().clean()
        _check(limits.check_expression, (cleaned or {}).get("expression"))
        return cleaned


@admin.register(Combination)
class CombinationAdmin(RecordedAdmin):
    """Conditions made of others."""

    form = CombinationForm
    list_display = ["name", "level", "priority", "thing", "enabled", "source"]
    list_filter = ["enabled", "priority"]
    search_fields = ["name"]
    autocomplete_fields = ["thing"]


@admin.register(Thing)
class ThingAdmin(RecordedAdmin):
    """Names, agencies and who may see them."""

    fields = ["name", "description", "purpose", "agency", "area", "public"]
    list_display = ["name", "purpose", "agency", "area", "public", "simulated"]
    list_filter = ["purpose", "agency", "public", "simulated"]
    search_fields = ["name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the city pack, SensorThings or provisioning."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: readings hang on it."""
        return False


@admin.register(Condition)
class ConditionAdmin(RecordedAdmin):
    """How conditions stand. Readings and jobs move them, nobody by hand."""

    list_display = ["condition", "name", "level", "label", "priority", "value", "unit", "at"]
    list_filter = ["code", "level", "priority"]
    search_fields = ["condition", "name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never by hand."""
        return False
