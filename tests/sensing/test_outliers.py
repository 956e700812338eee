"""Which readings are believed."""

from math import inf, nan

import pytest

from patriot.sensing.judging.outliers import RATE, SPIKE, Memory, sift

MINUTE = 60_000_000


def sifted(values: list[float], spike: float = 50, rate: float = inf) -> tuple[list[int], list[bool], float]:
    """Flags, which were in doubt, and the value believed at the end; one reading a minute."""
    memory = Memory(0, nan, 0, nan)
    found = sift(memory, [MINUTE * (n + 1) for n in range(len(values))], values, spike, rate / MINUTE)
    return found.flags, found.held, memory.value


@pytest.mark.parametrize(
    ("values", "flags", "held", "believed"),
    [
        ([100, 110, 120], [0, 0, 0], [0, 0, 0], 120),
        ([100, 300, 110], [0, SPIKE, 0], [0, 1, 0], 110),
        ([100, 300, 310], [0, 0, 0], [0, 1, 0], 310),  # the level did jump
        ([100, 200, 300, 310], [0, 0, 0, 0], [0, 1, 1, 0], 310),  # a steep rise
        ([100, 300, -200, 110], [0, SPIKE, SPIKE, 0], [0, 1, 1, 0], 110),
        ([100, 300], [0, 0], [0, 1], 100),  # nobody knows yet
        ([900, 100, 110], [0, 0, 0], [0, 1, 0], 110),  # the first one was wrong: the next two say so
    ],
)
def test_it_decides_by_the_next_reading(
    values: list[float], flags: list[int], held: list[int], believed: float
) -> None:
    assert sifted(values) == (flags, [bool(one) for one in held], believed)


def test_it_flags_a_change_faster_than_the_world_at_once() -> None:
    assert sifted([100, 130, 131], spike=inf, rate=25) == ([0, RATE, 0], [False, True, False], 131)


def test_it_takes_noise_within_a_minute_for_no_rate() -> None:
    memory = Memory(MINUTE, 100.0, 0, nan)
    assert sift(memory, [MINUTE + 1000], [110.0], inf, 25 / MINUTE).flags == [0]


def test_it_names_an_earlier_reading_that_proved_to_be_a_spike() -> None:
    memory = Memory(1, 100.0, 0, nan)
    assert sift(memory, [MINUTE], [400.0], 50, inf).held == [True]
    assert sift(memory, [2 * MINUTE], [105.0], 50, inf).earlier == MINUTE
