"""What dispatch announces, all under the incident's subject. Every body carries the state after it."""

from dataclasses import dataclass

from patriot.kernel.events import announces

PUBLIC = ("incident", "number", "category", "priority", "agency", "callsign", "unit_kind", "state", "eta_s")


@dataclass(frozen=True)
class AboutAssignment:
    """What all of them say: which unit is on which incident, how urgent, in which state."""

    assignment: int
    task: int
    incident: int
    number: str
    title: str
    category: str
    priority: str
    agency: str
    unit: int
    vehicle: int | None
    callsign: str
    unit_kind: str
    state: str
    eta_s: float | None


@announces("dispatch.assigned", public=(*PUBLIC, "lon", "lat", "assigned_at"))
@dataclass(frozen=True)
class Assigned(AboutAssignment):
    """A unit was called out. Carries all the wall's card of it."""

    place: str
    owner: str
    crew: str
    since: str
    photo: str
    lon: float | None
    lat: float | None
    assigned_at: str
    metres: float | None
    first_choice: bool  # the unit recommended first was taken
    note: str


@announces("dispatch.state_changed", public=(*PUBLIC, "old", "at", "repair"))
@dataclass(frozen=True)
class StateChanged(AboutAssignment):
    """An assignment moved on. `at` is when it took place, ISO; `repair` how it was finished, "" before."""

    old: str
    at: str
    repair: str = ""
    reason: str = ""
    cost_idr: int | None = None


@announces("dispatch.arrival_suggested")
@dataclass(frozen=True)
class ArrivalSuggested(AboutAssignment):
    """The unit's own position says that it is there; its officer has not said so yet."""

    metres: float


@announces(
    "dispatch.measured",
    public=("incident", "number", "callsign", "area_m2", "volume_m3", "length_cm", "width_cm", "depth_cm"),
)
@dataclass(frozen=True)
class Measured(AboutAssignment):
    """What was measured on the spot."""

    length_cm: int
    width_cm: int
    depth_cm: int
    area_m2: float
    volume_m3: float


@announces("dispatch.photo_added", public=("incident", "number", "callsign", "photo"))
@dataclass(frozen=True)
class PhotoAdded(AboutAssignment):
    """The officer's photo from the spot: its address."""

    photo: str


@announces("dispatch.unit_changed")
@dataclass(frozen=True)
class UnitChanged:
    """A unit was taken in or out of service, or its crew signed on or off."""

    unit: int
    vehicle: int | None
    callsign: str
    unit_kind: str
    agency: str
    state: str
    what: str
