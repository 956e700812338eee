"""The city's rules in the admin. Incidents and tasks change by actions only and are shown read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from patriot.incidents.models import (
    Category,
    Holiday,
    Incident,
    OwnerRule,
    ReplyTemplate,
    ServiceLevel,
    SopStep,
    Task,
)  # fmt: skip


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What reports can be about."""

    list_display = ("code", "name_id", "group", "agency", "priority", "service_level", "active")
    list_filter = ("group", "priority", "active")
    search_fields = ("code", "name_id", "name_en", "keywords_id", "keywords_en")

    def has_delete_permission(self, request: HttpRequest, obj: Category | None = None) -> bool:
        """Never: incidents refer to it; take it out of use instead."""
        return False


@admin.register(ServiceLevel)
class ServiceLevelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """How long what may take."""

    list_display = ("code", "name", "stage", "amount", "unit", "calendar", "source")
    list_filter = ("code", "stage")


@admin.register(OwnerRule)
class OwnerRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who owns what where, and when."""

    list_display = ("category", "area", "road_authority", "agency", "valid_from", "valid_to")
    list_filter = ("agency",)
    search_fields = ("category", "area")


@admin.register(Holiday)
class HolidayAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """When offices are closed."""

    list_display = ("date", "name_id", "name_en")
    date_hierarchy = "date"


@admin.register(SopStep)
class SopStepAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What to do, step by step."""

    list_display = ("group", "step", "text_id")
    list_filter = ("group",)


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Friendly answers."""

    list_display = ("code", "text_id")


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at only: a change without its ledger event would be a lie."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """Incidents as they stand."""

    list_display = ("number", "title", "state", "priority", "agency", "place", "opened_at", "simulated")
    list_filter = ("state", "priority", "agency", "simulated")
    search_fields = ("number", "place")


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    """Tasks as they stand."""

    list_display = ("incident", "kind", "agency", "state", "estimate_idr", "opened_at")
    list_filter = ("state", "agency")
