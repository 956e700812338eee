"""Forecasts down the river: synthetic floods of known travel time, waves held out, nothing of the future."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from patriot.sensing.meaning.forecast import (
    HOUR,
    INSIDE,
    Model,
    folds,
    from_json,
    gridded,
    outlook,
    rule_of_thumb,
    train,
    travel_time,
    waves,
)

type Floats = NDArray[np.float64]
DAYS = 40
LAGS = (21, 18)  # 3.5 and 3 hours
FLOOD = 34 * 24 * HOUR + 40  # when the largest wave begins: later than what is learned from


def wave(length: int, begin: int, height: float, rise: int) -> Floats:
    """A hydrograph: quick up, slow down."""
    t = np.clip(np.arange(length) - begin, 0, None) / rise
    return height * t * np.exp(1 - t)


def late(series: Floats, steps: int) -> Floats:
    return np.concatenate([np.full(steps, series[0]), series[:-steps]])


@cache
def river(seed: int = 7) -> tuple[Floats, Floats, Floats]:
    """(Cileungsi, Cikeas, P2C) in cm: P2C is what came down, damped, with noise at every gauge."""
    rng, n = np.random.default_rng(seed), DAYS * 24 * HOUR
    a, b = np.full(n, 100.0), np.full(n, 200.0)
    for begin in range(60, FLOOD - 200, 310):
        a += wave(n, begin + int(rng.integers(0, 80)), rng.uniform(30, 170), int(rng.integers(9, 16)))
        b += wave(n, begin + int(rng.integers(0, 80)), rng.uniform(20, 120), int(rng.integers(9, 16)))
    a += wave(n, FLOOD, 230, 12)
    b += wave(n, FLOOD + 5, 150, 12)
    c = 260 + 0.75 * (late(a, LAGS[0]) - 100) + 0.55 * (late(b, LAGS[1]) - 200)
    c = np.convolve(np.pad(c, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    noise = [rng.normal(0, 2.0, n) for _ in range(3)]
    return a + noise[0], b + noise[1], c + noise[2]


@cache
def learned(until: int = FLOOD) -> Model:
    a, b, c = (series[:until] for series in river())
    model = train(c, [a, b])
    assert model is not None
    return model


def test_it_finds_the_travel_time() -> None:
    a, _b, c = river()
    found = travel_time(a[:FLOOD], c[:FLOOD])
    assert found is not None
    assert abs(found - LAGS[0]) <= 3
    rng = np.random.default_rng(1)
    assert travel_time(rng.normal(size=2000), rng.normal(size=2000)) is None


def test_it_foretells_a_flood_larger_than_any_it_learned_from() -> None:
    """Spoken when the wave has just passed the upper gauges, three hours before it is at P2C."""
    a, b, c = river()
    peak = FLOOD + int(np.argmax(c[FLOOD : FLOOD + 12 * HOUR]))
    at = peak - 15
    found = outlook(learned(), c[:at], [a[:at], b[:at]])
    assert found is not None
    assert c[peak] - c[at] > 60  # still to come
    assert abs(found.peak.value - c[peak]) < 25
    assert abs(found.peak.hours - 16 / HOUR) <= 0.75
    assert found.peak.low < c[peak] < found.peak.high
    assert found.peak_to is not None
    assert found.peak_from <= 16 / HOUR <= found.peak_to


def test_it_says_when_the_water_rises_on_beyond_its_view() -> None:
    a, b, c = river()
    at = FLOOD + 8  # the wave has only begun above
    found = outlook(learned(), c[:at], [a[:at], b[:at]])
    assert found is not None
    assert found.peak == found.steps[-1]
    assert found.peak_to is None


def test_it_measures_its_error_on_what_it_had_not_seen() -> None:
    card = learned().card
    assert card.tested >= 4
    assert card.mae_cm < 0.4 * card.plain_cm  # much better than "it stays as it is"
    assert card.mae_hours < 1
    assert INSIDE - 0.12 <= card.coverage <= 0.99


def test_its_interval_holds_on_later_water() -> None:
    """Of forecasts in days that nothing was learned from, about nine in ten came true."""
    a, b, c = river()
    model, inside, told = learned(24 * 24 * HOUR), 0, 0
    for at in range(24 * 24 * HOUR + 1, FLOOD - 40, 7):
        found = outlook(model, c[at - 90 : at], [a[at - 90 : at], b[at - 90 : at]])
        assert found is not None
        for step in found.steps:
            truth = c[at - 1 + int(step.hours * HOUR)]
            inside += step.low <= truth <= step.high
            told += 1
    assert inside / told > INSIDE - 0.1


def test_it_learns_nothing_from_the_future() -> None:
    """Whatever comes after changes no forecast, and no error measured before."""
    a, b, c = river()
    at = FLOOD + 20
    told = outlook(learned(), c[:at], [a[:at], b[:at]])
    for series in (a, b, c):
        assert not np.shares_memory(series[:at], series[at:])
    longer = outlook(learned(), c[at - 200 : at], [a[at - 200 : at], b[at - 200 : at]])
    assert told == longer
    for begin, end in folds(len(c)):
        assert 0 < begin < end <= len(c)


def test_it_says_when_history_is_too_short() -> None:
    a, b, c = (series[: 5 * 24 * HOUR] for series in river())
    assert train(c, [a, b]) is None
    calm = 200 + np.random.default_rng(2).normal(0, 1, 30 * 24 * HOUR)
    assert train(calm, [calm]) is None


def test_it_takes_the_usual_travel_time_where_history_shows_none() -> None:
    a, _b, c = (series[:FLOOD] for series in river())
    steady = 200 + np.random.default_rng(3).normal(0, 2, FLOOD)
    assert train(c, [a, steady]) is None
    model = train(c, [a, steady], usual=[20, 20])
    assert model is not None
    assert model.lags == [travel_time(a, c), 20]


def test_it_is_silent_when_a_gauge_is() -> None:
    a, b, c = (series[:FLOOD].copy() for series in river())
    a[-30:] = np.nan
    assert outlook(learned(), c, [a, b]) is None


def test_it_keeps_a_model_as_json() -> None:
    model = learned()
    assert from_json(model.as_json()) == model


def test_it_counts_waves_once() -> None:
    level = 100 + wave(2000, 100, 150, 12) + wave(2000, 900, 80, 12) + wave(2000, 1500, 10, 12)
    assert [round(at / 100) for at in waves(level)] == [1, 9]


def test_it_falls_back_on_the_rule_of_thumb() -> None:
    upper = 100 + wave(200, 120, 150, 12)
    at_peak = rule_of_thumb(upper[:133], 3, 4)
    assert at_peak is not None
    assert (at_peak.hours_from, at_peak.hours_to) == pytest.approx((3, 4), abs=0.2)
    later = rule_of_thumb(upper[:145], 3, 4)
    assert later is not None
    assert (later.hours_from, later.hours_to) == pytest.approx((1, 2), abs=0.2)
    assert rule_of_thumb(np.full(100, 100.0), 3, 4) is None
    assert rule_of_thumb(np.full(100, np.nan), 3, 4) is None


def test_it_bridges_short_gaps_and_no_long_ones() -> None:
    at = np.array([0.0, 60, 600, 2400, 9000])
    grid = gridded(at, np.array([10.0, 20, 30, 60, 70]), 0, 9600)
    assert grid[:5].tolist() == [15, 30, 40, 50, 60]
    assert np.isnan(grid[5:15]).all()
    assert grid[15] == 70
