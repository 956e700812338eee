"""What people announces. Persons appear by their id only, so that they can be forgotten."""

from dataclasses import dataclass, field

from patriot.kernel.events import announces


@announces("person.registered")
@dataclass(frozen=True)
class PersonRegistered:
    """An account was opened."""

    user: int


@announces("membership.granted")
@dataclass(frozen=True)
class MembershipGranted:
    """Somebody now holds a role."""

    user: int
    role: str
    agency: str


@announces("membership.revoked")
@dataclass(frozen=True)
class MembershipRevoked:
    """Somebody holds a role no longer."""

    user: int
    role: str
    agency: str


@announces("shift.planned")
@dataclass(frozen=True)
class ShiftPlanned:
    """Somebody will be on duty. Times are ISO 8601, UTC."""

    user: int
    shift: int
    starts_at: str
    ends_at: str


@announces("shift.handed_over")
@dataclass(frozen=True)
class ShiftHandedOver:
    """One person went off duty and another took over."""

    given_by: int
    taken_by: int
    handover: int


@announces("token.created")
@dataclass(frozen=True)
class TokenCreated:
    """A key to the native API was given out."""

    user: int
    token: int


@announces("token.revoked")
@dataclass(frozen=True)
class TokenRevoked:
    """A key to the native API no longer opens anything."""

    user: int
    token: int


@announces("agency.changed", public=["code", "name", "valid_from", "valid_to", "successor"])
@dataclass(frozen=True)
class AgencyChanged:
    """An agency was added, renamed, ended or merged. Dates are ISO 8601, empty where open."""

    code: str
    name: str
    valid_from: str
    valid_to: str
    successor: str


@announces("admin.changed")
@dataclass(frozen=True)
class AdminChanged:
    """A record was changed by hand in the admin: which one and which fields, never their values."""

    model: str
    record: str
    change: str  # added, changed, deleted
    fields: list[str] = field(default_factory=list)
