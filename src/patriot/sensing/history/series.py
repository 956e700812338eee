"""One datastream over time, from tables and files alike: readings, five minutes, hours, days.

Buckets that are not rolled up yet, or no longer kept, are made from the readings on the way.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from patriot.kernel.clock import WIB
from patriot.sensing.history import fetch, parquet, retention, rollups
from patriot.sensing.history.fetch import Column
from patriot.sensing.history.rollups import FIVE, HOUR
from patriot.sensing.rules import UNFIT

STEPS = {"5m": FIVE, "1h": HOUR, "1d": timedelta(days=1)}
LARGEST = 1e200  # as rollups.LARGEST
ORIGIN_US = fetch.EPOCH_2000_US
WIB_US = int(timedelta(hours=7).total_seconds()) * 1_000_000
RAW_KINDS = {"at": "at", "value": "number", "flags": "small", "id": "id"}
RAW = """
    SELECT at, coalesce(value, 'NaN') AS value, flags, id FROM sensing_observation
    WHERE datastream_id = %s AND at >= %s AND at < %s ORDER BY at, id
"""
KINDS = {"at": "at", "total": "number", "low": "number", "high": "number", "last": "number", "n": "small",
         "seen": "small", "flags": "small"}  # fmt: skip
ROLLED = """
    SELECT bucket AS at, coalesce(total, 'NaN') AS total, coalesce(low, 'NaN') AS low,
           coalesce(high, 'NaN') AS high, coalesce(last, 'NaN') AS last, n, seen, flags
    FROM sensing_rollup_{width} WHERE datastream_id = %s AND bucket >= %s AND bucket < %s ORDER BY bucket
"""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Columns of one datastream by time.

    `at`: µs since 1970, of a reading or a bucket's beginning. With `step` None a row is a reading: `last` its
    value (NaN: none), `n` 1 when it is fit. Otherwise a row is a bucket that has readings: `total`,
    `low`, `high`, `last` of its `n` fit ones, NaN when there are none; `seen` all; `flags` every flag seen.
    """

    step: str | None
    at: Column
    total: Column
    low: Column
    high: Column
    last: Column
    n: Column
    seen: Column
    flags: Column

    @property
    def mean(self) -> Column:
        """Means of the fit readings; NaN where there is none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.total / self.n)

    def __len__(self) -> int:
        return len(self.at)


def series(stream: int, since: datetime, until: datetime, step: str | None = None) -> Series:
    """One datastream's readings of [since, until), or its buckets of "5m", "1h" or "1d" (a day of WIB) that
    begin in it. Raises ValueError for another step.
    """
    if step is None:
        return _of_readings(*readings(stream, since, until)[:3])
    if step not in STEPS:
        raise ValueError(f"step {step!r} is none of {', '.join(STEPS)}")
    first = _ceiling(since, step)
    if first >= until:
        return _empty(step)
    return {"5m": _fives, "1h": _hours, "1d": _days}[step](stream, first, until)


def readings(stream: int, since: datetime, until: datetime) -> tuple[Column, Column, Column, Column]:
    """`at` (µs), `value` (NaN: none), `flags`, `id` of every reading of [since, until), by time."""
    held = fetch.columns(RAW_KINDS, RAW, [stream, since, until])
    filed = parquet.readings(stream, since, until)
    if filed is None or not len(filed["at"]):
        return held["at"], held["value"], held["flags"], held["id"]
    joined = {name: np.concatenate([parquet.plain(filed[name]), held[name]]) for name in held}
    order = np.lexsort((joined["id"], joined["at"]))
    return joined["at"][order], joined["value"][order], joined["flags"][order], joined["id"][order]


def archived(stream: int, since: datetime, until: datetime, limit: int = 100_000) -> list[dict[str, Any]]:
    """One datastream's observations that are in files, whole: see `parquet.entities`."""
    return parquet.entities(stream, since, until, limit)


def fit(value: Column, flags: Column) -> Column:
    """True for the readings that count towards means."""
    return np.asarray((np.abs(np.nan_to_num(value, nan=np.inf)) <= LARGEST) & (flags & UNFIT.value == 0))


def _of_readings(at: Column, value: Column, flags: Column) -> Series:
    counts = fit(value, flags)
    usable = np.where(counts, value, np.nan)
    ones = np.ones(len(at), np.int32)
    return Series(None, at, usable, usable, usable, value, counts.astype(np.int32), ones, flags)


