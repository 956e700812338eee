"""Periodic jobs that wait or run, to look at: rooms declare them, nobody makes or changes one by hand."""

from django.contrib import admin
from django.http import HttpRequest
from procrastinate.contrib.django import admin as own  # registers its own page, which ours replaces
from procrastinate.contrib.django.models import ProcrastinateJob

admin.site.unregister(ProcrastinateJob)


@admin.register(ProcrastinateJob)
class JobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """In place of procrastinate's own, whose inline styles the content security policy refuses and whose
    buttons change the queue without a word in the ledger.
    """

    list_display = ["id", "task_name", "status", "scheduled_at", "attempts"]
    list_filter = ["status", "task_name"]
    inlines = [own.ProcrastinateEventInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: to look is enough."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody."""
        return False
