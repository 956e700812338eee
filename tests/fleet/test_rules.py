"""What becomes of a position: pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patriot.fleet.rules import (
    COARSE_M,
    HANDLERS,
    NO_FIX,
    NO_PLACE,
    REPEAT,
    UNKNOWN,
    WRONG_SECRET,
    Fix,
    Flag,
    Known,
    Last,
    advance,
    judge,
)

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
LON, LAT = 107.0, -6.24


def fix(seconds_ago: float = 0, *, lat: float = LAT, lon: float = LON, **more: object) -> Fix:
    return Fix("b1", lon, lat, NOW - timedelta(seconds=seconds_ago), **more)  # type: ignore[arg-type]


def known(seconds_ago: float = 60, **more: str) -> Known:
    at = NOW - timedelta(seconds=seconds_ago)
    return Known(1, 2, last=Last(at, at, LON, LAT), **more)


@pytest.mark.parametrize(("said", "who", "reason"), [
    (fix(), None, UNKNOWN),
    (fix(), known(secret_digest="abc"), WRONG_SECRET),
    (fix(secret_digest="abc"), known(secret_digest="abc"), None),
    (fix(lat=0, lon=0), known(), NO_FIX),
    (fix(lat=91), known(), NO_PLACE),
    (fix(60), known(60), REPEAT),
    (fix(), known(), None),
])  # fmt: skip
def test_it_refuses_only_what_names_no_device_or_no_place(
    said: Fix, who: Known | None, reason: str | None
) -> None:
    assert judge(said, who, NOW)[1] == reason


@pytest.mark.parametrize(("said", "flags", "moves"), [
    (fix(), Flag(0), True),
    (fix(120), Flag.LATE, False),
    (fix(-3600), Flag.CLOCK_AHEAD, True),
    (fix(40 * 86400), Flag.CLOCK_BEHIND | Flag.LATE, False),
    (fix(lat=-6.5), Flag.JUMP, False),
    (fix(accuracy_m=COARSE_M + 1), Flag.COARSE, False),
    (fix(speed_kmh=900), Flag.ODD_SPEED, True),
    (fix(heading=725), Flag.ODD_HEADING, True),
])  # fmt: skip
def test_it_flags_what_is_odd_and_keeps_it(said: Fix, flags: Flag, moves: bool) -> None:
    draft, reason = judge(said, known(), NOW)
    assert (reason, draft.flags, draft.moves) == (None, flags, moves)


def test_it_lets_the_arrival_stand_in_for_a_clock_that_runs_ahead() -> None:
    draft, _ = judge(fix(-3600), known(), NOW)
    assert draft.fixed_at == NOW
    assert draft.fix.claimed_at == NOW + timedelta(hours=1)
    assert draft.day == NOW.date()


def test_it_keeps_a_day_of_its_own_for_what_was_buffered() -> None:
    assert judge(fix(3 * 86400), known(), NOW)[0].day == (NOW - timedelta(days=3)).date()
    assert judge(fix(90 * 86400), known(), NOW)[0].day == NOW.date()


def test_it_believes_a_far_place_again_once_one_could_have_driven_there() -> None:
    who = known(seconds_ago=1)
    assert judge(fix(lat=LAT + 0.05), who, NOW)[0].flags == Flag.JUMP
    later = Fix("b1", LON, LAT + 0.05, NOW + timedelta(minutes=3))
    assert judge(later, who, NOW + timedelta(minutes=3))[0].flags == Flag(0)


def test_it_shows_its_handlers_in_their_order() -> None:
    assert [handler.__name__ for handler in HANDLERS] == [
        "known_device", "plausible", "clock", "duplicate", "in_order", "jump"]  # fmt: skip


@given(st.lists(st.tuples(st.integers(-7200, 7200), st.floats(-90, 90), st.floats(-180, 180)), max_size=30))
def test_it_never_moves_a_vehicle_back_in_time(told: list[tuple[int, float, float]]) -> None:
    who = Known(1, 2)
    for seconds_ago, lat, lon in told:
        before = who.last
        draft, reason = judge(fix(seconds_ago, lat=lat, lon=lon), who, NOW)
        if reason is None:
            advance(draft)
        if before is not None and who.last is not before:
            assert who.last is not None
            assert who.last.fixed_at > before.fixed_at
