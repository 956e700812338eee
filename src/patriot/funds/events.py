"""What funds announce. Money is public: who asked how much, what was decided, by which rule."""

from dataclasses import dataclass

from patriot.kernel.events import announces

PUBLIC = ("commitment", "agency", "year", "amount_idr", "available_idr", "state", "goes_to", "rule")


@dataclass(frozen=True, kw_only=True)
class About:
    """A commitment as it stands after the event, and what its fund has left."""

    commitment: int
    agency: str
    year: int
    amount_idr: int
    available_idr: int
    state: str
    goes_to: str
    rule: str
    subject: str
    purpose: str


@announces("fund.requested", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Requested(About):
    """An amount was asked for; `state` says whether it was approved at once."""


@announces("fund.decided", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Decided(About):
    """A person approved or refused."""

    approved: bool
    reason: str


@announces("fund.spent", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Spent(About):
    """The work is paid for: `amount_idr` is what it cost."""


@announces("fund.released", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Released(About):
    """The amount is not needed and is available again."""


@announces("fund.raised", public=("agency", "year", "by_idr", "amount_idr"))
@dataclass(frozen=True, kw_only=True)
class Raised:
    """The leadership put money into an agency's fund."""

    agency: str
    year: int
    by_idr: int
    amount_idr: int
    reason: str
