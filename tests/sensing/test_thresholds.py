"""Thresholds: hysteresis, delays, versions by date, slopes."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patriot.sensing.judging.quality import midnight
from patriot.sensing.judging.thresholds import Degree, Ladder, ladders

MINUTE = 60_000_000
BEGIN = midnight(date(2026, 11, 21))


def ladder(*degrees: dict[str, Any], code: str = "siaga") -> Ladder:
    """Of degrees 1, 2, …"""
    told = [
        Degree(**{"code": code, "level": n, "name": f"degree {n}", "valid_from": date(2026, 1, 1), **degree})
        for n, degree in enumerate(degrees, 1)
    ]
    return ladders(7, told)[0]


def levels(one: Ladder, *values: float, begin: int = BEGIN) -> list[int]:
    """The level after each reading, one a minute."""
    return [(one.step(begin + n * MINUTE, value), one.level)[1] for n, value in enumerate(values)]


def test_it_stands_at_the_highest_degree_that_holds() -> None:
    assert levels(ladder({"value": 10}, {"value": 20}, {"value": 30}), 5, 10, 35, 25, 9.9) == [0, 1, 3, 2, 0]


def test_it_tells_what_it_crossed() -> None:
    one = ladder({"value": 10, "priority": "low"}, {"value": 20, "name": "Siaga 2", "priority": "high"})
    crossing = one.step(BEGIN, 22)
    assert crossing is not None
    assert (crossing.condition, crossing.level, crossing.label, crossing.priority) == (
        "siaga:7", 2, "Siaga 2", "high",
    )  # fmt: skip
    back = one.step(BEGIN + MINUTE, 5)
    assert back is not None
    assert (back.level, back.label, back.at) == (0, "", BEGIN + MINUTE)


def test_it_clears_below_its_clear_value_only() -> None:
    assert levels(ladder({"value": 10, "clear": 8}), 10, 9, 8, 9.9, 7.9, 9.9, 10) == [1, 1, 1, 1, 0, 0, 1]


def test_it_waits_for_its_delays() -> None:
    one = ladder({"value": 10, "delay_on_s": 120, "delay_off_s": 180})
    assert levels(one, 11, 11, 9, 11, 11, 11, 9, 9, 9, 9) == [0, 0, 0, 0, 0, 1, 1, 1, 1, 0]


def test_it_knows_what_is_abnormal_below() -> None:
    assert levels(ladder({"value": 20, "clear": 25, "below": True}), 30, 20, 25, 26) == [0, 1, 1, 0]


def test_it_judges_by_the_version_of_the_readings_own_time() -> None:
    told = [
        Degree("siaga", 1, "old", 300, date(2020, 1, 1), valid_to=date(2026, 1, 1)),
        Degree("siaga", 1, "new", 350, date(2026, 1, 1)),
    ]
    one = ladders(7, told)[0]
    change = midnight(date(2026, 1, 1))
    assert levels(one, 320, begin=midnight(date(2019, 12, 31))) == [0]
    assert levels(one, 320, 320, begin=change - MINUTE) == [1, 0]


def test_it_ends_with_the_last_version() -> None:
    one = ladders(7, [Degree("siaga", 1, "old", 300, date(2020, 1, 1), valid_to=date(2026, 1, 1))])[0]
    assert levels(one, 400, 400, begin=midnight(date(2026, 1, 1)) - MINUTE) == [1, 0]


def test_it_watches_how_fast_it_rises() -> None:
    one = ladder({"value": 60, "clear": 30, "window_s": 600}, code="rate_of_rise")
    calm, rising, calm_again = [100.0] * 15, [100.0 + 2 * n for n in range(15)], [130.0] * 30
    found = levels(one, *calm, *rising, *calm_again)
    assert max(found[:16]) == 0  # calm
    assert found[29] == 1  # 120 cm an hour
    assert found[-1] == 0


def test_it_keeps_history_to_itself_and_tells_with_the_first_news() -> None:
    one = ladder({"value": 10}, {"value": 20})
    assert one.step(BEGIN, 25, False) is None
    crossing = one.step(BEGIN + MINUTE, 12, True)
    assert crossing is not None
    assert crossing.level == 1


values = st.lists(st.floats(0, 40), max_size=30)


@given(values)
def test_it_never_chatters_within_the_band(readings: list[float]) -> None:
    """Once on, only a reading below the clear value ends it; once off, only one at the value begins it."""
    one, before = ladder({"value": 20, "clear": 15}), 0
    for n, value in enumerate(readings):
        one.step(BEGIN + n * MINUTE, value)
        if one.level != before:
            assert value >= 20 if one.level else value < 15
        before = one.level


@given(values, st.integers(0, 600), st.integers(0, 600))
def test_it_is_never_on_before_its_delay(readings: list[float], on_s: int, off_s: int) -> None:
    one = ladder({"value": 20, "clear": 15, "delay_on_s": on_s, "delay_off_s": off_s})
    high_since: int | None = None
    for n, value in enumerate(readings):
        at = BEGIN + n * MINUTE
        high = value >= 20 or (high_since is not None and value >= 15)
        high_since = (high_since or at) if high else None
        was = one.level
        one.step(at, value)
        if one.level > was:
            assert high_since is not None
            assert at - high_since >= on_s * 1_000_000


@given(values, st.integers(0, 300), st.integers(0, 300))
def test_what_it_calls_quiet_changes_nothing(readings: list[float], on_s: int, off_s: int) -> None:
    one = ladder(
        {"value": 10, "clear": 8, "delay_on_s": on_s}, {"value": 20, "clear": 15, "delay_off_s": off_s},
        {"value": 4, "clear": 6, "below": True},
    )  # fmt: skip
    for n, value in enumerate(readings):
        at = BEGIN + n * MINUTE
        quiet, before = one.quiet(at - MINUTE), one.save()
        one.step(at, value)
        if quiet.low <= value < quiet.high and quiet.start <= at < quiet.end:
            assert [latch.on for latch in one.latches] == [was[2] for was in before[2]]
            assert [latch.high for latch in one.latches] == [was[0] for was in before[2]]
