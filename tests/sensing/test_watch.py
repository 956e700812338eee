"""What no single reading tells: silence, batteries, calibration, drift."""

from datetime import UTC, date, datetime, timedelta

import pytest

from patriot.kernel import clock
from patriot.sensing.actions import Reading, change_conditions, store
from patriot.sensing.judging import watch
from patriot.sensing.judging.conditions import current, level
from patriot.sensing.models import Datastream, Device, ObservedProperty, RiverLink, Sensor, Thing

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


def stream(name: str, key: str = "level", thing: Thing | None = None, **limits: float) -> Datastream:
    """A datastream of a thing, a new one or that."""
    return Datastream.objects.create(
        thing=thing or Thing.objects.create(name=name, purpose="water_level"),
        name=f"{name} {key}",
        key=key,
        sensor=Sensor.objects.create(name="s", encoding_type="text/plain", metadata=""),
        observed_property=ObservedProperty.objects.create(name="p", definition=""),
        observation_type="",
        limits=limits,
    )


def say(value: float, *streams: Datastream, at: datetime = NOON) -> None:
    """One reading of each."""
    with clock.at(at):
        store([Reading(one.pk, value, at) for one in streams], source="http")


def look(at: datetime, since: datetime = NOON) -> list[tuple[str, int]]:
    """What a look at everything changes; `since`: when this watch began."""
    with clock.at(at):
        looks = (watch.batteries, watch.calibrations, watch.drifts)
        found = [*watch.silences(at, since), *(one for look in looks for one in look(at))]
        changed = change_conditions(found)
    return [(event.condition, event.level) for event in changed]


def test_it_notices_three_missed_readings_and_the_return() -> None:
    one = stream("P2C", cadence_s=60)
    say(100, one)
    name = f"no_data:{one.thing_id}"
    assert look(NOON + timedelta(seconds=180)) == []
    assert look(NOON + timedelta(seconds=181)) == [(name, watch.WHOLLY)]
    assert look(NOON + timedelta(seconds=200)) == []
    assert [(row.value, row.unit) for row in current()] == [(1, "sensor")]
    say(101, one, at=NOON + timedelta(seconds=300))
    assert look(NOON + timedelta(seconds=301)) == [(name, 0)]


def test_it_tells_a_thing_that_is_partly_silent_from_a_mute_one() -> None:
    pm10 = stream("air", "pm10", cadence_s=60)
    no2 = stream("air", "no2", pm10.thing, cadence_s=60)
    say(1, pm10, no2)
    say(2, pm10, at=NOON + timedelta(minutes=5))
    assert look(NOON + timedelta(minutes=6)) == [(f"no_data:{no2.thing_id}", watch.PARTLY)]
    assert look(NOON + timedelta(minutes=20)) == [(f"no_data:{no2.thing_id}", watch.WHOLLY)]


def test_it_blames_no_thing_when_nothing_comes_in() -> None:
    streams = [stream(f"gauge {n}", cadence_s=60) for n in range(watch.MANY)]
    say(100, *streams)
    assert look(NOON + timedelta(hours=1)) == [(watch.EVERYTHING, 1)]
    assert look(NOON + timedelta(hours=1, seconds=10)) == []
    say(101, *streams, at=NOON + timedelta(hours=2))
    assert look(NOON + timedelta(hours=2)) == [(watch.EVERYTHING, 0)]


def test_what_nobody_watched_was_not_missed() -> None:
    streams = [stream(f"gauge {n}", cadence_s=60) for n in range(watch.MANY)]
    say(100, *streams)
    morning = NOON + timedelta(hours=9)
    assert look(morning + timedelta(seconds=10), since=morning) == []
    say(101, *streams[1:], at=morning + timedelta(seconds=60))
    mute = f"no_data:{streams[0].thing_id}"
    assert look(morning + timedelta(seconds=181), since=morning) == [(mute, watch.WHOLLY)]


