"""Who somebody is, and what they may see."""

from typing import TYPE_CHECKING

from django.db.models import Model, QuerySet

from patriot.people.models import Agency, Membership, User
from patriot.people.rules import AGENCY, ANONYMOUS, Role, Viewer

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def viewer(user: "User | AnonymousUser") -> Viewer:
    """The viewer behind an account; `ANONYMOUS` for nobody and for a deactivated account. One query."""
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    held = Membership.objects.filter(user=user).values_list("role", "agency__code")
    roles = {Role(role) for role, _ in held} | ({Role.ADMINISTRATOR} if user.is_superuser else set())
    agencies = {code for role, code in held if code and Role(role) in AGENCY}
    return Viewer(user.pk, user.get_full_name() or user.username, frozenset(roles), frozenset(agencies), user.simulated)


def scope[M: Model](rows: QuerySet[M], seen_by: Viewer, agency_field: str = "agency") -> QuerySet[M]:
    """The one door of access: the rows of a queryset that this viewer may see, by the agency that owns them."""
    if seen_by.citywide:
        return rows
    return rows.filter(**{f"{agency_field}__in": seen_by.agencies})


def agency_names() -> dict[str, str]:
    """Short name of every agency by code, also of those that were merged since."""
    return dict(Agency.objects.values_list("code", "short"))
