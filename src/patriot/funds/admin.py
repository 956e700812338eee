"""Funds in the admin: limits may be set, commitments are read only (they change by actions)."""

from django.contrib import admin
from django.http import HttpRequest

from patriot.funds.models import Commitment, ResponseFund


@admin.register(ResponseFund)
class ResponseFundAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Limits and amounts by agency and year."""

    list_display = ("agency", "year", "amount_idr", "small_limit_idr", "head_limit_idr")
    list_filter = ("year",)
    search_fields = ("agency",)


@admin.register(Commitment)
class CommitmentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What was asked and decided."""

    list_display = ("requested_at", "agency", "amount_idr", "state", "rule", "purpose")
    list_filter = ("state", "agency")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: `funds.actions.request` does it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Commitment | None = None) -> bool:
        """Never: a change without its ledger event would be a lie."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Commitment | None = None) -> bool:
        """Never."""
        return False