def test_what_was_silent_stays_so_when_the_watch_begins_anew() -> None:
    one = stream("P2C", cadence_s=60)
    say(100, one)
    assert look(NOON + timedelta(hours=1)) == [(f"no_data:{one.thing_id}", watch.WHOLLY)]
    again = NOON + timedelta(hours=2)
    assert look(again, since=again) == []


def test_that_nothing_comes_in_stays_so_when_the_watch_begins_anew() -> None:
    streams = [stream(f"gauge {n}", cadence_s=60) for n in range(watch.MANY)]
    say(100, *streams)
    assert look(NOON + timedelta(hours=1)) == [(watch.EVERYTHING, 1)]
    again = NOON + timedelta(hours=2)
    assert look(again, since=again) == []
    say(101, *streams, at=again)
    assert look(again, since=again) == [(watch.EVERYTHING, 0)]


def test_it_notices_weak_batteries_by_either_way_of_saying() -> None:
    one = stream("P2C", "battery")
    Device.objects.create(uid="gauge", thing=one.thing, battery_pct=90)
    say(19, one)
    name = f"battery:{one.thing_id}"
    assert look(NOON) == [(name, 1)]
    Device.objects.update(battery_pct=8)
    assert look(NOON) == [(name, 2)]
    Device.objects.update(battery_pct=90)
    say(24, one, at=NOON + timedelta(minutes=1))
    assert look(NOON) == [(name, 1)]
    say(26, one, at=NOON + timedelta(minutes=2))
    assert look(NOON) == [(name, 0)]


@pytest.mark.parametrize(
    ("percent", "before", "due"),
    [(21, 0, 0), (20, 0, 1), (24, 1, 1), (25, 1, 0), (10, 1, 2), (14, 2, 2), (15, 2, 1)],
)
def test_it_calls_a_battery_better_only_when_it_clearly_is(percent: float, before: int, due: int) -> None:
    assert watch.battery_level(percent, before) == due


def test_it_notices_an_expired_calibration() -> None:
    one = stream("air", "pm10")
    stream("air", "no2", one.thing)
    Datastream.objects.update(calibrated_until=date(2026, 11, 20))
    assert look(NOON) == [(f"calibration:{one.thing_id}", 1)]  # one for the station, not one a pollutant
    Datastream.objects.update(calibrated_until=date(2026, 11, 21))
    assert look(NOON) == [(f"calibration:{one.thing_id}", 0)]


def test_it_notices_a_gauge_that_wanders_while_the_river_above_it_stands_still() -> None:
    names = ("Cileungsi", "P2C", "Kemang")
    upper, middle, lower = (stream(name, drift=30, drift_s=7200) for name in names)
    for a, b in ((upper, middle), (middle, lower)):
        RiverLink.objects.create(
            upstream=a.thing, downstream=b.thing, hours_min=1, hours_max=2, source="test"
        )
    for n in range(13):
        at = NOON + timedelta(minutes=10 * n)
        say(100 + n % 2, upper, at=at)
        say(100 + 4 * n, middle, lower, at=at)
    found = look(NOON + timedelta(hours=2))
    assert found == [(f"drift:{middle.pk}", 1)]
    assert [(one.condition, one.code, one.level) for one in current(codes=["drift"])] == [
        (f"drift:{middle.pk}", "drift", 1)
    ]
    assert level(f"drift:{lower.pk}") == 0


@pytest.mark.parametrize(
    ("moved", "above", "before", "due"),
    [
        (40, [1, 2], 0, 1),
        (-40, [1, 2], 0, 1),
        (40, [1, 20], 0, 0),  # the river moves
        (40, [1, 20], 1, 1),  # and nobody can tell
        (20, [1], 1, 1),
        (10, [1], 1, 0),
        (None, [1], 0, 0),
        (40, [1, None], 0, 0),  # one above is silent or stuck
        (40, [], 0, 0),
    ],
)
def test_it_calls_no_moving_river_a_drift(
    moved: float | None, above: list[float | None], before: int, due: int
) -> None:
    assert watch.drift_level(moved, 30, above, before) == due
