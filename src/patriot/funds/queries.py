"""Reading funds."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum

from patriot.funds.models import Commitment, ResponseFund
from patriot.funds.rules import HEAD, LEADERSHIP, Limits, in_words
from patriot.kernel import clock
from patriot.people import queries as people
from patriot.people.rules import Role, Viewer

COUNTED = (Commitment.State.APPROVED, Commitment.State.SPENT)


@dataclass(frozen=True)
class Fund:
    """An agency's fund in one year: whole rupiah."""

    agency: str
    agency_name: str
    year: int
    amount: int
    approved: int
    spent: int
    pending: int
    limits: Limits

    @property
    def available(self) -> int:
        """What is neither promised nor spent."""
        return self.limits.available

    @property
    def used_percent(self) -> int:
        """Promised and spent, of the whole."""
        return round(100 * (self.approved + self.spent) / self.amount) if self.amount else 0


@dataclass(frozen=True)
class Request:
    """A commitment, with its rule in words and whether this viewer may decide it."""

    id: int
    agency: str
    agency_name: str
    amount: int
    purpose: str
    subject: str
    state: str
    state_label: str
    goes_to: str
    rule: str
    words: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    simulated: bool
    may_decide: bool


def this_year() -> int:
    """The budget year, by the calendar of Jakarta."""
    return clock.now().astimezone(clock.WIB).year


def used(agency: str, year: int) -> int:
    """What is promised or spent of a fund."""
    rows = Commitment.objects.filter(agency=agency, year=year, state__in=COUNTED)
    return rows.aggregate(total=Sum("amount_idr"))["total"] or 0


def limits(fund: ResponseFund | None) -> Limits | None:
    """The limits of a fund as they stand now; None when there is none."""
    if fund is None:
        return None
    return Limits(fund.amount_idr - used(fund.agency, fund.year), fund.small_limit_idr, fund.head_limit_idr)


def funds(viewer: Viewer, year: int | None = None) -> list[Fund]:
    """The funds the viewer may see, the most used first."""
    year = year or this_year()
    names = people.agency_names()
    sums = _sums(year)
    rows = people.scope(ResponseFund.objects.filter(year=year), viewer)
    found = [_fund(row, names, sums) for row in rows]
    return sorted(found, key=lambda fund: (-fund.used_percent, -fund.approved - fund.spent, fund.agency_name))


def _sums(year: int) -> dict[tuple[str, str], int]:
    rows = (
        Commitment.objects.filter(year=year).values_list("agency", "state").annotate(total=Sum("amount_idr"))
    )
    return {(agency, state): total for agency, state, total in rows}


def _fund(row: ResponseFund, names: dict[str, str], sums: dict[tuple[str, str], int]) -> Fund:
    approved, spent, pending = (
        sums.get((row.agency, state), 0) for state in ("approved", "spent", "pending")
    )
    available = Limits(row.amount_idr - approved - spent, row.small_limit_idr, row.head_limit_idr)
    name = names.get(row.agency, row.agency)
    return Fund(row.agency, name, row.year, row.amount_idr, approved, spent, pending, available)


def may_decide(viewer: Viewer, agency: str, goes_to: str, requested_by: str) -> bool:
    """True when the decision lies within the viewer's power; nobody decides what they asked for."""
    if viewer.actor == requested_by:
        return False
    if goes_to == HEAD and viewer.has(Role.HEAD) and agency in viewer.agencies:
        return True
    return goes_to in (HEAD, LEADERSHIP) and viewer.has(Role.LEADERSHIP)


def pending(viewer: Viewer) -> list[Request]:
    """Requests that wait for a decision, oldest first, within the viewer's scope."""
    rows = people.scope(Commitment.objects.filter(state=Commitment.State.PENDING), viewer)
    return _requests(rows.order_by("requested_at"), viewer)


def recent(viewer: Viewer, limit: int = 50) -> list[Request]:
    """The newest requests of any state within the viewer's scope."""
    return _requests(people.scope(Commitment.objects.all(), viewer).order_by("-requested_at")[:limit], viewer)


def of_subjects(subjects: list[str], viewer: Viewer) -> dict[str, Request]:
    """The latest request of each subject, such as `task:5`."""
    rows = Commitment.objects.filter(subject__in=subjects).order_by("requested_at")
    return {request.subject: request for request in _requests(rows, viewer)}


def _requests(rows: QuerySet[Commitment], viewer: Viewer) -> list[Request]:
    names = people.agency_names()
    known = {(fund.agency, fund.year): fund for fund in ResponseFund.objects.all()}
    return [_request(row, names, known.get((row.agency, row.year)), viewer) for row in rows]


def _request(row: Commitment, names: dict[str, str], fund: ResponseFund | None, viewer: Viewer) -> Request:
    when_asked = Limits(row.available_idr, fund.small_limit_idr, fund.head_limit_idr) if fund else None
    waits = row.state == Commitment.State.PENDING
    return Request(
        row.pk,
        row.agency,
        names.get(row.agency, row.agency),
        row.amount_idr,
        row.purpose,
        row.subject,
        row.state,
        str(row.get_state_display()),
        row.goes_to,
        row.rule,
        in_words(row.rule, when_asked),
        row.requested_by,
        row.requested_at,
        row.decided_by,
        row.decided_at,
        row.reason,
        row.simulated,
        waits and may_decide(viewer, row.agency, row.goes_to, row.requested_by),
    )
