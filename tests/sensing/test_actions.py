"""Readings and conditions, written from Django's side."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from django.db import connection, transaction

from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.ledger.models import Entry
from patriot.sensing import actions
from patriot.sensing.actions import Reading, change_conditions, store
from patriot.sensing.judging.thresholds import Crossing
from patriot.sensing.models import (
    Combination,
    Condition,
    Datastream,
    ObservedProperty,
    Sensor,
    Thing,
    Threshold,
)
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


def test_it_tells_a_rate_of_rise_per_hour_and_a_level_plainly(stream: Datastream) -> None:
    Threshold.objects.create(
        datastream=stream, code="rate_of_rise", level=1, name="Naik cepat", value=80, clear=40, window_s=600,
        valid_from=date(2026, 1, 1),
    )  # fmt: skip
    with clock.at(NOON + timedelta(minutes=60)):
        store(minutes(stream, *(300 + 3 * n for n in range(30))), source="http")
    told = {row.code: (row.value, row.unit) for row in Condition.objects.filter(level__gt=0)}
    assert told == {"rate_of_rise": (180.0, "cm/h"), "siaga": (351.0, "cm")}
    entries = Entry.objects.filter(kind="sensing.condition_changed")
    units = {(body := orjson.loads(row.body))["code"]: body["unit"] for row in entries}
    assert units == {"rate_of_rise": "cm/h", "siaga": "cm"}


def test_it_bears_the_longest_unit_there_may_be(stream: Datastream) -> None:
    Datastream.objects.update(unit_symbol="u" * 40)
    rising = Crossing(
        f"rate_of_rise:{stream.pk}", "rate_of_rise", 1, "", "low", round(NOON.timestamp() * 1e6), 96.0,
        datastream=stream.pk,
    )  # fmt: skip
    with clock.at(NOON):
        (event,) = change_conditions([rising])
    assert event.unit == "u" * 40


def test_it_flags_an_earlier_reading_that_proved_to_be_a_spike(stream: Datastream) -> None:
    Datastream.objects.update(limits={"spike": 80})
    with clock.at(NOON + timedelta(minutes=3)):
        store(minutes(stream, 300, 310, 600), source="http")
        assert flags(stream) == [Flag(0)] * 3
        store(minutes(stream, 312, start=3), source="http")
    assert flags(stream) == [Flag(0), Flag(0), Flag.SPIKE, Flag(0)]
    assert announced() == []


def test_it_finds_repeats_of_readings_long_past(stream: Datastream) -> None:
    with clock.at(NOON + timedelta(minutes=9)):
        store(minutes(stream, 300, 301, 302), source="http")
        again = store([*minutes(stream, 300), *minutes(stream, 300.5, 301, start=-1)], source="http")
    assert [Flag(flag) for flag in again.flags] == [
        Flag.LATE | Flag.DUPLICATE,
        Flag.LATE,
        Flag.LATE | Flag.DUPLICATE,
    ]
    assert flags(stream)[3:] == [Flag(flag) for flag in again.flags]


def test_it_goes_on_where_another_process_stopped(
    stream: Datastream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delays go on over several calls, also when each is judged by a process that never saw the stream."""
    Threshold.objects.update(delay_on_s=150)
    with clock.at(NOON + timedelta(minutes=9)):
        for n, value in enumerate((340, 360, 361, 362)):
            assert announced() == []
            monkeypatch.setattr(actions, "_engine", actions.Engine())
            store(minutes(stream, value, start=n), source="http")
        assert announced() == []
        store(minutes(stream, 363, start=4), source="http")
    assert announced() == [1]


def test_it_begins_anew_when_its_transaction_failed(stream: Datastream) -> None:
    with clock.at(NOON + timedelta(minutes=9)):
        store(minutes(stream, 340), source="http")
        with pytest.raises(RuntimeError), transaction.atomic():
            store(minutes(stream, 360, 361, start=1), source="http")
            raise RuntimeError
        assert announced() == []
        stored = store(minutes(stream, 360, start=1), source="http")
    assert stored.flags == [0]
    assert announced() == [1]


def test_it_stores_what_is_no_number(stream: Datastream) -> None:
    reading = Reading(
        stream.pk, None, NOON, result={"wet": True}, parameters={"by": "hand"}, result_time=NOON
    )
    with clock.at(NOON):
        assert store([reading], source="http").flags == [0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, result, parameters, result_time FROM sensing_observation")
        assert [json(cell) for cell in cursor.fetchone()] == [None, {"wet": True}, {"by": "hand"}, NOON]
        cursor.execute("SELECT value, result FROM sensing_latest")
        assert [json(cell) for cell in cursor.fetchone()] == [None, {"wet": True}]


def json(cell: object) -> object:
    """A jsonb cell as values; others as they are."""
    return orjson.loads(cell) if isinstance(cell, str) else cell


def test_it_keeps_nothing_when_a_datastream_is_unknown(stream: Datastream) -> None:
    with pytest.raises(NotFound):
        store([*minutes(stream, 300), Reading(stream.pk + 1, 1.0)], source="http")
    assert flags(stream) == []


def test_it_changes_a_condition_once(stream: Datastream) -> None:
    at = round(NOON.timestamp() * 1e6)
    over = Crossing("ispu:1", "ispu", 2, "Tidak sehat", "medium", at, 110.0, thing=stream.thing_id)
    back = replace(over, level=0, label="", priority="low", at=at + 1)
    assert [event.old_level for event in change_conditions([over])] == [0]
    assert change_conditions([over]) == []
    assert change_conditions([replace(back, at=at - 1)]) == []  # older than what is known
    assert [(event.old_level, event.priority) for event in change_conditions([back, back])] == [(2, "medium")]
    assert change_conditions([replace(back, condition="ispu:2")]) == []
    assert announced() == [2, 0]


def test_it_works_out_combinations(stream: Datastream) -> None:
    at = round(NOON.timestamp() * 1e6)
    both = {"all": [{"condition": "siaga:1", "level": 2}, {"condition": "siaga:2", "level": 1}]}
    combination = Combination.objects.create(name="both rivers", level=3, expression=both, thing=stream.thing)
    Combination.objects.create(name="off", expression=both, enabled=False)
    one, two = (Crossing(f"siaga:{n}", "siaga", 3 - n, "", "low", at) for n in (1, 2))
    assert len(change_conditions([one])) == 1
    assert [(event.condition, event.level, event.name) for event in change_conditions([two])] == [
        ("siaga:2", 1, "siaga:2"), (f"combination:{combination.pk}", 3, "both rivers"),
    ]  # fmt: skip
    over = change_conditions([replace(one, level=1, at=at + 1)])
    assert [(event.condition, event.level) for event in over][1:] == [(f"combination:{combination.pk}", 0)]


def test_it_forgets_a_first_reading_whose_transaction_failed(stream: Datastream) -> None:
    with clock.at(NOON + timedelta(minutes=9)):
        with pytest.raises(RuntimeError), transaction.atomic():
            store(minutes(stream, 360), source="http")
            raise RuntimeError
        assert store(minutes(stream, 360), source="http").flags == [0]
    assert announced() == [1]
