"""The ISPU of P.14/2020 and of the regulation before it."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from patriot.sensing.meaning.ispu import (
    CAPTURE,
    KEP45_1997,
    P14_2020,
    Class,
    class_of,
    daily_mean,
    from_parts,
    ispu,
    sub_index,
    table_at,
)
from patriot.sensing.rules import Flag


@pytest.mark.parametrize("pollutant", P14_2020.concentrations)
def test_it_meets_every_bound_of_the_table(pollutant: str) -> None:
    upper = P14_2020.concentrations[pollutant]
    assert [sub_index(pollutant, bound) for bound in upper] == [50, 100, 200, 300, 500]
    assert sub_index(pollutant, 0) == 0
    assert sub_index(pollutant, 1.2 * upper[-1]) > 500


def test_it_follows_the_formula_between_the_bounds() -> None:
    assert sub_index("pm25", 35.45) == 75  # the middle of class 2
    assert sub_index("pm10", 100) == 75
    assert sub_index("no2", 140) == 75  # a copy with 2000 in place of 200 would say 52
    assert sub_index("so2", 322, KEP45_1997) == 92  # KepBapedal 107/1997's own example: 92.45
    with pytest.raises(ValueError, match="is no concentration"):
        sub_index("pm10", -1)
    with pytest.raises(ValueError, match="is no concentration"):
        sub_index("pm10", float("nan"))


def test_it_leaves_no_gap_between_classes() -> None:
    steps = [sub_index("pm25", x / 10) for x in range(5100)]
    assert all(0 <= after - before <= 1 for before, after in pairwise(steps))


def test_it_names_the_critical_pollutant() -> None:
    found = ispu({"pm10": 60, "pm25": 40, "o3": 100, "lead": 3})
    assert (found.critical, found.value, found.klass) == ("pm25", sub_index("pm25", 40), Class.MODERATE)
    assert from_parts({"pm25": 80, "pm10": 80}).critical == "pm10"  # of equals the first in the table
    assert ispu({}).value is None


def test_it_knows_which_regulation_held_when() -> None:
    assert table_at(date(2012, 4, 22)) is KEP45_1997
    assert table_at(date(2020, 7, 14)) is P14_2020
    assert class_of(200, KEP45_1997) is Class.VERY_UNHEALTHY  # 101-199, 200-299
    assert class_of(200) is Class.UNHEALTHY
    assert [class_of(value) for value in (0, 50, 51, 100, 101, 201, 300, 301)] == [
        Class.GOOD, Class.GOOD, Class.MODERATE, Class.MODERATE, Class.UNHEALTHY, Class.VERY_UNHEALTHY,
        Class.VERY_UNHEALTHY, Class.HAZARDOUS,
    ]  # fmt: skip


def test_it_says_nothing_of_a_day_that_was_hardly_measured() -> None:
    hours = np.arange(24)
    values = np.full(24, 40.0)
    flags = np.zeros(24, int)
    assert daily_mean(hours, values, flags) == (40.0, 1.0)
    few = hours < CAPTURE * 24 - 1
    assert daily_mean(hours[few], values[few], flags[few])[0] is None


def test_it_counts_no_reading_without_calibration() -> None:
    flags = np.full(24, int(Flag.UNCALIBRATED))
    assert daily_mean(np.arange(24), np.full(24, 40.0), flags) == (None, 0.0)
    late = np.full(24, int(Flag.LATE | Flag.STALE))  # late is not wrong
    assert daily_mean(np.arange(24), np.full(24, 40.0), late)[0] == 40.0


def test_it_lets_a_chatty_hour_weigh_no_more_than_others() -> None:
    hours = np.concatenate([np.arange(24), np.zeros(500, int)])
    values = np.concatenate([np.full(24, 10.0), np.full(500, 250.0)])
    mean, _share = daily_mean(hours, values, np.zeros(len(hours), int))
    assert mean is not None
    assert 19 < mean < 21
