"""People in the admin. Roles go through the room's actions, everything else is recorded as it is saved."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from patriot.people import actions
from patriot.people.models import Agency, ApiToken, Handover, Membership, Shift, User
from patriot.people.recorded import RecordedAdmin
from patriot.people.rules import Role

admin.site.unregister(Group)  # rights come from roles; a second way to hand them out would only confuse


@admin.register(User)
class PersonAdmin(RecordedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Accounts, without the flags and permissions that follow from roles."""

    list_display = ["username", "first_name", "last_name", "is_active", "simulated", "last_login"]
    list_filter = ["is_active", "simulated", "memberships__role"]
    readonly_fields = ["last_login", "date_joined", "simulated"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email", "phone", "language"]}),
        (_("Account"), {"fields": ["is_active", "simulated", "last_login", "date_joined"]}),
    ]


@admin.register(Agency)
class AgencyAdmin(RecordedAdmin):
    """Agencies with their dates. They end and are succeeded; they are never deleted."""

    list_display = ["name", "code", "kind", "valid_from", "valid_to", "successor", "integrated_on"]
    list_filter = ["kind"]
    search_fields = ["name", "short", "code"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: old records speak of them."""
        return False


@admin.register(Membership)
class MembershipAdmin(RecordedAdmin):
    """Who holds which role. Granted and revoked, never edited."""

    list_display = ["user", "role", "agency"]
    list_filter = ["role", "agency"]
    autocomplete_fields = ["user", "agency"]
    search_fields = ["user__username", "user__first_name"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Revoke one and grant another."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Grant through the action."""
        actions.grant(obj.user_id, Role(obj.role), _code(obj), actor=_actor(request))
        held = Membership.objects.get(user=obj.user_id, agency=obj.agency_id, role=obj.role)
        obj.pk, obj._state.adding = held.pk, False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Revoke through the action."""
        actions.revoke(obj.user_id, Role(obj.role), _code(obj), actor=_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Revoke each."""
        for membership in queryset:
            self.delete_model(request, membership)


@admin.register(Shift)
class ShiftAdmin(RecordedAdmin):
    """Who is on duty when."""

    list_display = ["user", "starts_at", "ends_at"]
    date_hierarchy = "starts_at"
    autocomplete_fields = ["user"]


class ReadOnlyAdmin(RecordedAdmin):
    """To look at, not to make or edit by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never by hand."""
        return False


@admin.register(Handover)
class HandoverAdmin(ReadOnlyAdmin):
    """What one shift told the next."""

    list_display = ["at", "given_by", "taken_by", "notes"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: it is a record."""
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Machines' keys: seen here, taken out of use here, never made here."""

    list_display = ["name", "user", "created_at"]
    fields = ["name", "user", "created_at"]


def _code(membership: Membership) -> str:
    return membership.agency.code if membership.agency else ""


def _actor(request: HttpRequest) -> str:
    actor: str = request.viewer.actor  # type: ignore[attr-defined]
    return actor
