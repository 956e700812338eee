"""States of units and assignments, what a measurement amounts to, and what counts as being there. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

ARRIVED_WITHIN_M = 75.0  # a fix this near to the incident suggests arrival
SCATTER_LIMIT_M = 100.0  # a fix less certain than this suggests nothing
PHONE_CLOCK = timedelta(minutes=1)  # how far a phone's clock may run ahead of ours and still be believed
LONGEST_SIDE_CM = 100_000


class UnitState(StrEnum):
    """Whether a unit can be sent."""

    FREE = "free"
    ASSIGNED = "assigned"
    OFF = "off"

    @property
    def label(self) -> str:
        """The state for people, translated when shown."""
        return str(UNIT_WORDS[self])


class State(StrEnum):
    """Where an assignment stands."""

    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    FINISHED = "finished"
    DECLINED = "declined"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state for people, translated when shown."""
        return str(WORDS[self])


UNIT_WORDS = {
    UnitState.FREE: _("Free"),
    UnitState.ASSIGNED: _("Assigned"),
    UnitState.OFF: _("Out of service"),
}
WORDS = {
    State.ASSIGNED: _("Called out"),
    State.ACCEPTED: _("Accepted"),
    State.EN_ROUTE: _("On the way"),
    State.ON_SCENE: _("On scene"),
    State.FINISHED: _("Finished"),
    State.DECLINED: _("Declined"),
    State.CANCELLED: _("Cancelled"),
}
TRANSITIONS: dict[State, frozenset[State]] = {
    State.ASSIGNED: frozenset({State.ACCEPTED, State.DECLINED, State.CANCELLED}),
    State.ACCEPTED: frozenset({State.EN_ROUTE, State.ON_SCENE, State.DECLINED, State.CANCELLED}),
    State.EN_ROUTE: frozenset({State.ON_SCENE, State.CANCELLED}),
    State.ON_SCENE: frozenset({State.FINISHED, State.CANCELLED}),
    State.FINISHED: frozenset(),
    State.DECLINED: frozenset(),
    State.CANCELLED: frozenset(),
}
ACTIVE = frozenset(state for state, following in TRANSITIONS.items() if following)
STAMPS = {
    State.ACCEPTED: "accepted_at",
    State.EN_ROUTE: "set_off_at",
    State.ON_SCENE: "arrived_at",
    State.FINISHED: "ended_at",
    State.DECLINED: "ended_at",
    State.CANCELLED: "ended_at",
}


class Repair(StrEnum):
    """How a task was finished."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"


def sources(target: State) -> frozenset[State]:
    """The states from which `target` can be reached."""
    return frozenset(state for state, following in TRANSITIONS.items() if target in following)


def stamp(said: datetime | None, earliest: datetime, now: datetime) -> datetime:
    """When a step took place: as the phone says, if it lies between the step before and now; else now."""
    return said if said is not None and earliest <= said <= now + PHONE_CLOCK else now


def area_m2(length_cm: int, width_cm: int) -> float:
    """The measured surface, m²."""
    return round(length_cm * width_cm / 10_000, 2)


def volume_m3(length_cm: int, width_cm: int, depth_cm: int) -> float:
    """The measured hollow, m³."""
    return round(length_cm * width_cm * depth_cm / 1_000_000, 3)


def suggests_arrival(metres: float, accuracy_m: float | None) -> bool:
    """True when a fix this far from the incident, with this accuracy, says that the unit is there."""
    return metres <= ARRIVED_WITHIN_M and (accuracy_m is None or accuracy_m <= SCATTER_LIMIT_M)
