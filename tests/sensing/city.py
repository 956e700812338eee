"""A small sensed city: gauges on a river, air stations, lamps, car parks, and readings of theirs."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection

from patriot.sensing.models import (
    Datastream,
    Location,
    ObservedProperty,
    RiverLink,
    Sensor,
    Thing,
    Threshold,
)
from patriot.sensing.vocabulary import MEASUREMENT

SPOT = (106.992, -6.238)
LONG_AGO = date(2015, 1, 1)


def thing(code: str, purpose: str, keys: Mapping[str, str], **details: object) -> Thing:
    """A thing with a datastream for each key, in that unit; `details` stand in its properties."""
    made = Thing.objects.create(
        name=code, purpose=purpose, agency="bpbd", public=True, properties={"code": code, **details}
    )
    point = {"type": "Point", "coordinates": list(SPOT)}
    made.locations.add(Location.objects.create(name=code, location=point, lon=SPOT[0], lat=SPOT[1]))
    for key, unit in keys.items():
        stream(made, key, unit)
    return made


def stream(owner: Thing, key: str, unit: str = "", calibrated_until: date | None = None) -> Datastream:
    """One more datastream of a thing."""
    sensor, _made = Sensor.objects.get_or_create(name="Sensor", encoding_type="text/html", metadata="")
    observed, _made = ObservedProperty.objects.get_or_create(name=key, definition="")
    return Datastream.objects.create(
        thing=owner, name=f"{owner.name} {key}", key=key, sensor=sensor, observed_property=observed,
        observation_type=MEASUREMENT, unit_symbol=unit, public=True, limits={"cadence_s": 60},
        calibrated_until=calibrated_until,
    )  # fmt: skip


def gauge(code: str, km: float, **details: object) -> Thing:
    """A river gauge with siaga levels 350, 450 and 550 cm."""
    made = thing(code, "water_level", {"level": "cm"}, river="Kali", km=str(km), **details)
    level = made.datastreams.get()
    for number, value in enumerate((350, 450, 550), 1):
        Threshold.objects.create(
            datastream=level, level=number, name=f"Siaga {4 - number}", value=value, clear=value - 10,
            valid_from=LONG_AGO,
        )  # fmt: skip
    return made


def river() -> tuple[Thing, Thing, Thing]:
    """Cileungsi and Cikeas above P2C."""
    a, b, c = gauge("cileungsi", -13), gauge("cikeas", -11), gauge("p2c", 0)
    for upper in (a, b):
        RiverLink.objects.create(upstream=upper, downstream=c, hours_min=3, hours_max=4, source="test")
    return a, b, c


def read(datastream: Datastream, rows: Iterable[tuple[datetime, float, int]]) -> None:
    """Readings (at, value, flags) as stored, the last of them as the newest."""
    rows = list(rows)
    with connection.cursor() as cursor:
        for day in {at.date() for at, _value, _flags in rows}:
            cursor.execute("SELECT sensing_ensure_day(%s)", [day])
        with cursor.copy(
            "COPY sensing_observation (datastream_id, at, received_at, value, flags) FROM STDIN"
        ) as copy:
            for at, value, flags in rows:
                copy.write_row((datastream.pk, at, at, value, flags))
        at, value, flags = rows[-1]
        cursor.execute(
            "INSERT INTO sensing_latest (datastream_id, observation_id, at, received_at, value, flags)"
            " VALUES (%s, currval('sensing_observation_id'), %s, %s, %s, %s)"
            " ON CONFLICT (datastream_id) DO UPDATE SET at = excluded.at, value = excluded.value,"
            " flags = excluded.flags, observation_id = excluded.observation_id",
            [datastream.pk, at, at, value, flags],
        )  # fmt: skip


def roll(datastream: Datastream, since: datetime, values: Iterable[float], step: timedelta) -> None:
    """Five-minute rollups, one value a step."""
    fields = "datastream_id, bucket, total, low, high, last, last_at, n, seen, flags"
    rows = [(since + number * step, value) for number, value in enumerate(values)]
    with connection.cursor() as cursor:
        for day in {at.date() for at, _value in rows}:
            cursor.execute("SELECT sensing_ensure_rollup('5m', %s)", [datetime.combine(day, time(), UTC)])
        with cursor.copy(f"COPY sensing_rollup_5m ({fields}) FROM STDIN") as copy:
            for at, value in rows:
                copy.write_row((datastream.pk, at, value, value, value, value, at, 1, 1, 0))


def of(owner: Thing, key: str) -> Datastream:
    """A thing's datastream by its key."""
    return owner.datastreams.get(key=key)
