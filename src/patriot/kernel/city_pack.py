"""What a city pack holds: every table's columns, keys and references. `check` tells all faults of a pack."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from msgspec import Meta

from patriot.kernel.pack import SCHEMA, Fault, Pack, PackError, gather

Text = Annotated[str, Meta(min_length=1)]
Code = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,48}$")]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Count = Annotated[int, Meta(ge=1)]
Rupiah = Annotated[int, Meta(ge=0)]
NEAR = 0.25  # degrees beyond the city's box where a place may still lie: hospitals next door, the upper river

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
    """What an alarm's code means, which category of incident it opens, and whether for its thing's agency."""

    code: Code
    name_id: Text
    name_en: Text
    category: str
    to_owner: bool
    latching: bool


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


@dataclass(frozen=True)
class Table:
    """A file: its record, what names a row, which column points into which other file's column."""

    record: type
    key: tuple[str, ...]
    refers: tuple[
        tuple[str, str, str], ...
    ] = ()  # column, other file, its column; an empty cell refers to nothing
    required: bool = True


TABLES = {
    "agencies.csv": Table(AgencyRow, ("code",), (("successor", "agencies.csv", "code"),)),
    "areas.csv": Table(AreaRow, ("code",), (("parent", "areas.csv", "code"),)),
    "service_levels.csv": Table(ServiceLevelRow, ("code", "stage")),
    "categories.csv": Table(
        CategoryRow,
        ("code",),
        (
            ("agency", "agencies.csv", "code"),
            ("service_level", "service_levels.csv", "code"),
            ("unit_kind", "units.csv", "kind"),
        ),
    ),
    "owner_rules.csv": Table(
        OwnerRuleRow,
        ("category", "area", "road_authority", "valid_from"),
        (
            ("category", "categories.csv", "code"),
            ("area", "areas.csv", "code"),
            ("agency", "agencies.csv", "code"),
        ),
    ),
    "facilities.csv": Table(FacilityRow, ("code",), (("agency", "agencies.csv", "code"),)),
    "units.csv": Table(
        UnitRow, ("callsign",), (("agency", "agencies.csv", "code"), ("plate", "vehicles.csv", "plate"))
    ),
    "vehicles.csv": Table(
        VehicleRow, ("plate",), (("agency", "agencies.csv", "code"), ("callsign", "units.csv", "callsign"))
    ),
    "run_cards.csv": Table(
        RunCardRow,
        ("category", "step"),
        (("category", "categories.csv", "code"), ("unit_kind", "units.csv", "kind")),
    ),
    "funds.csv": Table(FundRow, ("agency",), (("agency", "agencies.csv", "code"),)),
    "holidays.csv": Table(HolidayRow, ("date", "name_id")),
    "sop.csv": Table(SopRow, ("group", "step"), (("group", "categories.csv", "group"),), required=False),
    "replies.csv": Table(ReplyRow, ("code",), required=False),
    "things.csv": Table(ThingRow, ("code",), (("agency", "agencies.csv", "code"),), required=False),
    "datastreams.csv": Table(
        DatastreamRow, ("thing", "key"), (("thing", "things.csv", "code"),), required=False
    ),
    "thresholds.csv": Table(
        ThresholdRow,
        ("thing", "key", "code", "level", "valid_from"),
        (("thing", "things.csv", "code"),),
        required=False,
    ),
    "assets.csv": Table(AssetRow, ("code",), (("agency", "agencies.csv", "code"),), required=False),
    "river_links.csv": Table(
        RiverLinkRow,
        ("upstream", "downstream"),
        (("upstream", "things.csv", "code"), ("downstream", "things.csv", "code")),
        required=False,
    ),
    "warning_templates.csv": Table(
        WarningTemplateRow, ("code",), (("agency", "agencies.csv", "code"),), required=False
    ),
    "sirens.csv": Table(SirenRow, ("code",), (("agency", "agencies.csv", "code"),), required=False),
    "alarm_types.csv": Table(
        AlarmTypeRow, ("code",), (("category", "categories.csv", "code"),), required=False
    ),
    "alarm_sop.csv": Table(
        AlarmSopRow, ("code", "level", "step"), (("code", "alarm_types.csv", "code"),), required=False
    ),
    "alarm_priorities.csv": Table(AlarmPriorityRow, ("priority",), required=False),
    "alarm_escalation.csv": Table(AlarmEscalationRow, ("priority", "step"), required=False),
    "alarm_contacts.csv": Table(
        AlarmContactRow, ("agency",), (("agency", "agencies.csv", "code"),), required=False
    ),
    "alarm_suppression.csv": Table(
        AlarmSuppressionRow,
        ("key",),
        (("code", "alarm_types.csv", "code"), ("while_code", "alarm_types.csv", "code")),
        required=False,
    ),
    "demo_users.csv": Table(
        DemoUserRow, ("username",), (("agency", "agencies.csv", "code"),), required=False
    ),
}
SCHEMA.update({file: frozenset(item.name for item in fields(table.record)) for file, table in TABLES.items()})