def _figures(
    total: Column, low: Column, high: Column, counts: Column, starts: Column
) -> tuple[Column, Column, Column]:
    """Totals, lows and highs of groups that begin at `starts`; NaN where nothing counts."""
    any_counts = np.logical_or.reduceat(counts, starts)
    sums = np.add.reduceat(total, starts)
    lows = np.minimum.reduceat(np.where(counts, low, np.inf), starts)
    highs = np.maximum.reduceat(np.where(counts, high, -np.inf), starts)
    return tuple(np.where(any_counts, figure, np.nan) for figure in (sums, lows, highs))  # type: ignore[return-value]


def merged(fine: Series, step: str, shift_us: int = 0) -> Series:
    """Readings or buckets, sorted by time, as wider buckets; `shift_us`: how far the day is ahead. Pure."""
    if not len(fine):
        return _empty(step)
    return _widened(fine, step, int(STEPS[step].total_seconds()) * 1_000_000, shift_us)


def coarser(fine: Series, rows: int) -> Series:
    """The same in at most about `rows` wider buckets, with the lows and highs as they were. Pure."""
    if fine.step is None or len(fine) <= rows:
        return fine
    width = int(STEPS[fine.step].total_seconds()) * 1_000_000
    return _widened(fine, fine.step, width * -(-len(fine) // rows), 0)


def _widened(fine: Series, step: str, width: int, shift_us: int) -> Series:
    bucket = fine.at - (fine.at - ORIGIN_US + shift_us) % width
    starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    counts = fine.n > 0
    newest = np.maximum.reduceat(np.where(counts, np.arange(len(fine)), -1), starts)
    return Series(
        step,
        bucket[starts],
        *_figures(np.where(counts, fine.total, 0.0), fine.low, fine.high, counts, starts),
        np.where(newest >= 0, fine.last[newest], np.nan),
        np.add.reduceat(fine.n, starts),
        np.add.reduceat(fine.seen, starts),
        np.bitwise_or.reduceat(fine.flags, starts),
    )


def _fives(stream: int, since: datetime, until: datetime) -> Series:
    now, rolled, _ = rollups.state()
    kept = retention.fives_since(now)
    older = min(max(kept, since), until)
    newer = max(min(rolled, until), older)
    parts = [_rolled("5m", stream, older, newer)]
    if since < older:
        parts.insert(0, _made("5m", stream, since, older))
    if newer < until:
        parts.append(_made("5m", stream, newer, until))
    return _joined("5m", parts)


def _hours(stream: int, since: datetime, until: datetime) -> Series:
    rolled = max(min(rollups.through("1h"), until), since)
    parts = [_rolled("1h", stream, since, rolled)]
    if rolled < until:
        parts.append(merged(_fives(stream, rolled, _whole(until, HOUR)), "1h"))
    return _joined("1h", parts)


def _days(stream: int, since: datetime, until: datetime) -> Series:
    last = until + timedelta(days=1) - timedelta(microseconds=1)
    return merged(_hours(stream, since, rollups.floor(last, HOUR)), "1d", WIB_US)


def _made(step: str, stream: int, since: datetime, until: datetime) -> Series:
    """Buckets that stand in no table, from the readings of their whole width."""
    return merged(series(stream, since, _whole(until, STEPS[step])), step)


def _rolled(width: str, stream: int, since: datetime, until: datetime) -> Series:
    if since >= until:
        return _empty(width)
    return Series(width, **fetch.columns(KINDS, ROLLED.format(width=width), [stream, since, until]))


def _joined(step: str, parts: list[Series]) -> Series:
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return _empty(step)
    return Series(step, *(np.concatenate([getattr(part, name) for part in parts]) for name in KINDS))


def _empty(step: str | None) -> Series:
    return Series(step, *(np.empty(0, fetch.NATIVE[kind]) for kind in KINDS.values()))


def _ceiling(moment: datetime, step: str) -> datetime:
    """The first bucket that begins at that moment or later."""
    if step != "1d":
        return _whole(moment, STEPS[step])
    local = moment.astimezone(WIB)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight if midnight == local else midnight + timedelta(days=1)).astimezone(UTC)


def _whole(moment: datetime, width: timedelta) -> datetime:
    """`moment`, or the end of its bucket."""
    beginning = rollups.floor(moment, width)
    return beginning if beginning == moment else beginning + width
