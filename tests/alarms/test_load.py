"""EEMUA 191 and ISA-18.2 by examples."""

from datetime import UTC, datetime, timedelta

import pytest

from patriot.alarms import load
from patriot.alarms.load import Called, Lasting

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def calls(*minutes_ago: float, alarm: int = 0, priority: str = "low") -> list[Called]:
    """Calls, each of an alarm of its own unless told; oldest first."""
    ago = sorted(minutes_ago, reverse=True)
    return [Called(alarm or n, NOW - one * MINUTE, priority) for n, one in enumerate(ago, 1)]


def figures(given: list[Called], *, operators: int = 1, lasting: tuple[Lasting, ...] = ()) -> load.Figures:
    return load.figures(given, lasting, 0, operators, NOW)


@pytest.mark.parametrize(
    ("per_shift", "word"),
    [(0, "acceptable"), (48, "acceptable"), (49, "manageable"), (96, "manageable"), (97, "over_demanding"),
     (240, "over_demanding"), (241, "unacceptable")],
)  # fmt: skip
def test_it_judges_the_steady_rate_of_a_shift_of_48_times_ten_minutes(per_shift: int, word: str) -> None:
    spread = [480 * (n + 0.5) / max(1, per_shift) for n in range(per_shift)]
    assert figures(calls(*spread)).steady_verdict == word


def test_it_shares_the_load_among_the_operators_on_shift() -> None:
    busy = calls(*[480 * (n + 0.5) / 96 for n in range(96)])
    assert figures(busy).steady == pytest.approx(2)
    assert figures(busy, operators=2).steady == pytest.approx(1)
    assert figures(busy, operators=2).verdict == "good"


def test_it_allows_fifteen_in_any_hour_and_no_more() -> None:
    fifteen = [70 + 3.9 * n for n in range(15)]  # across the boundary of a clock hour
    assert figures(calls(*fifteen)).peak_hour == 15
    assert figures(calls(*fifteen)).peak_verdict == "acceptable"
    assert figures(calls(*fifteen, 100)).peak_verdict == "over_demanding"


def test_it_begins_a_flood_at_ten_in_ten_minutes_and_ends_it_below_five() -> None:
    nine, ten = calls(*[60 + n / 2 for n in range(9)]), calls(*[60 + n / 2 for n in range(10)])
    assert figures(nine).floods == []
    [flood] = figures(ten).floods
    assert flood.since == NOW - 60 * MINUTE
    assert flood.until == NOW - 64.5 * MINUTE + 10 * MINUTE + 2.5 * MINUTE  # the sixth has left the window
    assert flood.calls == 10
    assert not figures(ten).is_flood
    assert figures(ten, operators=2).floods == []


def test_it_knows_a_flood_that_is_on() -> None:
    now = figures(calls(*[n / 2 for n in range(12)]))
    assert now.is_flood
    assert now.verdict == "bad"
    assert now.last_ten == 12


def test_it_finds_what_chatters_three_times_in_a_minute() -> None:
    given = [Called(1, NOW - one * SECOND, "low") for one in (300, 280, 241)]
    given += [Called(2, NOW - one * SECOND, "low") for one in (300, 270, 240)]  # 60 s apart: no chatter
    assert figures(sorted(given, key=lambda one: one.at)).chattering == [(1, 3)]


def test_it_finds_what_has_been_active_for_more_than_a_day() -> None:
    old, young = Lasting(1, NOW - 25 * HOUR), Lasting(2, NOW - 24 * HOUR)
    assert figures([], lasting=(old, young)).stale == [(1, NOW - 25 * HOUR)]


def test_it_compares_priorities_with_80_15_5_when_there_are_enough() -> None:
    good = calls(*range(80)) + calls(*range(15), priority="medium") + calls(*range(5), priority="high")
    assert figures(sorted(good, key=lambda one: one.at)).shares_verdict == "about"
    urgent = calls(*range(50)) + calls(*range(50), priority="high")
    assert figures(sorted(urgent, key=lambda one: one.at)).shares_verdict == "too_urgent"
    assert figures(calls(*range(19))).shares == {}


def test_it_counts_hours_and_names_what_calls_most_often() -> None:
    given = sorted(calls(5, 65, 70, alarm=4) + calls(5, 1439, alarm=9), key=lambda one: one.at)
    found = figures(given)
    assert (found.hours[0], found.hours[22], found.hours[23], sum(found.hours)) == (1, 2, 2, 5)
    assert found.most_often == [(4, 3), (9, 2)]
    assert found.most_often_share == 1


def test_it_takes_the_time_to_acknowledge_from_raw_samples() -> None:
    given = [Called(n, NOW - HOUR, "low", NOW - HOUR + n * MINUTE) for n in range(1, 11)]
    found = figures([*given, Called(11, NOW - MINUTE, "low")])
    assert (found.acknowledge_p50, found.acknowledge_p90) == (5 * MINUTE, 9 * MINUTE)  # of eleven


def test_it_is_quiet_about_nothing() -> None:
    found = figures([])
    assert (found.verdict, found.peak_hour, found.in_flood, found.acknowledge_p50) == ("good", 0, 0, None)


def test_it_tells_how_long_calls_wait_also_of_those_that_still_do() -> None:
    seen = [Called(n, NOW - 60 * MINUTE, "low", NOW - (60 - n) * MINUTE) for n in range(1, 11)]
    waits = load.waits_of(seen, NOW)
    assert (load.percentile(waits, 0.5), load.percentile(waits, 0.9)) == (5 * MINUTE, 9 * MINUTE)
    waiting = [Called(n, NOW - 30 * MINUTE, "low") for n in range(20)]
    over = [Called(n, NOW - 50 * MINUTE, "low", None, NOW - 49 * MINUTE) for n in range(20)]
    assert load.percentile(load.waits_of([*seen, *waiting, *over], NOW), 0.9) == 30 * MINUTE
    assert load.percentile([], 0.9) is None
