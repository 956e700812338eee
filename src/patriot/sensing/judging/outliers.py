"""Telling a spike from a real jump: which of a stream's readings are believed. Pure.

A reading too far from the last believed one is held in doubt. The next one decides, by the median of three:

- it is back near the last believed one: the doubtful one was a spike, and is flagged so;
- it agrees with the doubtful one: the jump was real; from here on it is believed;
- it is further out on the same side: a steep rise; the doubtful one is believed, the new one is in doubt;
- anything else: the doubtful one was a spike, and the new one is in doubt.

So a spike gets its flag one reading late, and until then it moves nothing. A change faster than the world
does (RATE) is flagged at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

from patriot.sensing.rules import Flag

SHORTEST = 60_000_000  # µs: rates are limits per minute; within one, noise is no rate
RATE, SPIKE = int(Flag.RATE), int(Flag.SPIKE)


@dataclass(slots=True)
class Memory:
    """The last believed reading and the one in doubt (`doubt_at` 0: none). Times in µs, NaN: no value yet."""

    at: int
    value: float
    doubt_at: int
    doubt: float


@dataclass(slots=True)
class Sifted:
    """Flags of the given readings; which were in doubt; the time of an earlier one that was a spike."""

    flags: list[int]
    held: list[bool] = field(default_factory=list)
    earlier: int | None = None


def sift(memory: Memory, ats: Sequence[int], values: Sequence[float], spike: float, rate: float) -> Sifted:
    """Go through readings of one stream in order; `memory` is carried on.

    `spike`: in the stream's unit; `rate`: units a microsecond; infinite: no such limit.
    """
    found = Sifted([0] * len(ats), [False] * len(ats))
    row = -1  # of the one in doubt, in this call
    for n, (at, value) in enumerate(zip(ats, values, strict=True)):
        step = abs(value - memory.value)
        fast = step > rate * max(at - memory.at, SHORTEST)
        if not (fast or step > spike):
            if memory.doubt_at:
                _mark(found, memory, row, spike)
        elif not memory.doubt_at or _odd(value - memory.doubt, at - memory.doubt_at, spike, rate):
            if memory.doubt_at and min(memory.value, value) <= memory.doubt <= max(memory.value, value):
                memory.at, memory.value = memory.doubt_at, memory.doubt
                fast = abs(value - memory.value) > rate * max(at - memory.at, SHORTEST)
            elif memory.doubt_at:
                _mark(found, memory, row, spike)
            memory.doubt_at, memory.doubt, row = at, value, n
            found.held[n] = True
            found.flags[n] = RATE if fast else 0
            continue
        memory.at, memory.value, memory.doubt_at, memory.doubt = at, value, 0, float("nan")
    return found


def _mark(found: Sifted, memory: Memory, row: int, spike: float) -> None:
    """The one in doubt was a spike, in a stream that has such a limit."""
    if not isfinite(spike):
        return
    if row >= 0:
        found.flags[row] |= SPIKE
    else:
        found.earlier = memory.doubt_at


def _odd(step: float, elapsed: int, spike: float, rate: float) -> bool:
    return abs(step) > spike or abs(step) > rate * max(elapsed, SHORTEST)
