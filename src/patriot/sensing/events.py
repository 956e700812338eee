"""What sensing announces. Readings are telemetry and never stand in the ledger; conclusions do."""

from dataclasses import dataclass
from datetime import datetime

from patriot.kernel.events import announces


@announces(
    "sensing.condition_changed",
    public=["condition", "code", "level", "old_level", "label", "priority", "thing", "name", "value", "unit",
            "agency", "area", "lon", "lat", "at"],
)  # fmt: skip
@dataclass(frozen=True)
class ConditionChanged:
    """Something about a thing became abnormal, changed its degree or is normal again.

    `condition` names it for good ("siaga:12", "no_data:45"); `code` is its type ("siaga", "no_data",
    "flatline", "ispu", "feeder", …); `level` 0 is normal, higher is worse; `label` is the level's own name;
    `priority` low, medium or high. `at`: the reading's own time.
    """

    condition: str
    code: str
    level: int
    old_level: int
    label: str
    priority: str
    thing: int | None
    datastream: int | None
    name: str
    value: float | None
    unit: str
    agency: str
    area: str
    lon: float | None
    lat: float | None
    at: datetime


@announces("sensing.readings_archived")
@dataclass(frozen=True)
class ReadingsArchived:
    """A day's readings went from tables into files. `fingerprints`: the files' SHA-256, in their order."""

    day: str
    rows: int
    bytes: int
    fingerprints: list[str]
