"""The engine: readings in columns through checks and thresholds, with what is remembered of each stream.

streams = Streams.load(rows of statements.STREAMS)
streams.warm(rows of statements.RECENT for streams.wanting())
streams.hold(rows of statements.SAME for streams.flatlining())
verdict = streams.judge(batch, now)     # flags in place
… store the batch, `verdict.newest`, `verdict.spikes` and `verdict.crossings` in one transaction …
streams.undo(verdict)                   # only when that transaction failed; newest verdict first
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from patriot.sensing.judging.quality import (
    CHECKS,
    FOREVER,
    MOVES_NO_CONDITION,
    NEVER,
    NO_NEWS,
    SECOND,
    Bools,
    Bounds,
    Columns,
    Floats,
    Frame,
    Ints,
    Limits,
    Slots,
    State,
)
from patriot.sensing.judging.thresholds import ALWAYS_QUIET, Crossing, Degree, Ladder, ladders
from patriot.sensing.rules import UNFIT, Flag

log = logging.getLogger(__name__)

FLATLINE = "flatline"
LONGEST_MEMORY_S = 86_400.0  # of the past that is read again after a start
MOST_REMEMBERED = 500  # readings of it
FEW_REMEMBERED = 3  # tell whether the newest is in doubt

type StreamRow = tuple[
    int, str | None, date | None, int | None, int | None, float | None, int | None, str | None, str | None
]
type RecentRow = tuple[int, int, float | None]


@dataclass(slots=True)
class Batch:
    """Readings in the order of their delivery. Times in µs since the epoch; NaN: the device has no value.

    `at` is what the reading says, or `received` where it says nothing. `other`: the result is no number and
    stands elsewhere; None: all are numbers. `flags` are filled by `Streams.judge`.
    """

    slot: Slots
    at: Ints
    value: Floats
    received: Ints
    flags: NDArray[np.int32]
    other: Bools | None = None

    @classmethod
    def of(cls, slot: Any, at: Any, value: Any, received: Any, other: Any = None) -> Self:
        """From any sequences."""
        return cls(
            np.asarray(slot, np.int32),
            np.asarray(at, np.int64),
            np.asarray(value, np.float64),
            np.asarray(received, np.int64),
            np.zeros(len(slot), np.int32),
            None if other is None else np.asarray(other, np.bool_),
        )


@dataclass(slots=True)
class Verdict:
    """What follows from a batch.

    `newest`: slots and the rows of the batch that become the latest of their datastream. `late`: rows older
    than what was known. `spikes`: (datastream, at) of readings stored before that now proved to be spikes.
    """

    newest: tuple[Slots, NDArray[np.intp]]
    late: NDArray[np.intp]
    spikes: list[tuple[int, int]]
    crossings: list[Crossing]
    touched: Slots
    before: list[NDArray[Any]]
    ladders_before: list[tuple[Ladder, tuple[Any, ...], int]]


class Quietness(Columns):
    """By slot: readings within these bounds move no ladder. See thresholds.Quiet."""

    low: Floats
    high: Floats
    start: Ints
    end: Ints
    BLANK = {"low": -np.inf, "high": np.inf, "start": NEVER, "end": FOREVER}


class Streams:
    """All known datastreams: limits, thresholds and state, in arrays by slot. One thread at a time."""

    def __init__(self) -> None:
        self.ids: list[int] = []  # datastream by slot
        self.slot_of: dict[int, int] = {}
        self.observation: list[int | None] = []  # the observation that the state was built on
        self.state, self.bounds, self.quiet = State(), Bounds(), Quietness()
        self.ladders: dict[int, list[Ladder]] = {}
        self._configured: dict[int, tuple[Any, ...]] = {}
        self._memory: dict[int, tuple[float, int]] = {}  # how much of the past a start needs: s, readings

    @classmethod
    def load(cls, rows: Iterable[StreamRow]) -> Self:
        """From rows of `statements.STREAMS`."""
        streams = cls()
        streams.refresh(rows)
        return streams

    def refresh(self, rows: Iterable[StreamRow]) -> None:
        """Take over what was configured. Known streams keep their state; new ones begin with their latest."""
        rows = list(rows)
        fresh = [row[0] for row in rows if row[0] not in self.slot_of]
        for datastream in fresh:
            self.slot_of[datastream] = len(self.ids)
            self.ids.append(datastream)
            self.observation.append(None)
        for columns in (self.state, self.bounds, self.quiet):
            columns.grow(len(self.ids))
        new = set(fresh)
        for row in rows:
            self._configure(row)
            if row[0] in new:
                self._begin(row)

    def _configure(self, row: StreamRow) -> None:
        datastream, limits, calibrated_until, degrees = row[0], row[1], row[2], row[7]
        told, slot = (limits, calibrated_until, degrees), self.slot_of[row[0]]
        if self._configured.get(slot) == told:
            return
        self._configured[slot] = told
        checked = _limits(datastream, limits)
        self.bounds.set(slot, checked, calibrated_until)
        steps = ladders(datastream, _degrees(degrees) if degrees else ())
        self._memory[slot] = _memory(checked, steps)
        before = {ladder.code: ladder for ladder in self.ladders.pop(slot, [])}
        for ladder in steps:
            if old := before.pop(ladder.code, None):
                ladder.inherit(old)
        for old in before.values():  # its thresholds are gone: the next reading says that it is over
            if old.level:
                old.latches, old.slope = [], None
                steps.append(old)
        if steps:
            self.ladders[slot] = steps
        self._listen(slot)

    def _begin(self, row: StreamRow) -> None:
        """Stand where the database says that the stream stands."""
        slot, (_, _, _, observation, at, value, flags, _, levels) = self.slot_of[row[0]], row
        self.observation[slot] = observation
        if observation is not None and at is not None:
            self.state.seen_at[slot] = at
            if value is not None and not (flags or 0) & int(Flag.MISSING):
                self.state.same_at[slot], self.state.same_value[slot] = at, value
                if not (flags or 0) & int(UNFIT):
                    self.state.ref_at[slot], self.state.ref_value[slot] = at, value
        self._adopt(slot, levels)

    def _adopt(self, slot: int, levels: str | None) -> None:
        """Believe the conditions as they are known."""
        known: dict[str, int] = msgspec.json.decode(levels) if levels else {}
        self.state.flat[slot] = known.get(FLATLINE, 0) > 0
        for ladder in self.ladders.get(slot, ()):
            ladder.adopt(known.get(ladder.code, 0))
        self._listen(slot)

    def _listen(self, slot: int) -> None:
        """Work out again which readings of this stream the thresholds need to see."""
        quiet, seen = ALWAYS_QUIET, int(self.state.seen_at[slot])
        for ladder in self.ladders.get(slot, ()):
            quiet &= ladder.quiet(seen)
        self.quiet.low[slot], self.quiet.high[slot] = quiet.low, quiet.high
        self.quiet.start[slot], self.quiet.end[slot] = quiet.start, quiet.end

    def wanting(self, datastreams: Iterable[int] | None = None) -> tuple[list[int], list[float], list[int]]:
        """Whose state needs some of their past, how many seconds and readings: for `statements.RECENT`."""
        ids = self.ids if datastreams is None else datastreams
        rows = [(one, *self._memory[self.slot_of[one]]) for one in ids]
        rows = [row for row in rows if row[2]]
        return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]

    def flatlining(self, datastreams: Iterable[int] | None = None) -> tuple[list[int], list[float]]:
        """Who may be repeating itself, and how many seconds of its past tell: for `statements.SAME`."""
        ids = self.ids if datastreams is None else datastreams
        spans = [(one, int(self.bounds.flat[self.slot_of[one]])) for one in ids]
        pairs = [(one, min(1.5 * flat / SECOND, LONGEST_MEMORY_S)) for one, flat in spans if flat < FOREVER]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def restart(self, rows: Iterable[StreamRow]) -> None:
        """Forget what is remembered of these streams and begin from what the database says."""
        for row in rows:
            slot = self.slot_of[row[0]]
            self.state.clear(np.array([slot], np.int32))
            for ladder in self.ladders.get(slot, ()):
                ladder.reset()
            self._begin(row)

    def hold(self, same: Iterable[tuple[int, int]]) -> None:
        """Know since when values are what they are: (datastream, µs)."""
        for datastream, at in same:
            self.state.same_at[self.slot_of[datastream]] = at

    def warm(self, recent: Iterable[RecentRow]) -> None:
        """Rebuild timers and doubts from stored readings, oldest first; levels stay as known."""
        rows = list(recent)
        slot = np.array([self.slot_of[row[0]] for row in rows], np.int32)
        slots = np.unique(slot)
        known = {int(one): [ladder.level for ladder in self.ladders.get(int(one), ())] for one in slots}
        flat = self.state.flat[slots]
        self.state.clear(slots)
        at = np.array([row[1] for row in rows], np.int64)
        value = np.array([np.nan if row[2] is None else row[2] for row in rows], np.float64)
        self.judge(Batch.of(slot, at, value, at), 0)
        self.state.flat[slots] = flat
        for one, levels in known.items():
            for ladder, level in zip(self.ladders.get(one, ()), levels, strict=True):
                ladder.adopt(level)
            self._listen(one)

    def judge(self, batch: Batch, now: int) -> Verdict:
        """Flag the batch's rows, advance the state, say what follows. `now`: µs; no check depends on it.

        An infinite value is no measure: it becomes NaN.
        """
        if np.isinf(batch.value).any():
            batch.value = np.where(np.isinf(batch.value), np.nan, batch.value)
        frame = Frame.of(batch, self.bounds, self.state)
        touched = frame.slot[frame.first]
        before = self.state.take(touched)
        with np.errstate(over="ignore", invalid="ignore"):  # any two numbers may be compared
            for check in CHECKS:
                check(frame)
        batch.flags[frame.order] = frame.flags
        newest = self._advance(frame)
        steps, crossings = self._cross(frame)
        late = frame.order[(frame.flags & int(Flag.LATE)) != 0]
        spikes = [(self.ids[slot], at) for slot, at in frame.spikes]
        return Verdict(newest, late, spikes, crossings, touched, before, steps)

    def undo(self, verdict: Verdict) -> None:
        """The batch was not stored: everything stands as before. Newest verdict first."""
        self.state.put(verdict.touched, verdict.before)
        for ladder, saved, _slot in verdict.ladders_before:
            ladder.restore(saved)
        for slot in {slot for _ladder, _saved, slot in verdict.ladders_before}:
            self._listen(slot)

    def _advance(self, frame: Frame) -> tuple[Slots, NDArray[np.intp]]:
        """Remember the newest time of each stream; the rows that are the latest now."""
        news = np.flatnonzero((frame.flags & NO_NEWS) == 0)
        last = np.ones(len(news), np.bool_)
        last[:-1] = frame.slot[news[1:]] != frame.slot[news[:-1]]
        rows = news[last]
        slots = frame.slot[rows]
        self.state.seen_at[slots] = frame.at[rows]
        return slots, frame.order[rows]

    def _cross(self, frame: Frame) -> tuple[list[tuple[Ladder, tuple[Any, ...], int]], list[Crossing]]:
        """Step the ladders whose readings are not quiet; what they were, and what changed."""
        found = [(int(frame.order[row]), self._flat(frame, row, flat)) for row, flat in frame.turns]
        saved: list[tuple[Ladder, tuple[Any, ...], int]] = []
        rows = self._loud(frame)
        columns = (frame.slot, frame.order, frame.at, frame.value, ~frame.history)
        readings = zip(*(column[rows].tolist() for column in columns), strict=True)
        for slot, group in groupby(readings, itemgetter(0)):
            steps = self.ladders.get(slot, [])
            saved += [(ladder, ladder.save(), slot) for ladder in steps]
            for _slot, row, *reading in group:
                found += [(row, crossing) for ladder in steps if (crossing := ladder.step(*reading))]
            self._listen(slot)
        found.sort(key=lambda pair: pair[0])
        return saved, [crossing for _row, crossing in found]

    def _loud(self, frame: Frame) -> NDArray[np.intp]:
        """All fit rows of streams with a reading that may move a ladder, stream by stream."""
        fit = frame.numbers(MOVES_NO_CONDITION)
        fit = fit[~frame.held[fit]]
        slot, at, value = frame.slot[fit], frame.at[fit], frame.value[fit]
        quiet = (value >= self.quiet.low[slot]) & (value < self.quiet.high[slot])
        quiet &= (at >= self.quiet.start[slot]) & (at < self.quiet.end[slot])
        loud = np.zeros(len(self.ids), np.bool_)
        loud[slot[~quiet]] = True
        return fit[loud[slot]]

    def _flat(self, frame: Frame, row: int, flat: bool) -> Crossing:
        datastream = self.ids[int(frame.slot[row])]
        return Crossing(
            f"{FLATLINE}:{datastream}", FLATLINE, int(flat), FLATLINE if flat else "", "low",
            int(frame.at[row]), float(frame.value[row]), datastream=datastream,
        )  # fmt: skip


@lru_cache(4096)
def _degrees(text: str) -> tuple[Degree, ...]:
    return msgspec.json.decode(text, type=tuple[Degree, ...])


@lru_cache(4096)
def _decoded(text: str) -> Limits:
    return msgspec.json.decode(text, type=Limits)


def _limits(datastream: int, text: str | None) -> Limits:
    """A datastream's limits; what cannot be understood checks nothing, and is said in the log."""
    try:
        return _decoded(text) if text else Limits()
    except msgspec.MsgspecError as fault:
        log.error("The limits of datastream %d cannot be used: %s", datastream, fault)
        return Limits()


def _memory(limits: Limits, steps: list[Ladder]) -> tuple[float, int]:
    """How many seconds of the past still matter, and how many readings of them."""
    seconds = 0.0
    for ladder in steps:
        delays = [max(v.delay_on, v.delay_off) for latch in ladder.latches for v in latch.versions]
        spans = [*delays, 6 * ladder.slope.window if ladder.slope else 0]
        seconds = max(seconds, max(spans, default=0) / SECOND)
    if seconds:
        return min(2 * seconds + 600, LONGEST_MEMORY_S), MOST_REMEMBERED
    doubts = limits.spike is not None or limits.max_rate_per_min is not None
    return LONGEST_MEMORY_S, FEW_REMEMBERED if doubts else 0
