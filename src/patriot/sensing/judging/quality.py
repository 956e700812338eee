"""What becomes of a reading: an ordered list of checks that everybody can read. Pure, in columns.

A check looks at a whole batch at once and may flag rows. Nothing is dropped. A batch is laid out stream by
stream, each in the order of delivery (`Frame`); what a check must know of earlier batches stands in `State`.
A reading gets the same flags whether it came alone, in a batch, or with other streams beside it.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from patriot.kernel.clock import WIB
from patriot.sensing.judging.outliers import SHORTEST, Memory, sift
from patriot.sensing.rules import UNFIT, Flag

type Ints = NDArray[np.int64]
type Slots = NDArray[np.int32]
type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]

SECOND = 1_000_000  # times are in microseconds since the epoch
MINUTE = 60 * SECOND
NEVER = np.iinfo(np.int64).min
FOREVER = np.iinfo(np.int64).max
MISSED = 3  # readings in a row that a stream may miss before it is called silent
EARLIEST = 946_684_800 * SECOND  # the year 2000: nobody believes a clock before it

NO_NEWS = int(Flag.CLOCK | Flag.DUPLICATE | Flag.LATE)  # such a row moves nothing
NO_VALUE = NO_NEWS | int(Flag.MISSING)
NO_MEASURE = NO_VALUE | int(Flag.RANGE)
MOVES_NO_CONDITION = int(UNFIT | Flag.LATE)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the readings of one datastream are checked against, in its unit; None: not checked.

    `max_rate_per_min`: a step of one minute's worth is always believed; `spike`: the widest step between
    neighbours that is believed at once; `flatline_s`: how long a living
    sensor may repeat itself; `cadence_s`: how often it speaks; `clock_s`: how far its clock may run ahead;
    `missing`: numbers by which it says that it has none; `news_s`: how old a reading may be when it comes and
    still move a condition: older ones are history; `drift`: how far it may wander in `drift_s` while
    the river above it stands still, see watch.py.
    """

    low: float | None = None
    high: float | None = None
    max_rate_per_min: float | None = None
    spike: float | None = None
    flatline_s: float | None = None
    cadence_s: float | None = None
    stale_s: float = 900.0
    clock_s: float = 300.0
    missing: tuple[float, ...] = (-9999.0,)
    news_s: float = 21_600.0
    drift: float | None = None
    drift_s: float = 21_600.0


class Columns:
    """Arrays side by side, one item a slot."""

    BLANK: ClassVar[dict[str, Any]]

    def __init__(self) -> None:
        for name, blank in self.BLANK.items():
            setattr(self, name, np.full(0, blank))

    def grow(self, size: int) -> None:
        """Have `size` slots; new ones are blank."""
        for name, blank in self.BLANK.items():
            old = getattr(self, name)
            if len(old) == size:
                return
            setattr(self, name, np.concatenate([old, np.full(size - len(old), blank, old.dtype)]))

    def take(self, slots: Slots) -> list[NDArray[Any]]:
        """What stands in these slots, to `put` it back."""
        return [getattr(self, name)[slots] for name in self.BLANK]

    def put(self, slots: Slots, saved: list[NDArray[Any]]) -> None:
        """Undo what happened to these slots since `take`."""
        for name, column in zip(self.BLANK, saved, strict=True):
            getattr(self, name)[slots] = column

    def clear(self, slots: Slots) -> None:
        """Make these slots blank."""
        for name, blank in self.BLANK.items():
            getattr(self, name)[slots] = blank


class State(Columns):
    """What is remembered of each stream. Times in µs; NEVER, 0 or NaN: nothing yet."""

    seen_at: Ints  # newest time of a row that was news
    ref_at: Ints  # the last believed measure, see outliers.py
    ref_value: Floats
    doubt_at: Ints
    doubt_value: Floats
    same_at: Ints  # since when the value is what it is
    same_value: Floats
    flat: Bools  # as it was told last
    BLANK = {
        "seen_at": NEVER, "ref_at": 0, "ref_value": np.nan, "doubt_at": 0, "doubt_value": np.nan,
        "same_at": 0, "same_value": np.nan, "flat": False,
    }  # fmt: skip


