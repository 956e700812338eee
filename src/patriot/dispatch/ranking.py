"""Who should go: a pure ranking of units by run card, road time and the age of what is known about them.

The cost of a unit is its travel time in seconds plus what its uncertainty and its agency add to it; units of
an earlier step of the run card go before those of a later one. Whoever cannot go is named with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from patriot.kernel.geometry import Point, distance_m

FRESH = timedelta(seconds=60)  # a fix is as good as the truth
FORGOTTEN = timedelta(minutes=30)  # an older fix says nothing: the station is the better guess
STALE_COST = 0.5  # seconds of travel added for each second of age beyond FRESH: it may have driven either way
STATION_COST_S = 120.0  # a unit nobody has seen today may not be at its station
OTHER_AGENCY_COST_S = 180.0  # another agency's unit is called when it is this much faster
DETOUR = 1.4  # roads are that much longer than the straight line
STRAIGHT_KMH = 25.0
BATCH = 24  # units whose way is measured at once
SURE = 3  # so many first places are exact; what is surely slower is not measured


class Reason(NamedTuple):
    """Why a unit stands where it stands: a code and values; `words.py` says it in the reader's language."""

    code: str
    values: Mapping[str, object] = {}


FARTHER = Reason("farther")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the run card, and how many of the kind are on the incident already."""

    kind: str
    count: int
    present: int = 0

    @property
    def missing(self) -> int:
        """How many more are needed."""
        return max(0, self.count - self.present)


class Road(NamedTuple):
    """A way by road: seconds and metres."""

    seconds: float
    metres: float


@dataclass(frozen=True, slots=True)
class Need:
    """What is wanted where. No steps: any unit of the agency will do."""

    point: Point
    agency: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit as it stands now: `fix` and `fixed_at` if its vehicle ever spoke, `busy_with` a number."""

    unit_id: int
    callsign: str
    kind: str
    agency: str
    station: Point
    state: str = "free"
    on_duty: bool = True
    fix: Point | None = None
    fixed_at: datetime | None = None
    busy_with: str = ""
    vehicle_id: int | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that can go. `cost` is the seconds it was ranked by."""

    unit_id: int
    callsign: str
    kind: str
    agency: str
    eta_s: float
    metres: float
    fix_age_s: float | None
    position_source: str  # "fix" | "station"
    point: Point
    step: int
    cost: float
    reasons: tuple[Reason, ...]
    vehicle_id: int | None = None
    simulated: bool = False

    @property
    def stale(self) -> bool:
        """True when the unit may well be somewhere else by now."""
        return self.fix_age_s is None or self.fix_age_s > FRESH.total_seconds()


@dataclass(frozen=True, slots=True)
class Excluded:
    """A unit that cannot go, and why."""

    unit_id: int
    callsign: str
    kind: str
    why: Reason


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Units in the order in which they should be called, and those left out."""

    units: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    by_road: bool
    network_indicative: bool = False
    remarks: tuple[Reason, ...] = field(default=())


def unfit(unit: Standing, need: Need) -> Reason | None:
    """Why a unit cannot be sent at all, before anybody measures its way; None when it can."""
    if not _suits(unit, need):
        return Reason("wrong_kind", {"kind": unit.kind})
    if unit.state == "off":
        return Reason("out_of_service")
    if unit.state != "free":
        return Reason("busy", {"number": unit.busy_with})
    if not unit.on_duty:
        return Reason("off_duty")
    return None


def _suits(unit: Standing, need: Need) -> bool:
    if need.steps:
        return any(step.kind == unit.kind for step in need.steps)
    return unit.agency == need.agency


def soonest(unit: Standing, need: Need, now: datetime, top_kmh: float) -> tuple[int, float]:
    """A bound before anybody measures the way: the unit's turn, and a cost it cannot stay below, because
    nobody drives faster than `top_kmh`.
    """
    point, age = place(unit, now)
    flight_s = distance_m(point, need.point) / (top_kmh / 3.6)
    return _step(unit, need)[0], flight_s + _surcharge(unit, need, age)


