"""Parking: how full and how busy. Trees: which, how many, and on what evidence."""

import numpy as np
import pytest

from patriot.sensing.meaning.ispu import POLLUTANTS
from patriot.sensing.meaning.parking import is_full, occupancy, turnover
from patriot.sensing.meaning.trees import Strength, advise, how_many


def test_it_says_how_full_a_lot_is() -> None:
    assert [occupancy(n, 100) for n in (0, 50, 130, -3)] == [0, 0.5, 1, 0]
    assert occupancy(3, 0) == 0


def test_it_is_full_until_some_have_left() -> None:
    assert [is_full(share, was_full=False) for share in (0.94, 0.95)] == [False, True]
    assert [is_full(share, was_full=True) for share in (0.90, 0.89)] == [True, False]


def test_it_counts_turnover_from_what_the_count_rises_by() -> None:
    at = np.array([0.0, 60, 120, 180, 240])
    found = turnover(at, np.array([0.0, 40, 20, 60, 60]), 100)
    assert found is not None
    assert (found.arrivals, found.per_space, found.peak) == (80, 0.8, 0.6)
    assert found.mean_occupancy == pytest.approx((0 + 40 + 20 + 60) / 400)
    assert turnover(at[:1], np.array([1.0]), 100) is None


def test_it_advises_trees_by_the_pollutant_and_says_how_sure_it_is() -> None:
    no2 = advise("no2", 100)
    assert [pick.species.name for pick in no2.picks] == ["Tanjung", "Gmelina", "Angsana"]
    assert {pick.strength for pick in no2.picks} == {Strength.MEASURED}
    dust = advise("pm25", 100)
    assert [pick.species.name for pick in dust.picks] == ["Gmelina", "Bungur", "Tanjung"]
    assert {pick.strength for pick in dust.picks} == {Strength.INDIRECT}
    assert no2.trees == sum(pick.trees for pick in no2.picks) == how_many(100) == 26


def test_it_never_advises_flamboyan_nor_ranks_what_nobody_measured() -> None:
    for pollutant in POLLUTANTS:
        advice = advise(pollutant, 500)
        assert all(pick.species.name != "Flamboyan" for pick in advice.picks)
        assert all("CO2" not in pick.evidence.quantity for pick in advice.picks)
    ozone = advise("o3", 500)
    assert (ozone.picks, ozone.trees, ozone.limits) == ((), 0, ("nothing_measured",))
    assert advise("pm10", 0).trees == 0
