"""Recommendations, units, assignments and response times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from patriot.dispatch import ranking, roads
from patriot.dispatch.models import Assignment, Crew, RunCard, Unit
from patriot.dispatch.ranking import Candidate, Excluded, Need, Reason, Recommendation, Standing, Step
from patriot.dispatch.rules import ACTIVE, State, area_m2, volume_m3
from patriot.dispatch.scene import Scene, job, scene, scenes
from patriot.fleet import queries as fleet
from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.kernel.geometry import Point
from patriot.people import queries as people
from patriot.people.queries import scope
from patriot.people.rules import Viewer

PERCENTILES = """
SELECT count(*),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM set_off_at - assigned_at)),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM arrived_at - set_off_at)),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM arrived_at - assigned_at))
FROM dispatch_assignment WHERE assigned_at >= %s AND arrived_at IS NOT NULL AND simulated = %s
"""


STANDING = ("pk", "callsign", "kind", "agency", "station_lon", "station_lat", "state", "around_the_clock",
            "vehicle_id", "simulated")  # fmt: skip


NEVER_SEEN: tuple[Point | None, datetime | None] = (None, None)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as lists show it. `lon`, `lat`: where it was last seen, else its station."""

    id: int
    callsign: str
    kind: str
    agency: str
    state: str
    on_duty: bool
    vehicle_id: int | None
    lon: float
    lat: float
    fixed_at: datetime | None
    incident: int | None
    number: str
    crew_size: int
    capabilities: list[str]
    simulated: bool


@dataclass(frozen=True, slots=True)
class MeasurementRow:
    """A measurement with what it amounts to."""

    length_cm: int
    width_cm: int
    depth_cm: int
    area_m2: float
    volume_m3: float
    at: datetime


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment with its incident, as the crew and its agency see it."""

    id: int
    task: int
    incident: int
    number: str
    title: str
    category: str
    priority: str
    place: str
    lon: float
    lat: float
    owner: str
    owner_name: str
    incident_photo: str
    reported_at: datetime
    unit: int
    callsign: str
    kind: str
    agency: str
    vehicle_id: int | None
    state: str
    eta_s: float | None
    metres: float | None
    assigned_at: datetime
    accepted_at: datetime | None
    set_off_at: datetime | None
    arrival_suggested_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    reason: str
    repair: str
    cost_idr: int | None
    notes: str
    photo: str
    measurements: list[MeasurementRow]
    simulated: bool

    @property
    def active(self) -> bool:
        """True until it is finished, declined or cancelled."""
        return State(self.state) in ACTIVE


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Median and 90th percentile in seconds, from the raw stamps; None where there are none."""

    count: int
    turnout: tuple[float, float] | None
    travel: tuple[float, float] | None
    response: tuple[float, float] | None


def recommend(incident_id: int, *, viewer: Viewer | None = None, task_id: int | None = None,
              now: datetime | None = None) -> Recommendation:  # fmt: skip
    """Who should go, best first, and who cannot, with reasons. Raises NotFound.

    `viewer`: only units of their scope; None: all. `task_id`: its agency counts, not the incident's owner.
    """
    moment = now or clock.now()
    where = scene(incident_id)
    if where is None:
        raise NotFound(_("There is no such incident."))
    ordered = job(task_id) if task_id is not None else None
    need = need_of(where, ordered.agency if ordered else where.agency)
    return recommend_among(standings(viewer, moment), need, moment)


def recommend_among(units: Iterable[Standing], need: Need, now: datetime) -> Recommendation:
    """Rank these units for this need. Ways are measured from those that can be soonest on, in few calls of
    the road network, until the first places are sure; the rest is named as farther away.
    """
    network = roads.in_use()
    fit, excluded = _sort_out(units, need, now, roads.top_speed_kmh(network))
    candidates: list[Candidate] = []
    by_road, indicative = True, False
    remarks: tuple[Reason, ...] = ()
    while fit and not ranking.is_settled(candidates, fit[0][0]):
        batch, fit = [unit for _bound, unit in fit[: ranking.BATCH]], fit[ranking.BATCH :]
        ways = roads.ways([ranking.place(unit, now)[0] for unit in batch], need.point, network)
        ranked, unreachable = ranking.rank(batch, ways.roads, need, now, ways.by_road)
        candidates = sorted([*candidates, *ranked], key=ranking.order)
        excluded += unreachable
        by_road, indicative, remarks = ways.by_road, ways.indicative, ways.remarks
    excluded += [Excluded(unit.unit_id, unit.callsign, unit.kind, ranking.FARTHER) for _bound, unit in fit]
    excluded.sort(key=lambda one: (one.why.code, one.callsign))
    return Recommendation(tuple(candidates), tuple(excluded), by_road, indicative, remarks)


