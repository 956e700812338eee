"""The admin's changes in the ledger: every room's `ModelAdmin` inherits from `RecordedAdmin`."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from patriot.ledger import actions as ledger
from patriot.people.events import AdminChanged


def record(request: HttpRequest, row: Model, change: str, fields: Iterable[str] = ()) -> None:
    """Append that the signed-in administrator changed this row: which fields, never their values."""
    model = row._meta.label_lower
    event = AdminChanged(model, str(row.pk), change, sorted(fields))
    actor: str = request.viewer.actor  # type: ignore[attr-defined]
    ledger.append(
        event,
        actor=actor,
        subject=f"{row._meta.model_name}:{row.pk}",
        simulated=bool(getattr(row, "simulated", False)),
    )


class RecordedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A model's admin whose every change is in the ledger, in the transaction that makes it."""

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save and record."""
        super().save_model(request, obj, form, change)
        record(request, obj, "changed" if change else "added", form.changed_data)

    @transaction.atomic
    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save and record the rows edited below the main one."""
        super().save_formset(request, form, formset, change)
        for row, fields in formset.changed_objects:
            record(request, row, "changed", fields)
        for row in formset.new_objects:
            record(request, row, "added")
        for row in formset.deleted_objects:
            record(request, row, "deleted")

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete and record."""
        record(request, obj, "deleted")
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        """Delete and record many."""
        for row in queryset:
            record(request, row, "deleted")
        super().delete_queryset(request, queryset)
