"""Indices from stored readings: announced, kept once, and a condition only where something is abnormal."""

from datetime import UTC, date, datetime, timedelta
from math import sqrt

import pytest

from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.sensing.meaning import indices, ispu, lights, street
from patriot.sensing.models import Condition, Index, Thing
from patriot.sensing.rules import Flag
from tests.sensing import city

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)  # 12.00 WIB
NIGHT = datetime(2026, 11, 22, 15, tzinfo=UTC)  # 22.00 WIB


def station(pm25: float, *, flags: int = 0, hours: int = 24, until: date | None = None) -> Thing:
    made = city.thing("air", "air", {})
    pollutant = city.stream(made, "pm25", "µg/m³", until)
    rows = [(NOON - timedelta(hours=n, minutes=-30), pm25, flags) for n in range(hours, 0, -1)]
    city.read(pollutant, rows)
    return made


def test_it_computes_the_ispu_of_the_last_day_and_names_what_makes_it() -> None:
    made = station(100.0)
    (found,) = indices.air(NOON)
    assert (found.thing, found.detail["critical"], found.label) == (made.pk, "pm25", "unhealthy")
    indices.keep([found], NOON)
    indices.keep([found], NOON)
    assert Index.objects.get().value == found.value
    condition = Condition.objects.get(condition=f"ispu:{made.pk}")
    assert (condition.level, condition.priority, condition.label) == (1, "low", "unhealthy")
    assert [news.kind for news in ledger.seal()] == ["sensing.index_computed", "sensing.condition_changed"]


def test_it_bears_analysers_that_said_nothing() -> None:
    made = station(100.0)
    city.stream(made, "no2", "µg/m³")
    (found,) = indices.air(NOON)
    assert found.detail["hours"] == {"pm25": 24, "no2": 0}
    assert found.detail["critical"] == "pm25"


def test_it_weighs_each_reading_of_an_hour_alike_however_it_came() -> None:
    made = station(20.0)
    hour = NOON - timedelta(hours=1)
    rows = [(hour + timedelta(minutes=5 * n), 20.0, 0) for n in range(10)]
    late = (hour + timedelta(minutes=55), 200.0, int(Flag.STALE))
    unfit = [(hour + timedelta(minutes=56), 900.0, int(flag)) for flag in (Flag.SPIKE, Flag.UNCALIBRATED)]
    city.read(city.of(made, "pm25"), [*rows, late, *unfit])
    (found,) = indices.air(NOON)
    hours = [*[20.0] * 23, (11 * 20 + 200) / 12]  # 35, not 110
    assert found.detail["parts"] == {"pm25": ispu.sub_index("pm25", sum(hours) / 24)}
    assert found.detail["hours"] == {"pm25": 24}


def test_it_is_normal_again_when_the_air_is() -> None:
    made = station(100.0)
    indices.keep(indices.air(NOON), NOON)
    clean = indices.Computed(made.pk, "ispu", 40, "good", 0, {})
    with clock.at(NOON + timedelta(hours=1)):
        indices.keep([clean], NOON + timedelta(hours=1))
    assert Condition.objects.get(condition=f"ispu:{made.pk}").level == 0


@pytest.mark.parametrize(
    ("flags", "hours", "until", "reason"),
    [
        (int(Flag.UNCALIBRATED), 24, date(2026, 6, 30), "uncalibrated"),
        (0, 10, None, "too_few_hours"),
        (int(Flag.FLATLINE), 24, None, "too_few_hours"),
    ],
)
def test_it_says_why_a_station_does_not_count(
    flags: int, hours: int, until: date | None, reason: str
) -> None:
    station(100.0, flags=flags, hours=hours, until=until)
    (found,) = indices.air(NOON)
    assert (found.value, found.detail["reason"]) == (None, reason)
    indices.keep([found], NOON)
    assert not Condition.objects.exists()
    assert Index.objects.get().value is None


def river(**values: float) -> Thing:
    made = city.thing("quality", "water_quality", dict.fromkeys(values, ""))
    for key, value in values.items():
        city.read(city.of(made, key), [(NOON - timedelta(minutes=20), value, 0)])
    return made


def test_it_computes_the_pollution_index_of_the_newest_samples() -> None:
    river(bod=5.0, cod=62.5, tss=25.0, no3=5.0, temperature=29.0)
    (found,) = indices.water(NOON)
    ratios = {"bod": 2.11, "cod": 2.99, "tss": 0.5, "no3": 0.5}
    assert (found.detail["ratios"], found.detail["critical"]) == (ratios, "cod")
    assert found.value == pytest.approx(sqrt((2.99**2 + (sum(ratios.values()) / 4) ** 2) / 2), abs=0.01)
    assert (found.label, found.level, found.detail["reason"]) == ("light", 0, "")


@pytest.mark.parametrize("flag", [Flag.UNCALIBRATED, Flag.FLATLINE, Flag.RANGE])
def test_it_counts_no_analyser_of_water_that_is_uncalibrated_or_stuck(flag: Flag) -> None:
    made = river(bod=1.5, cod=12.5, tss=25.0, no3=5.0)
    city.stream(made, "total_p", "mg/l")
    city.read(city.of(made, "total_p"), [(NOON - timedelta(minutes=20), 40.0, int(flag))])
    (found,) = indices.water(NOON)
    assert found.detail["ratios"].keys() == {"bod", "cod", "tss", "no3"}
    assert (found.value, found.label) == (0.5, "good")


