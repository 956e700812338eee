"""What a city pack holds: every table's columns, keys and references. `check` tells all faults of a pack."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from patriot.kernel.city_rows import (
    AUTHORITIES,
    LEVELS,
    STREETS,
    WATERS,
    AgencyRow,
    AlarmContactRow,
    AlarmEscalationRow,
    AlarmPriorityRow,
    AlarmSopRow,
    AlarmSuppressionRow,
    AlarmTypeRow,
    AreaRow,
    AssetRow,
    CategoryRow,
    DatastreamRow,
    DemoUserRow,
    FacilityRow,
    FundRow,
    HolidayRow,
    OwnerRuleRow,
    ReplyRow,
    RiverLinkRow,
    RunCardRow,
    ServiceLevelRow,
    SirenRow,
    SopRow,
    ThingRow,
    ThresholdRow,
    UnitRow,
    VehicleRow,
    WarningTemplateRow,
)
from patriot.kernel.pack import SCHEMA, Fault, Pack, PackError, gather

NEAR = 0.25  # degrees beyond the city's box where a place may still lie: hospitals next door, the upper river


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
