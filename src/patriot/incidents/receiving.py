"""A report comes in: recorded, placed, compared, routed, given a deadline. One transaction, one call."""

from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from patriot.incidents import change, events, policy, rules
from patriot.incidents.models import Category, Incident, IncidentReport
from patriot.incidents.rules import OPEN, Like, State
from patriot.incidents.spot import Spot, locate
from patriot.kernel import clock
from patriot.kernel.errors import Invalid
from patriot.kernel.geometry import Point
from patriot.reports import actions as reports
from patriot.reports import queries as report_queries
from patriot.reports.actions import AlreadyRecorded, Recorded, ReportDraft
from patriot.reports.rules import Kind, Privacy

LOCK_CLASS = 0x11CE  # advisory locks (class, cell): reports near each other are compared one after the other


@dataclass(frozen=True)
class Received:
    """What became of a report. `attached`: somebody had reported it before, the incident is theirs."""

    number: str
    incident_id: int
    report_id: int
    attached: bool


@transaction.atomic
def receive_report(draft: ReportDraft, *, actor: str, simulated: bool = False) -> Received:
    """Accept a report: record it, then attach it to the open incident it belongs to, or open one.

    Sent twice under one key it is received once. Raises Invalid, by field, when it cannot be used.
    """
    actor = actor if draft.privacy == Privacy.OPEN else "citizen"  # the chain forgets nothing
    category = _category(draft.category)
    spot = locate(draft.point) if draft.point and draft.point.is_valid else None
    try:
        recorded = reports.record(
            replace(draft, area=spot.area if spot else ""), actor=actor, simulated=simulated
        )  # fmt: skip
    except AlreadyRecorded as known:
        return _known(known.number)
    if spot is None:  # reports.record refuses a report without a position
        raise Invalid({"position": _("Say where it is.")})
    same = None if draft.privacy == Privacy.SECRET else _same(draft, spot.point, simulated)
    if same is not None:
        return _attach(same, recorded, actor)
    return _open(category, spot, draft, recorded, actor, simulated)


def _category(code: str) -> Category:
    category = Category.objects.filter(code=code, active=True).first()
    if category is None:
        raise Invalid({"category": _("Choose what it is about.")})
    return category


def _known(number: str) -> Received:
    link = IncidentReport.objects.get(number=number)
    return Received(number, link.incident_id, link.report_id, attached=False)


def _same(draft: ReportDraft, point: Point, simulated: bool) -> Incident | None:
    """The open incident this report belongs to, its row held. Only problems are compared, not questions."""
    return same_problem(draft.category, point, simulated) if draft.kind == Kind.COMPLAINT else None


def same_problem(category: str, point: Point, simulated: bool) -> Incident | None:
    """The open incident of this category at this place, its row held; None when there is none."""
    _wait_for_neighbours(point)
    now = clock.now()
    west, south, east, north = rules.box(point)
    rows = Incident.objects.filter(
        category_id=category, state__in=OPEN, simulated=simulated, secret=False,
        opened_at__gte=now - timedelta(hours=rules.LIKE_HOURS),
        lon__range=(west, east), lat__range=(south, north),
    ).values_list("pk", "lon", "lat", "opened_at", "state")  # fmt: skip
    candidates = (Like(pk, category, Point(lon, lat), at, state) for pk, lon, lat, at, state in rows)
    found = rules.like(category, point, now, candidates)
    if found is None:
        return None
    row = change.locked(found.id)
    return row if row.state in OPEN else None


def _wait_for_neighbours(point: Point) -> None:
    """Hold the cells around a point: of two reports of one hole at once, the second sees the first."""
    with connection.cursor() as cursor:
        for cell in rules.cells(point):
            key = (cell + 2**31) % 2**32 - 2**31
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, key])


def _attach(row: Incident, recorded: Recorded, actor: str) -> Received:
    link(row, recorded)
    photo = row.photo or _cover(recorded)
    change.put(row, supporters=row.supporters + 1, photo=photo)
    change.announce(events.ReportAttached, row, actor, report_number=recorded.number)
    return Received(recorded.number, row.pk, recorded.id, attached=True)


def _open(category: Category, spot: Spot, draft: ReportDraft, recorded: Recorded, actor: str,
          simulated: bool) -> Received:  # fmt: skip
    now = clock.now()
    routed = policy.owner(category, spot.place, now)
    respond_due, resolve_due = policy.deadlines(category, now)
    row = Incident.objects.create(
        number=recorded.number, category=category, title=category.name_id, state=State.RECEIVED,
        priority=category.priority, agency=routed.agency, routed_by=routed.why, lon=spot.point.lon,
        lat=spot.point.lat, place=spot.words, area=spot.area, area_name=spot.area_name,
        kecamatan=spot.kecamatan, kecamatan_name=spot.kecamatan_name, photo=_cover(recorded),
        secret=draft.privacy == Privacy.SECRET, opened_at=now, respond_due=respond_due,
        resolve_due=resolve_due, simulated=simulated,
    )  # fmt: skip
    link(row, recorded)
    change.announce(events.Opened, row, actor, why=routed.why)
    return Received(recorded.number, row.pk, recorded.id, attached=False)


def link(row: Incident, recorded: Recorded) -> None:
    """Note that a report speaks of an incident."""
    IncidentReport.objects.create(
        incident=row, report_id=recorded.id, number=recorded.number, attached_at=clock.now()
    )  # fmt: skip


def _cover(recorded: Recorded) -> str:
    return report_queries.covers([recorded.id]).get(recorded.id, "")
