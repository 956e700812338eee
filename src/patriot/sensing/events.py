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
    `priority` low, medium or high. `value` is what crossed, in `unit`: a level in "cm", a rate of rise in
    "cm/h". `at`: the reading's own time.
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


@announces("sensing.entity_changed")
@dataclass(frozen=True)
class EntityChanged:
    """Somebody wrote an entity of SensorThings over its interface; observations are telemetry and not told.

    `entity`: its type, "Thing"; `change`: created, updated or deleted.
    """

    entity: str
    entity_id: int
    change: str
    name: str


@announces(
    "sensing.index_computed",
    public=["thing", "name", "code", "value", "label", "critical", "reason", "level", "agency", "area", "at"],
)
@dataclass(frozen=True)
class IndexComputed:
    """An index of a station over a period ending `at`: ISPU or the Pollution Index.

    `label`: its class, a code; `critical`: what makes it; `value` None: too little to say, `reason` tells why
    ("uncalibrated", "too_few_hours", "too_few_parameters").
    """

    thing: int
    name: str
    code: str
    value: float | None
    label: str
    critical: str
    reason: str
    level: int
    agency: str
    area: str
    at: datetime


@announces(
    "sensing.forecast_made",
    public=["thing", "name", "method", "state", "now", "value", "low", "high", "peak_at", "peak_from",
            "peak_to", "level", "label", "mae_cm", "mae_hours", "coverage", "waves", "days", "ahead_h",
            "area", "at", "doubt"],
)  # fmt: skip
@dataclass(frozen=True)
class ForecastMade:
    """What is expected of a gauge. `state`: rising, steady (no rise within `ahead_h`) or unknown (readings of
    a gauge above are missing).

    `method`: learned, or rule_of_thumb, which knows hours and no level. Levels in cm, 9 cases in 10 between
    `low` and `high`; `level`, `label`: the siaga level of `value`. `peak_to` None: it rises still where the
    view ends. The model's errors at waves it had not seen: `mae_cm`, `mae_hours`; `coverage`: how often the
    interval held. `waves`, `days`: what it learned from. `doubt`: why the gauge's own level is not believed
    ("drift"); then only hours are told, from the gauges above.
    """

    thing: int
    name: str
    method: str
    state: str
    now: float | None
    value: float | None
    low: float | None
    high: float | None
    peak_at: datetime | None
    peak_from: datetime | None
    peak_to: datetime | None
    level: int
    label: str
    mae_cm: float | None
    mae_hours: float | None
    coverage: float | None
    waves: int
    days: float
    ahead_h: float
    agency: str
    area: str
    at: datetime
    doubt: str = ""


@announces("sensing.quarantine_resolved")
@dataclass(frozen=True)
class QuarantineResolved:
    """Payloads of one device with one fault left quarantine, or came back to it.

    `resolution`: "replayed", "discarded: why" or "undone"; `thing`: whom the device was found to speak for.
    """

    uid: str
    reason: str
    resolution: str
    count: int
    thing: int | None


@announces("sensing.device_changed")
@dataclass(frozen=True)
class DeviceChanged:
    """Somebody registered a device, gave it another secret, or let it in or kept it out.

    `change`: provisioned, rotated, enabled or disabled. The secret is told once, to whoever asked; never
    here.
    """

    device: int
    uid: str
    change: str
    thing: int | None


@announces(
    "sensing.threshold_changed",
    public=["datastream", "thing", "thing_name", "code", "level", "name", "value", "clear", "below",
            "delay_on_s", "delay_off_s", "window_s", "priority", "valid_from", "valid_to", "source",
            "change"],
)  # fmt: skip
@dataclass(frozen=True)
class ThresholdChanged:
    """Somebody set from which value on something is abnormal. As it is afterwards; dates as ISO 8601.

    `change`: "added" or "changed". A threshold is never deleted: it ends.
    """

    threshold: int
    datastream: int
    thing: int
    thing_name: str
    code: str
    level: int
    name: str
    value: float
    clear: float | None
    below: bool
    delay_on_s: float
    delay_off_s: float
    window_s: float
    priority: str
    valid_from: str
    valid_to: str | None
    source: str
    change: str
