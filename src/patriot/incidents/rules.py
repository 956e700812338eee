"""What may happen to an incident, who may do it, who owns it, what is like what. Pure: no I/O, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import cos, floor, radians
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patriot.kernel.geometry import Point, distance_m
from patriot.people.rules import Role

LIKE_METRES = 75
LIKE_HOURS = 48
METRES_A_DEGREE = 111_195  # of latitude, on the mean sphere
REOPEN_DAYS = 30  # after closing; later it is a new problem


class State(TextChoices):
    """The one canonical status (law 6), in the words citizens read."""

    RECEIVED = "received", _("Waiting")
    COORDINATED = "coordinated", _("Coordinated")
    IN_PROGRESS = "in_progress", _("In progress")
    RESOLVED = "resolved", _("Waiting for confirmation")
    CLOSED = "closed", _("Done")
    REJECTED = "rejected", _("Rejected")


class Priority(TextChoices):
    """P1 is the most urgent."""

    P1 = "P1", _("P1 · now")
    P2 = "P2", _("P2 · soon")
    P3 = "P3", _("P3 · in turn")


class TaskKind(TextChoices):
    """What is to be done."""

    INSPECT = "inspect", _("Inspect")
    REPAIR = "repair", _("Repair")
    CLEAN = "clean", _("Clean")
    ENFORCE = "enforce", _("Enforce")
    REGULATE = "regulate", _("Regulate")
    RESCUE = "rescue", _("Rescue")


class TaskState(TextChoices):
    """Where a task stands."""

    WAITING_FUNDS = "waiting_funds", _("Waiting for money")
    READY = "ready", _("Ready")
    DISPATCHED = "dispatched", _("Crew assigned")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


OPEN = frozenset({State.RECEIVED, State.COORDINATED, State.IN_PROGRESS})
UNFINISHED = frozenset({TaskState.WAITING_FUNDS, TaskState.READY, TaskState.DISPATCHED})
QLUE_COLOUR = {State.RECEIVED: "red", State.COORDINATED: "yellow", State.IN_PROGRESS: "yellow",
               State.RESOLVED: "green", State.CLOSED: "green", State.REJECTED: "red"}  # fmt: skip

_OFFICE = frozenset({Role.STAFF, Role.HEAD, Role.OPERATOR, Role.DISPATCHER})
_CREW = _OFFICE | {Role.OFFICER}
_CITIZEN = frozenset({Role.CITIZEN})
_NOBODY: frozenset[Role] = frozenset()  # only by another room or a job, never by a person's request


class Transition(NamedTuple):
    """What an action makes of a state, and which roles may ask for it."""

    new: State
    by: frozenset[Role]


TRANSITIONS: Mapping[tuple[State, str], Transition] = {
    (State.RECEIVED, "open_task"): Transition(State.COORDINATED, _OFFICE),
    (State.COORDINATED, "open_task"): Transition(State.COORDINATED, _OFFICE),
    (State.IN_PROGRESS, "open_task"): Transition(State.IN_PROGRESS, _OFFICE),
    (State.COORDINATED, "start_work"): Transition(State.IN_PROGRESS, _CREW),
    (State.IN_PROGRESS, "start_work"): Transition(State.IN_PROGRESS, _CREW),
    (State.IN_PROGRESS, "release"): Transition(State.COORDINATED, _CREW),
    (State.COORDINATED, "cancel_task"): Transition(State.RECEIVED, _OFFICE),
    (State.COORDINATED, "finish"): Transition(State.RESOLVED, _CREW),
    (State.IN_PROGRESS, "finish"): Transition(State.RESOLVED, _CREW),
    (State.RECEIVED, "answer"): Transition(State.RESOLVED, _OFFICE),
    (State.COORDINATED, "answer"): Transition(State.RESOLVED, _OFFICE),
    (State.RECEIVED, "reroute"): Transition(State.RECEIVED, _OFFICE),
    (State.COORDINATED, "reroute"): Transition(State.RECEIVED, _OFFICE),
    (State.RECEIVED, "reject"): Transition(State.REJECTED, _OFFICE),
    (State.COORDINATED, "reject"): Transition(State.REJECTED, _OFFICE),
    (State.RECEIVED, "merge"): Transition(State.CLOSED, _OFFICE),
    (State.COORDINATED, "merge"): Transition(State.CLOSED, _OFFICE),
    (State.RESOLVED, "confirm"): Transition(State.CLOSED, _CITIZEN),
    (State.RESOLVED, "close_unanswered"): Transition(State.CLOSED, _NOBODY),
    (State.RESOLVED, "reopen"): Transition(State.RECEIVED, _CITIZEN | _OFFICE),
    (State.CLOSED, "reopen"): Transition(State.RECEIVED, _CITIZEN | _OFFICE),
    (State.REJECTED, "reopen"): Transition(State.RECEIVED, _CITIZEN | _OFFICE),
}


def allowed(state: str, roles: Iterable[Role]) -> frozenset[str]:
    """What someone with these roles may do from a state."""
    held = frozenset(roles)
    everything = Role.ADMINISTRATOR in held
    return frozenset(
        action for (old, action), step in TRANSITIONS.items()
        if old == state and (step.by & held or (everything and step.by))
    )  # fmt: skip


PROGRESS = {State.RECEIVED: 1, State.COORDINATED: 2, State.IN_PROGRESS: 3, State.RESOLVED: 4, State.CLOSED: 5,
            State.REJECTED: 5}  # fmt: skip


class Owner(NamedTuple):
    """A line of the owner rules."""

    category: str
    area: str
    road_authority: str
    agency: str
    valid_from: date
    valid_to: date | None
    reason: str


@dataclass(frozen=True)
class Place:
    """Where a report lies, as routing sees it: codes from the smallest area upward, and whose road it is."""

    areas: tuple[str, ...] = ()
    road_authority: str = ""


class Routed(NamedTuple):
    """The owner, and the rule's words why; empty words when the category's own agency takes it."""

    agency: str
    why: str


def route(category: str, default: str, place: Place, day: date, owners: Iterable[Owner]) -> Routed:
    """The owning agency on a day: the most specific valid rule (road, then the smallest area), else the
    category's own agency.
    """
    fitting = [rule for rule in owners if rule.category == category and _fits(rule, place, day)]
    best = max(fitting, key=lambda rule: _specific(rule, place), default=None)
    return Routed(best.agency, best.reason) if best else Routed(default, "")


def _fits(rule: Owner, place: Place, day: date) -> bool:
    return (
        rule.valid_from <= day
        and (rule.valid_to is None or day <= rule.valid_to)
        and rule.area in ("", *place.areas)
        and rule.road_authority in ("", place.road_authority)
    )


def _specific(rule: Owner, place: Place) -> tuple[bool, int, date]:
    nearness = len(place.areas) - place.areas.index(rule.area) if rule.area else 0
    return bool(rule.road_authority), nearness, rule.valid_from


class Like(NamedTuple):
    """An open incident that a new report may belong to."""

    id: int
    category: str
    point: Point
    opened_at: datetime
    state: str


def like(category: str, point: Point, at: datetime, candidates: Iterable[Like]) -> Like | None:
    """The nearest open incident of the same category, at most 75 m away and 48 h old, or None."""
    near = [
        (distance_m(point, one.point), one.id, one) for one in candidates
        if one.category == category and one.state in OPEN
        and abs(at - one.opened_at) <= timedelta(hours=LIKE_HOURS)
        and distance_m(point, one.point) <= LIKE_METRES
    ]  # fmt: skip
    return min(near)[2] if near else None


def box(point: Point, metres: float = LIKE_METRES) -> tuple[float, float, float, float]:
    """(west, south, east, north) around a point; contains the circle."""
    d_lat = metres * 1.01 / METRES_A_DEGREE
    d_lon = d_lat / max(0.01, cos(radians(point.lat)))
    return point.lon - d_lon, point.lat - d_lat, point.lon + d_lon, point.lat + d_lat


def cells(point: Point, metres: float = LIKE_METRES) -> list[int]:
    """The cells of a grid that the box around a point touches, sorted; points that near share one."""
    west, south, east, north = box(point, metres)
    side = 4 * metres / METRES_A_DEGREE
    return sorted({
        floor(lon / side) * 1_000_003 + floor(lat / side) for lon in (west, east) for lat in (south, north)
    })  # fmt: skip