@pytest.mark.parametrize(
    ("flag", "reason"),
    [(Flag.UNCALIBRATED, "uncalibrated"), (Flag.FLATLINE, "too_few_parameters")],
)
def test_it_says_why_a_river_has_no_index(flag: Flag, reason: str) -> None:
    made = river(bod=3.0, cod=25.0, tss=50.0)
    city.stream(made, "do", "mg/l")
    city.read(city.of(made, "do"), [(NOON - timedelta(minutes=20), 6.0, int(flag))])
    (found,) = indices.water(NOON)
    assert (found.value, found.label, found.detail["reason"]) == (None, "", reason)
    indices.keep([found], NOON)
    assert not Condition.objects.exists()
    assert (row := Index.objects.get()).value is None
    assert row.detail["reason"] == reason


def test_it_calls_no_river_good_for_its_ph_alone() -> None:
    river(ph=7.5, temperature=28.0)
    (found,) = indices.water(NOON)
    assert (found.value, found.detail["reason"]) == (None, "too_few_parameters")


def test_it_says_nothing_of_a_river_without_a_sample() -> None:
    river(temperature=28.0, battery=90.0)
    assert indices.water(NOON) == []
    assert indices.water(NOON + timedelta(days=1)) == []


def group(code: str, feeder: str, burning: float, at: datetime) -> Thing:
    made = city.thing(code, "light_group", {"burning": ""}, feeder=feeder, lamps="100")
    city.read(city.of(made, "burning"), [(at, burning, 0)])
    return made


def test_it_sees_the_feeder_behind_dark_streets_and_opens_one_condition() -> None:
    for code, burning in (("a", 0), ("b", 0)):
        group(code, "F1", burning, NIGHT)
    dim = group("c", "F2", 60, NIGHT)
    group("d", "F2", 99, NIGHT)
    indices.bring(street.street_lights(NIGHT))
    found = {row.condition: row for row in Condition.objects.filter(level__gt=0)}
    assert found.keys() == {"feeder:F1", f"light_dark:{dim.pk}"}
    assert (found["feeder:F1"].level, found["feeder:F1"].name) == (2, "F1: a, b")


def test_it_keeps_a_feeder_fault_open_over_the_day() -> None:
    made = group("a", "F1", 0, NIGHT)
    indices.bring(street.street_lights(NIGHT))
    morning = NIGHT + timedelta(hours=12)
    city.read(city.of(made, "burning"), [(morning, 0.0, 0)])
    with clock.at(morning):
        indices.bring(street.street_lights(morning))
    assert Condition.objects.get(condition="feeder:F1").level == 2


def test_it_sees_lamps_that_burn_by_day() -> None:
    made = group("a", "F1", 100, NOON)
    indices.bring(street.street_lights(NOON))
    assert Condition.objects.get(level__gt=0).condition == f"light_day:{made.pk}"


def test_it_judges_lamps_by_the_light_when_they_were_counted() -> None:
    """Lamps counted as burning before dawn, or as off at dusk, are not wrong because the sun went on."""
    day = lights.sun(NOON.date(), *city.SPOT)
    assert day.rises is not None
    assert day.sets is not None
    lit = group("a", "F1", 100, day.rises - timedelta(minutes=15))
    assert street.street_lights(day.rises + timedelta(minutes=4)) == []
    unlit = group("b", "F2", 0, day.sets + timedelta(minutes=10))
    assert street.street_lights(day.sets + timedelta(minutes=25)) == []
    city.read(city.of(lit, "burning"), [(day.rises + timedelta(minutes=25), 100.0, 0)])
    found = {one.condition: one.level for one in street.street_lights(day.rises + timedelta(minutes=40))}
    assert found == {f"light_day:{lit.pk}": 1, f"light_dark:{lit.pk}": 0}
    city.read(city.of(unlit, "burning"), [(day.sets + timedelta(minutes=25), 0.0, 0)])
    found = {one.condition: one.level for one in street.street_lights(day.sets + timedelta(minutes=40))}
    assert found["feeder:F2"] == 2


def test_it_says_nothing_of_lamps_that_say_nothing() -> None:
    group("a", "F1", 0, NIGHT - timedelta(hours=2))
    assert street.street_lights(NIGHT) == []


def test_it_adds_up_a_nights_energy() -> None:
    made = city.thing("a", "light_group", {"watts": "W"}, lamps="100")
    city.read(city.of(made, "watts"), [(NIGHT + timedelta(minutes=5 * n), 7000.0, 0) for n in range(25)])
    (found,) = street.burned(NIGHT, NIGHT + timedelta(days=1))
    assert found.value == 14.0
    indices.store([found], NIGHT)
    assert Index.objects.get(code="energy").value == 14.0


def test_it_sees_a_car_park_fill_and_empty_with_hysteresis() -> None:
    made = city.thing("lot", "parking", {"occupied": ""}, capacity="100")
    levels = []
    for minute, occupied in enumerate((94, 95, 91, 89)):
        at = NOON + timedelta(minutes=minute)
        city.read(city.of(made, "occupied"), [(at, float(occupied), 0)])
        with clock.at(at):
            indices.bring(street.car_parks(at))
        row = Condition.objects.filter(code="parking_full").first()
        levels.append(row.level if row else 0)
    assert levels == [0, 1, 1, 0]
    (use,) = street.turned_over(NOON, NOON + timedelta(hours=1))
    assert (use.detail["arrivals"], use.detail["peak"]) == (1, 0.95)