type Bounded = tuple[tuple[int, float], Standing]  # a unit after the soonest it can be there


def _sort_out(
    units: Iterable[Standing], need: Need, now: datetime, top_kmh: float
) -> tuple[list[Bounded], list[Excluded]]:
    """The units that can go, soonest first by bound, and those that cannot."""
    fit: list[Bounded] = []
    excluded = []
    for unit in units:
        why = ranking.unfit(unit, need)
        if why is None:
            fit.append((ranking.soonest(unit, need, now, top_kmh), unit))
        else:
            excluded.append(Excluded(unit.unit_id, unit.callsign, unit.kind, why))
    fit.sort(key=itemgetter(0))
    return fit, excluded


def need_of(where: Scene, agency: str) -> Need:
    """What the incident's category needs by its run card, less what is on it already."""
    there = Assignment.objects.filter(incident_id=where.incident, state__in=ACTIVE)
    kinds = list(there.values_list("unit__kind", flat=True))
    card = RunCard.objects.filter(category=where.category).order_by("step").values_list("kind", "count")
    return Need(where.point, agency, tuple(Step(kind, count, kinds.count(kind)) for kind, count in card))


def standings(viewer: Viewer | None, now: datetime) -> list[Standing]:
    """Every unit of the viewer's scope (None: all) as it stands now."""
    rows = Unit.objects.all() if viewer is None else scope(Unit.objects.all(), viewer)
    seen = fleet.latest_fixes()
    busy = dict(Assignment.objects.filter(state__in=ACTIVE).values_list("unit_id", "number"))
    duty = _manned(now)
    return [
        Standing(
            unit_id, callsign, kind, agency, Point(lon, lat), state, around_the_clock or unit_id in duty,
            *(seen.get(vehicle_id) or NEVER_SEEN), busy.get(unit_id, ""), vehicle_id, simulated,
        )
        for unit_id, callsign, kind, agency, lon, lat, state, around_the_clock, vehicle_id, simulated
        in rows.values_list(*STANDING)
    ]  # fmt: skip


def _manned(now: datetime) -> frozenset[int]:
    """Units with somebody of their crew on shift."""
    crews = Crew.objects.filter(until=None, unit__around_the_clock=False).values_list("unit_id", "user_id")
    if not crews:
        return frozenset()
    on_shift = people.on_shift(now)
    return frozenset(unit for unit, user in crews if user in on_shift)


def units(viewer: Viewer | None) -> list[UnitRow]:
    """The units of the viewer's scope (None: all), by call sign."""
    now = clock.now()
    busy = {row.unit_id: row for row in Assignment.objects.filter(state__in=ACTIVE)}
    rows = {
        row.pk: row for row in (Unit.objects.all() if viewer is None else scope(Unit.objects.all(), viewer))
    }
    return [_unit(one, rows[one.unit_id], busy.get(one.unit_id)) for one in standings(viewer, now)
            if one.unit_id in rows]  # fmt: skip


def _unit(standing: Standing, row: Unit, task: Assignment | None) -> UnitRow:
    point = standing.fix or standing.station
    return UnitRow(
        row.pk, row.callsign, row.kind, row.agency, row.state, standing.on_duty, row.vehicle_id, point.lon,
        point.lat, standing.fixed_at, task.incident_id if task else None, task.number if task else "",
        row.crew_size, row.capabilities, row.simulated,
    )  # fmt: skip


