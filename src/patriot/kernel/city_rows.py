"""What a city pack's tables hold: a record for each, with what its columns may say."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

Text = Annotated[str, Meta(min_length=1)]
Code = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,48}$")]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Count = Annotated[int, Meta(ge=1)]
Rupiah = Annotated[int, Meta(ge=0)]

Role = Literal["citizen", "officer", "staff", "head", "dispatcher", "operator", "leadership", "administrator"]
LEVELS = ("city", "kecamatan", "kelurahan")  # from large to small; the last is what reports are placed in
STREETS = (
    "motorway",
    "motorway_link",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "living_street",
    "service",
    "rail",
)
AUTHORITIES = ("kota", "kabupaten", "provinsi", "nasional", "tol", "ka")
WATERS = ("river", "canal", "stream", "drain")


@dataclass(frozen=True)
class AgencyRow:
    """A work unit, city company or outside partner."""

    code: Code
    name: Text
    short: Text
    kind: Text
    valid_from: date
    valid_to: date | None = None
    successor: str = ""
    integrated_on: date | None = None


@dataclass(frozen=True)
class AreaRow:
    """An area with its official code and a point inside it."""

    code: Text
    name: Text
    level: Literal["city", "kecamatan", "kelurahan"]
    parent: str
    lon: Lon
    lat: Lat
    aliases: list[str]


@dataclass(frozen=True)
class CategoryRow:
    """A kind of problem, its owner, its deadline and what a task about it is like."""

    code: Code
    name_id: Text
    name_en: Text
    group: Text
    service_class: str
    agency: Code
    priority: Literal["P1", "P2", "P3"]
    service_level: Code
    unit_kind: str
    icon: Code
    task_kind: Literal["inspect", "repair", "clean", "enforce", "regulate", "rescue"]
    estimate_idr: Rupiah
    keywords_id: list[str]
    keywords_en: list[str]


@dataclass(frozen=True)
class OwnerRuleRow:
    """Another owner for a category in an area, or on the roads of an authority."""

    category: Code
    area: str
    road_authority: str
    agency: Code
    valid_from: date
    valid_to: date | None
    reason: str


@dataclass(frozen=True)
class ServiceLevelRow:
    """How long a stage may take; several rows make a level."""

    code: Code
    name: Text
    stage: Literal["verify", "first_response", "resolve", "permanent", "close_after_answer"]
    amount: Annotated[float, Meta(gt=0)]
    unit: Literal["hours", "days"]
    calendar: Literal["working", "calendar"]
    source: str


@dataclass(frozen=True)
class FacilityRow:
    """A place that people know by name."""

    code: Code
    name: Text
    kind: Code
    lon: Lon
    lat: Lat
    agency: str
    phone: str
    aliases: list[str]


@dataclass(frozen=True)
class UnitRow:
    """A crew that can be sent, with its station."""

    callsign: Text
    kind: Code
    agency: Code
    station: str
    lon: Lon
    lat: Lat
    crew_size: Count
    capabilities: list[str]
    plate: str


@dataclass(frozen=True)
class VehicleRow:
    """A vehicle and the tracker in it."""

    plate: Text
    kind: Code
    agency: Code
    callsign: str
    device_uid: str
    simulated: bool


@dataclass(frozen=True)
class RunCardRow:
    """A step of what to send to a category of problem."""

    category: Code
    step: Count
    unit_kind: Code
    count: Count


@dataclass(frozen=True)
class FundRow:
    """A response fund, whole rupiah a year."""

    agency: Code
    annual_idr: Rupiah
    small_limit_idr: Rupiah
    head_limit_idr: Rupiah


@dataclass(frozen=True)
class HolidayRow:
    """A day on which no working day is counted."""

    date: date
    name_id: Text
    name_en: Text


@dataclass(frozen=True)
class SopRow:
    """A step of the checklist of a group of categories."""

    group: Text
    step: Count
    text_id: Text
    text_en: Text


@dataclass(frozen=True)
class ReplyRow:
    """A friendly answer's words, with {fields}."""

    code: Code
    text_id: Text
    text_en: Text


@dataclass(frozen=True)
class AlarmTypeRow:
    """What an alarm's code means, which category of incident it opens, and whether for its thing's agency.

    `along_river`: it tells of water on its way: below another of that kind it is a consequence.
    """

    code: Code
    name_id: Text
    name_en: Text
    category: str
    to_owner: bool
    latching: bool
    along_river: bool


@dataclass(frozen=True)
class AlarmSopRow:
    """A step of an alarm's checklist; level 0: for levels without steps of their own."""

    code: Code
    level: Annotated[int, Meta(ge=0, le=9)]
    step: Count
    text_id: Text
    text_en: Text


