"""Readings and conditions, written from Django's side."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from django.db import connection

from patriot.kernel import clock
from patriot.ledger.models import Entry
from patriot.sensing.actions import Reading, store
from patriot.sensing.models import Condition, Datastream, ObservedProperty, Sensor, Thing, Threshold
from patriot.sensing.rules import Flag

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


@pytest.fixture
def stream() -> Datastream:
    """A gauge's level with three degrees of siaga."""
    thing = Thing.objects.create(name="P2C", purpose="water_level", agency="bpbd", simulated=True)
    made = Datastream.objects.create(
        thing=thing,
        name="level",
        key="level",
        sensor=Sensor.objects.create(name="radar", encoding_type="text/plain", metadata="radar"),
        observed_property=ObservedProperty.objects.create(name="level", definition="level"),
        observation_type="measurement",
        unit_symbol="cm",
        limits={"low": -50, "high": 1000, "spike": 80, "max_rate_per_min": 25},
    )
    for level, (name, value) in enumerate([("Siaga 3", 351), ("Siaga 2", 451), ("Siaga 1", 551)], 1):
        Threshold.objects.create(
            datastream=made,
            level=level,
            name=name,
            value=value,
            clear=value - 10,
            valid_from=date(2026, 1, 1),
        )
    return made


def minutes(stream: Datastream, *values: float | None, start: int = 0) -> list[Reading]:
    """One reading a minute."""
    return [Reading(stream.pk, v, NOON + timedelta(minutes=start + n)) for n, v in enumerate(values)]


def flags(stream: Datastream) -> list[Flag]:
    """What is stored of each reading, in the order of storing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT flags FROM sensing_observation WHERE datastream_id = %s ORDER BY id", [stream.pk]
        )
        return [Flag(row[0]) for row in cursor.fetchall()]


def latest(stream: Datastream) -> tuple[float, datetime]:
    """The newest value and its time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, at FROM sensing_latest WHERE datastream_id = %s", [stream.pk])
        return cursor.fetchone()


def announced() -> list[int]:
    """Levels in the order of their announcements."""
    rows = Entry.objects.filter(kind="sensing.condition_changed").order_by("id")
    return [orjson.loads(row.body)["level"] for row in rows]


def test_it_stores_flags_and_announces(stream: Datastream) -> None:
    with clock.at(NOON + timedelta(minutes=10)):
        stored = store(minutes(stream, 300, 310, 360, 380, 375, 2000, 372, None), source="http")
    assert [Flag(flag) for flag in stored.flags] == flags(stream)
    assert flags(stream)[5:] == [Flag.RANGE, Flag(0), Flag.MISSING]
    assert latest(stream) == (None, NOON + timedelta(minutes=7))
    condition = Condition.objects.get()
    assert (condition.condition, condition.level, condition.label) == (f"siaga:{stream.pk}", 1, "Siaga 3")
    assert (condition.agency, condition.unit, condition.simulated) == ("bpbd", "cm", True)
    assert announced() == [1]