def assignment(assignment_id: int, viewer: Viewer) -> AssignmentRow:
    """One assignment of the viewer's scope. Raises NotFound."""
    rows = _rows(scope(Assignment.objects.filter(pk=assignment_id), viewer))
    if not rows:
        raise NotFound(_("There is no such assignment."))
    return rows[0]


def mine(viewer: Viewer, *, ended_within: timedelta = timedelta(hours=12)) -> list[AssignmentRow]:
    """What the viewer's crew has to do, active first; without a unit of their own, what their agency's do."""
    rows = Assignment.objects.all()
    unit = unit_of(viewer)
    rows = rows.filter(unit=unit.pk) if unit else rows.filter(agency__in=viewer.agencies)
    recent = rows.filter(state__in=ACTIVE) | rows.filter(ended_at__gt=clock.now() - ended_within)
    return sorted(_rows(recent), key=lambda row: (not row.active, -row.assigned_at.timestamp()))


def unit_of(viewer: Viewer) -> Unit | None:
    """The unit the viewer signed on to."""
    return (
        Unit.objects.filter(crew__user=viewer.user_id, crew__until=None).first() if viewer.user_id else None
    )


def active(viewer: Viewer | None = None) -> list[AssignmentRow]:
    """Everything crews are busy with, in the viewer's scope (None: all), oldest first."""
    rows = Assignment.objects.filter(state__in=ACTIVE)
    return _rows((scope(rows, viewer) if viewer else rows).order_by("assigned_at"))


def of_incident(incident_id: int, viewer: Viewer | None = None) -> list[AssignmentRow]:
    """An incident's assignments, oldest first. `viewer` None: all, for whoever may see the incident."""
    rows = Assignment.objects.filter(incident_id=incident_id)
    return _rows((scope(rows, viewer) if viewer else rows).order_by("assigned_at"))


def _rows(rows: QuerySet[Assignment]) -> list[AssignmentRow]:
    found = list(rows.select_related("unit").prefetch_related("measurements"))
    where = scenes({row.incident_id for row in found})
    return [_row(row, where[row.incident_id]) for row in found]


def _row(row: Assignment, where: Scene) -> AssignmentRow:
    shown: dict[str, Any] = where.shown
    return AssignmentRow(
        id=row.pk, task=row.task_id, incident=row.incident_id, number=row.number, title=where.title,
        category=where.category, priority=where.priority, place=where.place, lon=where.point.lon,
        lat=where.point.lat, owner=where.agency, owner_name=shown["agency_name"],
        incident_photo=shown["photo"], reported_at=shown["opened_at"], unit=row.unit_id,
        callsign=row.unit.callsign, kind=row.unit.kind, agency=row.agency,
        vehicle_id=row.unit.vehicle_id, state=row.state, eta_s=row.eta_s, metres=row.metres,
        assigned_at=row.assigned_at, accepted_at=row.accepted_at, set_off_at=row.set_off_at,
        arrival_suggested_at=row.arrival_suggested_at, arrived_at=row.arrived_at,
        ended_at=row.ended_at, reason=row.reason, repair=row.repair, cost_idr=row.cost_idr,
        notes=row.notes, photo=row.photo,
        measurements=[_measurement(one) for one in row.measurements.all()], simulated=row.simulated,
    )  # fmt: skip


def _measurement(one: Any) -> MeasurementRow:
    surface = area_m2(one.length_cm, one.width_cm)
    hollow = volume_m3(one.length_cm, one.width_cm, one.depth_cm)
    return MeasurementRow(one.length_cm, one.width_cm, one.depth_cm, surface, hollow, one.at)


def response_times(since: datetime, *, simulated: bool) -> ResponseTimes:
    """Turnout, travel and whole response of crews called out since then, from raw samples."""
    with connection.cursor() as cursor:
        cursor.execute(PERCENTILES, [since, simulated])
        count, *parts = cursor.fetchone()
    return ResponseTimes(count, *(_pair(part) for part in parts))


def _pair(values: list[float | None] | None) -> tuple[float, float] | None:
    if values is None or values[0] is None or values[1] is None:
        return None
    return values[0], values[1]