@dataclass(frozen=True)
class AlarmPriorityRow:
    """How long alarms of a priority may be shelved."""

    priority: Literal["high", "medium", "low"]
    shelve_max_minutes: Count


@dataclass(frozen=True)
class AlarmEscalationRow:
    """Whom to tell when nobody acknowledges."""

    priority: Literal["high", "medium", "low"]
    step: Count
    after_minutes: Count
    role: Role


@dataclass(frozen=True)
class AlarmContactRow:
    """Whom to call about an agency's things."""

    agency: Code
    name: Text
    phone: str


@dataclass(frozen=True)
class AlarmSuppressionRow:
    """Alarms of a code are no news while another of the same thing, area or agency is active."""

    key: Code
    code: Code
    while_code: Code
    relation: Literal["thing", "area", "agency", "city"]
    reason_id: Text
    reason_en: Text


@dataclass(frozen=True)
class DemoUserRow:
    """An account that a demo makes."""

    username: Annotated[str, Meta(pattern=r"^[a-z0-9_.]{1,60}$")]
    name: Text
    role: Literal[
        "citizen", "officer", "staff", "head", "dispatcher", "operator", "leadership", "administrator"
    ]
    agency: str
    language: str = ""


@dataclass(frozen=True)
class ThingRow:
    """A station, gauge, group of lamps or car park. `details`: items `name=value` of its purpose."""

    code: Code
    name: Text
    purpose: Code
    lon: Lon
    lat: Lat
    agency: Code
    public: bool
    device_uid: str
    details: list[str]


@dataclass(frozen=True)
class DatastreamRow:
    """What a thing measures, and what is believed of it: range, change a minute, lone spike, how long the
    same value may stand, how often it speaks (seconds), how far it may wander while its
    neighbours stand still.
    """

    thing: Code
    key: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,48}$")]
    property: Code
    sensor: Code
    unit: str
    unit_name: str
    min: float | None
    max: float | None
    max_rate_per_min: float | None
    max_spike: float | None
    flat_s: int | None
    every_s: Count
    calibrated_until: date | None
    drift: float | None = None


@dataclass(frozen=True)
class ThresholdRow:
    """A level that begins at `value` and ends below `clear`, in force from `valid_from` until before
    `valid_to`. `level` 1 is the mildest. `code`: siaga, rain, or rate_of_rise, a change an
    hour over `window_s`.
    """

    thing: Code
    key: Text
    code: Code
    name: Text
    level: Count
    value: float
    clear: float
    delay_on_s: Annotated[int, Meta(ge=0)]
    delay_off_s: Annotated[int, Meta(ge=0)]
    priority: Literal["low", "medium", "high"]
    valid_from: date
    valid_to: date | None
    window_s: Count | None
    source: Text


@dataclass(frozen=True)
class RiverLinkRow:
    """How long a wave needs from one gauge to a lower one, as experience has it."""

    upstream: Code
    downstream: Code
    hours_min: Annotated[float, Meta(gt=0)]
    hours_max: Annotated[float, Meta(gt=0)]
    source: Text


@dataclass(frozen=True)
class AssetRow:
    """Something that must keep working: who owns it, what speaks for it and how often (seconds), what it
    costs a year, whom to call. `note`: what its data is kept for and how long. `indicative`: not surveyed.
    """

    code: Code
    name: Text
    sort: Literal["sensor", "camera", "link", "siren"]
    agency: Code
    device_uid: str
    lon: Lon | None
    lat: Lat | None
    every_s: Count
    installed_on: date | None
    yearly_cost_idr: Rupiah | None
    contact: str
    note: str
    indicative: bool


@dataclass(frozen=True)
class WarningTemplateRow:
    """What a hazard's public warning says, with {fields}. `category` to `response` in CAP's own words.
    The English texts take {level_en} and {label_en}.
    `conditions`: codes of sensor conditions that suggest it. `agency`: whose head may approve it.
    """

    code: Code
    name_id: Text
    name_en: Text
    category: Literal[
        "Met", "Geo", "Safety", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
    ]
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
    response: Literal["Evacuate", "Shelter", "Prepare", "Avoid", "Monitor", "Execute", "None"]
    headline_id: Text
    headline_en: Text
    description_id: Text
    description_en: Text
    instruction_id: Text
    instruction_en: Text
    hours: Annotated[float, Meta(gt=0, le=168)]
    approval_minutes: Count
    agency: Code
    conditions: list[str]
    areas: list[str]


@dataclass(frozen=True)
class SirenRow:
    """A siren and the areas it is heard in."""

    code: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}$")]
    name: Text
    lon: Lon
    lat: Lat
    areas: list[str]
    agency: Code