type Rows = list[tuple[int, Any]]  # line, record
type Tables = dict[str, Rows]


def check(pack: Pack) -> list[Fault]:
    """Every fault of a pack, in the order of files and lines; empty when it is in order."""
    read: Tables = {}

    def read_table(file: str, table: Table) -> None:
        if table.required or pack.has(file):
            read[file] = pack.rows(file, table.record)

    faults = gather(lambda: pack.city, *(partial(read_table, file, table) for file, table in TABLES.items()))
    for file, rows in read.items():
        faults += [*_twice(file, rows), *_dangling(file, rows, read)]
    faults += gather(
        partial(_check_places, pack, read), partial(_check_areas, read), partial(_check_maps, pack)
    )
    return sorted(set(faults))


def _twice(file: str, rows: Rows) -> Iterator[Fault]:
    first: dict[tuple[Any, ...], int] = {}
    key = TABLES[file].key
    for line, row in rows:
        value = tuple(getattr(row, column) for column in key)
        if value in first:
            words = ", ".join(str(part) for part in value if part != "")
            yield Fault(file, line, f"{words} stands in line {first[value]} already")
        first.setdefault(value, line)


def _dangling(file: str, rows: Rows, read: Tables) -> Iterator[Fault]:
    for column, other, other_column in TABLES[file].refers:
        if other not in read:
            continue
        known = {getattr(row, other_column) for _line, row in read[other]}
        for line, row in rows:
            value = getattr(row, column)
            if value and value not in known:
                yield Fault(file, line, f"column {column!r}: {value!r} is not in {other}")


def _check_areas(read: Tables) -> None:
    """One city; every other area lies in one of the level above."""
    rows = read.get("areas.csv", [])
    level = {row.code: row.level for _line, row in rows}
    faults = []
    cities = [line for line, row in rows if row.level == LEVELS[0]]
    if rows and len(cities) != 1:
        where = cities[1] if cities else 1
        faults.append(Fault("areas.csv", where, f"{len(cities)} rows of level 'city': one is needed"))
    for line, row in rows:
        above = LEVELS[LEVELS.index(row.level) - 1] if row.level != LEVELS[0] else ""
        if level.get(row.parent, "") != above:
            faults.append(Fault("areas.csv", line, f"{row.code}: its parent must be a {above or 'blank'}"))
    if faults:
        raise PackError(*faults)


def _check_places(pack: Pack, read: Tables) -> None:
    """Positions lie in or near the city's box."""
    try:
        west, south, east, north = pack.city.bbox
    except PackError:  # told already
        return
    faults = [
        Fault(file, line, f"{row.lon}, {row.lat} lies far outside the city")
        for file in ("areas.csv", "facilities.csv", "units.csv", "things.csv")
        for line, row in read.get(file, [])
        if not (west - NEAR <= row.lon <= east + NEAR and south - NEAR <= row.lat <= north + NEAR)
    ]
    if faults:
        raise PackError(*faults)


def _check_maps(pack: Pack) -> None:
    """The drawn lines: known classes, real degrees."""
    known = {"streets": ("class", STREETS), "waterways": ("kind", WATERS)}
    faults: list[Fault] = []
    for name, (column, values) in known.items():
        try:
            features = pack.geojson(name)
        except PackError as error:
            faults += error.faults
            continue
        faults += [
            Fault(f"{name}.geojson", line, words)
            for line, feature in features
            for words in _faults_of_line(feature, column, values)
        ]
    if faults:
        raise PackError(*faults)


def _faults_of_line(feature: Any, column: str, values: tuple[str, ...]) -> Iterator[str]:
    properties = feature.get("properties") or {}
    geometry = feature.get("geometry") or {}
    if properties.get(column) not in values:
        yield f"{column} {properties.get(column)!r} is none of {', '.join(values)}"
    if properties.get("authority", "kota") not in AUTHORITIES:
        yield f"authority {properties['authority']!r} is none of {', '.join(AUTHORITIES)}"
    if geometry.get("type") != "LineString" or len(geometry.get("coordinates") or []) < 2:
        yield "this is no line of two or more points"
    elif not all(len(c) >= 2 and abs(c[0]) <= 180 and abs(c[1]) <= 90 for c in geometry["coordinates"]):
        yield "a point is not longitude, latitude in degrees"