class Bounds(Columns):
    """`Limits` as numbers that can always be compared: infinite or for ever where nothing is checked."""

    low: Floats
    high: Floats
    rate: Floats  # units a microsecond
    spike: Floats
    flat: Ints
    stale: Ints
    gap: Ints
    ahead: Ints
    news: Ints
    calibrated: Ints  # the moment from which a reading counts as uncalibrated
    BLANK = {
        "low": -np.inf, "high": np.inf, "rate": np.inf, "spike": np.inf, "flat": FOREVER, "stale": FOREVER,
        "gap": FOREVER,        "ahead": 300 * SECOND, "news": FOREVER, "calibrated": FOREVER,
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.missing: dict[float, set[int]] = {}  # number → slots that mean "none" by it

    def set(self, slot: int, limits: Limits, calibrated_until: date | None) -> None:
        """Take over one stream's limits."""
        self.low[slot] = -np.inf if limits.low is None else limits.low
        self.high[slot] = np.inf if limits.high is None else limits.high
        self.rate[slot] = np.inf if limits.max_rate_per_min is None else limits.max_rate_per_min / MINUTE
        self.spike[slot] = np.inf if limits.spike is None else limits.spike
        self.flat[slot] = microseconds(limits.flatline_s) if limits.flatline_s else FOREVER
        self.stale[slot] = microseconds(limits.stale_s)
        self.gap[slot] = microseconds(MISSED * limits.cadence_s) if limits.cadence_s else FOREVER
        self.ahead[slot] = microseconds(limits.clock_s)
        self.news[slot] = microseconds(limits.news_s)
        self.calibrated[slot] = midnight(calibrated_until, 1) if calibrated_until else FOREVER
        for number, slots in self.missing.items():
            if number not in limits.missing:
                slots.discard(slot)
        for number in limits.missing:
            self.missing.setdefault(number, set()).add(slot)


def microseconds(seconds: float) -> int:
    """Seconds as whole microseconds."""
    return round(seconds * SECOND)


def midnight(day: date, after: int = 0) -> int:
    """When the day begins in the city, `after` days later, in µs since the epoch."""
    return int(datetime.combine(day + timedelta(days=after), time(), WIB).timestamp()) * SECOND


class Frame:
    """A batch laid out for the checks: rows of one stream side by side, in the order of their delivery."""

    def __init__(
        self,
        order: NDArray[np.intp],
        columns: tuple[Slots, Ints, Floats, Ints, NDArray[np.int32], Bools],
        bounds: Bounds,
        state: State,
    ) -> None:
        self.order = order  # row of the batch
        self.slot, self.at, self.value, self.received, self.flags, self.other = columns
        self.bounds, self.state = bounds, state
        self.first = np.ones(len(order), np.bool_)
        self.first[1:] = self.slot[1:] != self.slot[:-1]
        self.held = np.zeros(len(order), np.bool_)  # in doubt: moves no condition
        self.history = self.at < self.received - bounds.news[self.slot]  # too old to move a condition
        self.newest_before = np.zeros(len(order), np.int64)
        self.spikes: list[tuple[int, int]] = []  # (slot, at) of stored readings that proved to be spikes
        self.turns: list[tuple[int, bool]] = []  # (row of the frame, whether it is flat from here on)

    @classmethod
    def of(cls, batch: Any, bounds: Bounds, state: State) -> Self:
        """Lay out a `columns.Batch`."""
        order = np.argsort(batch.slot, kind="stable")
        other = np.zeros(len(order), np.bool_) if batch.other is None else batch.other[order]
        columns = (batch.slot, batch.at, batch.value, batch.received, batch.flags)
        return cls(order, (*(column[order] for column in columns), other), bounds, state)

    def flag(self, flag: Flag, rows: Bools) -> None:
        """Add a flag to rows."""
        self.flags[rows] |= int(flag)

    def numbers(self, unless: int) -> NDArray[np.intp]:
        """Rows that hold a number and none of these flags."""
        return np.flatnonzero(((self.flags & unless) == 0) & ~self.other)


type Check = Callable[[Frame], None]


def clock(f: Frame) -> None:
    """Its clock runs ahead of ours, or names a time nobody believes."""
    f.flag(Flag.CLOCK, (f.at > f.received + f.bounds.ahead[f.slot]) | (f.at < EARLIEST))


def missing(f: Frame) -> None:
    """The device said that it has no value: null, NaN, or a number that stands for it."""
    f.flag(Flag.MISSING, np.isnan(f.value) & ~f.other)
    for number, slots in f.bounds.missing.items():
        for row in np.flatnonzero(f.value == number):
            if int(f.slot[row]) in slots:
                f.flags[row] |= int(Flag.MISSING)


def duplicates(f: Frame) -> None:
    """The same moment as the newest before it. Repeats of older ones: `statements.REPEATS`."""
    f.newest_before = newest_before(f)
    f.flag(Flag.DUPLICATE, (f.at == f.newest_before) & ((f.flags & int(Flag.CLOCK)) == 0))


def order(f: Frame) -> None:
    """Older than one that came before it."""
    f.flag(Flag.LATE, (f.at < f.newest_before) & ((f.flags & int(Flag.CLOCK)) == 0))


def gaps(f: Frame) -> None:
    """The first after a silence of more than three times its cadence."""
    silent = f.at - f.newest_before > f.bounds.gap[f.slot]
    f.flag(Flag.GAP, silent & (f.newest_before != NEVER) & ((f.flags & NO_NEWS) == 0))


def in_range(f: Frame) -> None:
    """Outside what the sensor can measure."""
    outside = (f.value < f.bounds.low[f.slot]) | (f.value > f.bounds.high[f.slot])
    f.flag(Flag.RANGE, outside & ((f.flags & int(Flag.MISSING)) == 0))


def outliers(f: Frame) -> None:
    """RATE: changed faster than the world does. SPIKE: a single outlier, known with the next reading.

    Where every step is small nothing has to be decided. Streams with a wide step are sifted one by one.
    """
    rows = f.numbers(NO_MEASURE)
    slot, at, value = f.slot[rows], f.at[rows], f.value[rows]
    first, last = _edges(slot)
    step = np.abs(value - _before(value, first, f.state.ref_value[slot]))
    elapsed = np.maximum(at - _before(at, first, f.state.ref_at[slot]), SHORTEST)
    odd = (step > f.bounds.spike[slot]) | (step > f.bounds.rate[slot] * elapsed)
    unsure = np.unique(slot[odd | (f.state.doubt_at[slot] != 0)])
    among = np.zeros(len(f.state.seen_at), np.bool_)
    among[unsure] = True
    among = among[slot]
    calm = last & ~among
    f.state.ref_at[slot[calm]], f.state.ref_value[slot[calm]] = at[calm], value[calm]
    if len(unsure):
        _sift(f, unsure, rows[among])


def _sift(f: Frame, slots: Slots, rows: NDArray[np.intp]) -> None:
    """Send the measures of these streams through `outliers.sift`, one stream after the other."""
    state, names = f.state, ("ref_at", "ref_value", "doubt_at", "doubt_value")
    ends = np.searchsorted(f.slot[rows], slots, "right").tolist()
    at, value = f.at[rows].tolist(), f.value[rows].tolist()
    spike, rate = f.bounds.spike[slots].tolist(), f.bounds.rate[slots].tolist()
    remembered = zip(*(getattr(state, name)[slots].tolist() for name in names), strict=True)
    memories = [Memory(*one) for one in remembered]
    flags: list[int] = []
    held: list[bool] = []
    begin = 0
    for n, end in enumerate(ends):
        found = sift(memories[n], at[begin:end], value[begin:end], spike[n], rate[n])
        flags += found.flags
        held += found.held
        if found.earlier is not None:
            f.spikes.append((int(slots[n]), found.earlier))
        begin = end
    f.flags[rows] |= np.array(flags, np.int32)
    f.held[rows] = held
    state.ref_at[slots], state.ref_value[slots] = [m.at for m in memories], [m.value for m in memories]
    state.doubt_at[slots], state.doubt_value[slots] = (
        [m.doubt_at for m in memories],
        [m.doubt for m in memories],
    )


def flatline(f: Frame) -> None:
    """The same value for too long."""
    rows = f.numbers(NO_VALUE)
    slot, at, value, state = f.slot[rows], f.at[rows], f.value[rows], f.state
    first, last = _edges(slot)
    changed = value != _before(value, first, state.same_value[slot])
    begins = np.where(changed, at, state.same_at[slot])
    since = begins[_last_true(changed | first)]
    flat = at - since >= f.bounds.flat[slot]
    f.flags[rows[flat]] |= int(Flag.FLATLINE)
    state.same_at[slot[last]], state.same_value[slot[last]] = since[last], value[last]
    news = ~f.history[rows]
    _turn(f, rows[news], flat[news])


def _turn(f: Frame, rows: NDArray[np.intp], flat: Bools) -> None:
    """Where a stream begins or ends to repeat itself."""
    slot = f.slot[rows]
    first, last = _edges(slot)
    turned = flat != _before(flat, first, f.state.flat[slot])
    f.turns = [(int(rows[n]), bool(flat[n])) for n in np.flatnonzero(turned)]
    f.state.flat[slot[last]] = flat[last]


def stale(f: Frame) -> None:
    """Reached us long after it was taken."""
    f.flag(Flag.STALE, f.at < f.received - f.bounds.stale[f.slot])


def calibration(f: Frame) -> None:
    """The sensor's calibration had expired when it was taken."""
    f.flag(Flag.UNCALIBRATED, f.at >= f.bounds.calibrated[f.slot])


CHECKS: tuple[Check, ...] = (
    clock, missing, duplicates, order, gaps, in_range, outliers, flatline, stale, calibration,
)  # fmt: skip


def newest_before(f: Frame) -> Ints:
    """For each row the newest believable time that its stream had before it, NEVER for none; in µs."""
    believed = np.where((f.flags & int(Flag.CLOCK)) == 0, f.at, NEVER)
    newest = np.maximum(believed, f.state.seen_at[f.slot])
    running = _running_maximum(newest, f.first)
    return _before(running, f.first, f.state.seen_at[f.slot])


def _running_maximum(column: Ints, first: Bools) -> Ints:
    """The greatest so far within each stream. In ⌈log₂ n⌉ steps, n: rows of the longest stream."""
    falls = (column[1:] < column[:-1]) & ~first[1:]
    if not falls.any():
        return column
    index = np.arange(len(column))
    rank = index - _last_true(first)
    running, reach = column.copy(), 1
    while reach <= rank.max():
        inside = rank[reach:] >= reach
        running[reach:] = np.where(inside, np.maximum(running[reach:], running[:-reach]), running[reach:])
        reach *= 2
    return running


def _last_true(mask: Bools) -> NDArray[np.intp]:
    """For each row the nearest row at or before it where `mask` holds; the first row must hold."""
    return np.maximum.accumulate(np.where(mask, np.arange(len(mask)), 0))


def _edges(slot: Slots) -> tuple[Bools, Bools]:
    """Which rows are the first and which the last of their stream."""
    first, last = np.ones(len(slot), np.bool_), np.ones(len(slot), np.bool_)
    first[1:] = last[:-1] = slot[1:] != slot[:-1]
    return first, last


def _before(column: NDArray[Any], first: Bools, remembered: NDArray[Any]) -> NDArray[Any]:
    """The value of the row before, within the stream; for the first row what is remembered."""
    shifted = np.empty_like(column)
    shifted[1:] = column[:-1]
    return np.where(first, remembered, shifted)
