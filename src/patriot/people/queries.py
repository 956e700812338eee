"""Who somebody is, and what they may see."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Model, QuerySet

from patriot.people.models import Agency, ApiToken, Handover, Membership, Shift, User
from patriot.people.rules import AGENCY, ANONYMOUS, Role, Viewer, digest

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True)
class ApiTokenRow:
    """What may be shown of a token: never the token."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True)
class DemoLogin:
    """A simulated person one may be for a while."""

    username: str
    name: str
    role: Role
    agency: str


def viewer(user: "User | AnonymousUser") -> Viewer:
    """The viewer behind an account; `ANONYMOUS` for nobody and for those who may not sign in. One query."""
    if not isinstance(user, User) or not may_sign_in(user):
        return ANONYMOUS
    held = Membership.objects.filter(user=user).values_list("role", "agency__code")
    roles = {Role(role) for role, _ in held} | ({Role.ADMINISTRATOR} if user.is_superuser else set())
    agencies = {code for role, code in held if code and Role(role) in AGENCY}
    return Viewer(
        user.pk, user.get_full_name() or user.username, frozenset(roles), frozenset(agencies), user.simulated
    )


def scope[M: Model](rows: QuerySet[M], seen_by: Viewer, agency_field: str = "agency") -> QuerySet[M]:
    """The one door of access: the rows of a queryset that this viewer may see, by their owning agency."""
    if seen_by.citywide:
        return rows
    return rows.filter(**{f"{agency_field}__in": seen_by.agencies})


def agency_names() -> dict[str, str]:
    """Short name of every agency by code, also of those that were merged since."""
    return dict(Agency.objects.values_list("code", "short"))


def agency_full_names() -> dict[str, str]:
    """Full name of every agency by code, for those who do not know the short ones."""
    return dict(Agency.objects.values_list("code", "name"))


def may_sign_in(user: User) -> bool:
    """True unless the account was closed, or belongs to a simulated person and this is no demo."""
    return user.is_active and (settings.DEMO or not user.simulated)


def user_for_token(token: str) -> User | None:
    """The account behind an API token; None for an unknown token and for those who may not sign in."""
    kept = ApiToken.objects.select_related("user").filter(digest=digest(token)).first()
    return kept.user if kept and may_sign_in(kept.user) else None


def on_shift(at: datetime) -> frozenset[int]:
    """Ids of everybody on duty at that moment."""
    running = Shift.objects.filter(starts_at__lte=at, ends_at__gt=at)
    return frozenset(running.values_list("user_id", flat=True))


def memberships(user_id: int) -> list[tuple[Role, str]]:
    """The roles somebody holds, each with its agency's name, empty for the whole city."""
    held = Membership.objects.filter(user_id=user_id).order_by("pk").values_list("role", "agency__name")
    return [(Role(role), name or "") for role, name in held]


def tokens(user_id: int) -> list[ApiTokenRow]:
    """Somebody's API tokens, newest first."""
    rows = ApiToken.objects.filter(user_id=user_id).order_by("-pk").values_list("pk", "name", "created_at")
    return [ApiTokenRow(*row) for row in rows]


def agency_at(code: str, on: date) -> str:
    """The code of the agency that carries this one's duties on a day: itself, or its successors'."""
    seen: set[str] = set()
    while code not in seen:
        seen.add(code)
        heir = Agency.objects.filter(code=code, valid_to__lt=on).exclude(successor="").first()
        code = heir.successor if heir else code
    return code


def demo_logins() -> list[DemoLogin]:
    """The simulated accounts, first those who work for the whole city; empty outside a demo."""
    if not settings.DEMO:
        return []
    rows = Membership.objects.filter(user__simulated=True, user__is_active=True).order_by("pk")
    held = rows.values_list("user__username", "user__first_name", "role", "agency__short")
    return [DemoLogin(username, name, Role(role), agency or "") for username, name, role, agency in held]


def names_of(actors: Collection[str]) -> dict[str, str]:
    """The names of the people among these ledger actors ("user:12"), by actor; machines are not in it."""
    keys = [actor.removeprefix("user:") for actor in actors if actor.startswith("user:")]
    users = User.objects.filter(pk__in=[key for key in keys if key.isdigit()])
    return {f"user:{user.pk}": user.get_full_name() or user.username for user in users}


@dataclass(frozen=True)
class HandoverRow:
    """What one shift told the next."""

    given_by: str
    taken_by: str
    at: datetime
    notes: str


def handovers(limit: int = 20) -> list[HandoverRow]:
    """The latest handovers, newest first."""
    rows = Handover.objects.select_related("given_by", "taken_by")[:limit]
    return [
        HandoverRow(
            row.given_by.get_full_name() or row.given_by.username,
            row.taken_by.get_full_name() or row.taken_by.username, row.at, row.notes,
        )
        for row in rows
    ]  # fmt: skip


def holders(roles: Collection[Role], agency: str = "") -> list[tuple[int, str]]:
    """(id, name) of the people who hold one of these roles, by name; `agency`: those who hold it there."""
    users = _holding(roles, agency).distinct().order_by("first_name")
    return [(user.pk, user.get_full_name() or user.username) for user in users]


def reachable(roles: Collection[Role], agency: str = "") -> list[tuple[str, str]]:
    """(e-mail address, language) of the people who hold one of these roles, each address once."""
    users = _holding(roles, agency).exclude(email="").order_by("pk")
    return sorted(dict(users.values_list("email", "language")).items())


def _holding(roles: Collection[Role], agency: str) -> QuerySet[User]:
    held = {"memberships__role__in": roles} | ({"memberships__agency__code": agency} if agency else {})
    return User.objects.filter(is_active=True, **held)
