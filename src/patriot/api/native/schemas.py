"""What goes in and out, as `/api/docs` shows it. Times: ISO 8601; positions: WGS 84; money: whole rupiah."""

from datetime import datetime
from typing import Annotated

from ninja import Field, Schema

from patriot.dispatch import words
from patriot.dispatch.ranking import Candidate, Excluded, Reason, Recommendation

Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]


class Problem(Schema):
    """Why nothing was done, in words; `fields` says which part of the input is to blame."""

    error: str
    fields: dict[str, str] = {}


class Me(Schema):
    """The account behind the call."""

    id: int
    name: str
    roles: list[str]
    agencies: list[str]
    simulated: bool
    unit: int | None
    callsign: str


class TaskOut(Schema):
    """A task of an incident."""

    id: int
    kind: str
    agency: str
    state: str
    estimate: int
    commitment_id: int | None
    note: str
    repair: str
    opened_at: datetime
    done_at: datetime | None


class IncidentOut(Schema):
    """An incident as lists show it. `waits_for`: owner, money, crew, work, citizen or nothing."""

    id: int
    number: str
    title: str
    category: str
    state: str
    state_label: str
    priority: str
    agency: str
    agency_name: str
    place: str
    kecamatan: str
    lon: float
    lat: float
    opened_at: datetime
    due: datetime | None
    supporters: int
    photo: str
    simulated: bool
    waits_for: str
    tasks: list[TaskOut]


class IncidentPage(Schema):
    """A page of incidents."""

    incidents: list[IncidentOut]
    page: int
    pages: int
    total: int


class MeasurementOut(Schema):
    """A measurement with its surface and hollow."""

    length_cm: int
    width_cm: int
    depth_cm: int
    area_m2: float
    volume_m3: float
    at: datetime


class AssignmentOut(Schema):
    """A unit on a task, with the incident it goes to."""

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
    measurements: list[MeasurementOut]
    simulated: bool


class IncidentDetail(IncidentOut):
    """An incident with its deadlines and its crews."""

    respond_due: datetime
    resolve_due: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    temporary: bool
    unit_kind: str
    usual_task: str
    usual_cost: int
    assignments: list[AssignmentOut]


class TaskIn(Schema):
    """Work to order: inspect, repair, clean, enforce, regulate or rescue."""

    kind: str
    estimate_idr: int = 0
    agency: str = ""
    note: str = ""


class TaskOpened(Schema):
    """The new task and the response fund's answer; `goes_to`: who decides when it was not approved."""

    task: int
    state: str
    commitment: int | None = None
    approved: bool | None = None
    rule: str = ""
    goes_to: str = ""


class CommitmentOut(Schema):
    """Money asked of a response fund."""

    id: int
    agency: str
    amount: int
    purpose: str
    subject: str
    state: str
    goes_to: str
    rule: str
    requested_at: datetime
    simulated: bool
    may_decide: bool


class DecisionIn(Schema):
    """A person's decision about money, and why."""

    approve: bool
    reason: str


class ReasonOut(Schema):
    """Why a unit stands where it stands: a code for programs, words for people."""

    code: str
    words: str

    @classmethod
    def of(cls, reason: Reason) -> "ReasonOut":
        """Say it in the caller's language."""
        return cls(code=reason.code, words=words.say(reason))


class CandidateOut(Schema):
    """A unit that can go. `fix_age_s` null: it is taken to be at its station."""

    unit: int
    callsign: str
    kind: str
    agency: str
    eta_s: float
    metres: float
    fix_age_s: float | None
    position_source: str
    stale: bool
    lon: float
    lat: float
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, one: Candidate) -> "CandidateOut":
        """From the ranking's row."""
        return cls(
            unit=one.unit_id, callsign=one.callsign, kind=one.kind, agency=one.agency, eta_s=one.eta_s,
            metres=one.metres, fix_age_s=one.fix_age_s, position_source=one.position_source, stale=one.stale,
            lon=one.point.lon, lat=one.point.lat, reasons=[ReasonOut.of(reason) for reason in one.reasons],
        )  # fmt: skip


class ExcludedOut(Schema):
    """A unit that cannot go."""

    unit: int
    callsign: str
    kind: str
    why: ReasonOut

    @classmethod
    def of(cls, one: Excluded) -> "ExcludedOut":
        """From the ranking's row."""
        return cls(unit=one.unit_id, callsign=one.callsign, kind=one.kind, why=ReasonOut.of(one.why))


class RecommendationOut(Schema):
    """Who should go, best first; who cannot; and how the times were found."""

    units: list[CandidateOut]
    excluded: list[ExcludedOut]
    by_road: bool
    network_indicative: bool
    remarks: list[ReasonOut]

    @classmethod
    def of(cls, advice: Recommendation) -> "RecommendationOut":
        """From dispatch's recommendation."""
        return cls(
            units=[CandidateOut.of(one) for one in advice.units],
            excluded=[ExcludedOut.of(one) for one in advice.excluded],
            by_road=advice.by_road, network_indicative=advice.network_indicative,
            remarks=[ReasonOut.of(remark) for remark in advice.remarks],
        )  # fmt: skip


class AssignIn(Schema):
    """Which unit to call out."""

    unit: int
    note: str = ""


class StepIn(Schema):
    """When it took place, by the phone's clock; left out: now."""

    at: datetime | None = None


class ReasonIn(StepIn):
    """Why the crew cannot go, or is called back."""

    reason: str


class MeasurementIn(StepIn):
    """Sizes in centimetres."""

    length_cm: int
    width_cm: int
    depth_cm: int = 0


class FinishIn(StepIn):
    """How the work was finished: temporary or permanent; what was really spent."""

    repair: str
    cost_idr: int | None = None
    notes: str = ""


class PhotoOut(Schema):
    """Where the picture is."""

    photo: str


class UnitOut(Schema):
    """A unit; its position, or its station when it was never seen."""

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


class PositionOut(Schema):
    """A vehicle's newest position."""

    vehicle_id: int
    callsign: str
    kind: str
    agency: str
    lon: float
    lat: float
    speed_kmh: float | None
    heading: float | None
    fixed_at: datetime
    received_at: datetime
    simulated: bool


class TrailOut(Schema):
    """One point of a trail."""

    lon: float
    lat: float
    heading: float | None
    speed_kmh: float | None
    at: datetime


class PositionIn(Schema):
    """Where the officer's phone is. `at` left out: now."""

    lon: Lon
    lat: Lat
    at: datetime | None = None
    speed_kmh: float | None = None
    heading: float | None = None
    accuracy_m: float | None = None


class Stored(Schema):
    """How many positions are committed; the others are in quarantine, or were here before."""

    stored: int
    refused: int


class TurnOut(Schema):
    """One step of a way."""

    name: str
    metres: float


class WayOut(Schema):
    """The way to an incident, as [lon, lat]. `seconds` null: no road is known, the line is straight."""

    origin: tuple[float, float]
    destination: tuple[float, float]
    seconds: float | None
    metres: float | None
    line: list[tuple[float, float]]
    streets: list[list[tuple[float, float]]]
    box: tuple[float, float, float, float]
    turns: list[TurnOut]