def is_settled(candidates: Sequence[Candidate], next_bound: tuple[int, float]) -> bool:
    """True when no unit that was not measured yet can take one of the first SURE places."""
    if len(candidates) < SURE:
        return False
    last = candidates[SURE - 1]
    return (last.step, last.cost) <= next_bound


def place(unit: Standing, now: datetime) -> tuple[Point, float | None]:
    """Where the unit is taken to be, and how old that is in seconds; None: its station is a guess."""
    if unit.fix is None or unit.fixed_at is None or now - unit.fixed_at > FORGOTTEN:
        return unit.station, None
    return unit.fix, max(0.0, (now - unit.fixed_at).total_seconds())


def straight(source: Point, destination: Point) -> Road:
    """A guess of the way when there is no road network: the straight line, lengthened."""
    metres = distance_m(source, destination) * DETOUR
    return Road(metres / (STRAIGHT_KMH / 3.6), metres)


def rank(fit: Sequence[Standing], roads: Sequence[Road | None], need: Need, now: datetime,
         by_road: bool) -> tuple[list[Candidate], list[Excluded]]:  # fmt: skip
    """Order the fit units; `roads[i]` is the way of `fit[i]`, None when no road leads there."""
    candidates, excluded = [], []
    for unit, road in zip(fit, roads, strict=True):
        if road is None:
            excluded.append(Excluded(unit.unit_id, unit.callsign, unit.kind, Reason("no_road")))
        else:
            candidates.append(_candidate(unit, road, need, now, by_road))
    candidates.sort(key=order)
    return candidates, excluded


def order(one: Candidate) -> tuple[int, float, str]:
    """What candidates are sorted by."""
    return one.step, one.cost, one.callsign


def _candidate(unit: Standing, road: Road, need: Need, now: datetime, by_road: bool) -> Candidate:
    point, age = place(unit, now)
    step, kind = _step(unit, need)
    own = unit.agency == need.agency
    way = {"seconds": road.seconds, "metres": road.metres}
    reasons = (
        kind,
        Reason("by_road" if by_road else "straight_line", way),
        _about_fix(unit, age, now),
        Reason("own_agency" if own else "other_agency", {"agency": unit.agency}),
    )
    cost = road.seconds + _surcharge(unit, need, age)
    return Candidate(unit.unit_id, unit.callsign, unit.kind, unit.agency, road.seconds, road.metres, age,
                     "station" if age is None else "fix", point, step, cost, reasons, unit.vehicle_id,
                     unit.simulated)  # fmt: skip


def _surcharge(unit: Standing, need: Need, age: float | None) -> float:
    return _doubt(age) + (0.0 if unit.agency == need.agency else OTHER_AGENCY_COST_S)


def _doubt(age: float | None) -> float:
    if age is None:
        return STATION_COST_S
    return max(0.0, age - FRESH.total_seconds()) * STALE_COST


def _about_fix(unit: Standing, age: float | None, now: datetime) -> Reason:
    if age is not None:
        return Reason("fix" if age <= FRESH.total_seconds() else "stale_fix", {"seconds": age})
    if unit.fixed_at is None:
        return Reason("never_seen")
    return Reason("old_fix", {"seconds": (now - unit.fixed_at).total_seconds()})


def _step(unit: Standing, need: Need) -> tuple[int, Reason]:
    """The unit's turn: lines of the run card that still lack units first, in their order, then the others."""
    if not need.steps:
        return 0, Reason("no_run_card")
    missing = [step for step in need.steps if step.missing]
    for turn, step in enumerate(missing):
        if step.kind == unit.kind:
            code = "needed_first" if turn == 0 else "needed_next"
            return turn, Reason(code, {"kind": unit.kind, "count": step.missing})
    return len(missing), Reason("reinforcement", {"kind": unit.kind})


def by_air(units: Sequence[Standing], point: Point, now: datetime) -> Standing | None:
    """The nearest unit by straight line: what a map without roads would pick. For comparison only."""
    return min(units, key=lambda unit: distance_m(place(unit, now)[0], point), default=None)
