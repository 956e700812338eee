"""What sensors say, as live pictures need it: the newest reading of each datastream, after a moment.

In columns, because all of a city's readings pass here and only those that somebody looks at become objects.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patriot.kernel.broadcast import Broadcast

SUBJECT = "sensing.readings"
PERIOD_S = 0.75  # a reading waits for all of it at worst, and has to reach the wall within a second
# On the bus: rows of this, ascending by datastream, one each. `value` is NaN where there is none; `at` is the
# moment of the reading in ms since 1970.
ROW = np.dtype([("stream", "<i8"), ("value", "<f8"), ("at", "<i8"), ("flags", "<i4")])

# datastream id, value or None, moment of the reading: ms since 1970, flags
type LiveReading = tuple[int, float | None, int, int]
type Rows = NDArray[np.void]  # of ROW, ascending by datastream, one each


@dataclass(frozen=True)
class Batch:
    """The datastreams that said something within one period."""

    rows: Rows

    def of(self, streams: Collection[int]) -> list[LiveReading]:
        """Those of these datastreams."""
        return _of(self.rows, streams)


class Readings:
    """The newest live reading of every datastream since this process began. `broadcast` carries a `Batch` per
    period in which something was read.
    """

    def __init__(self) -> None:
        self.broadcast: Broadcast[Batch] = Broadcast(limit=3, lossy=True)
        self._latest: Rows = np.empty(0, ROW)
        self._is_new = np.empty(0, np.bool_)

    def receive(self, payload: bytes) -> None:
        """Take a message of the bus: rows of `ROW`. Raises ValueError for anything else."""
        self._take(np.frombuffer(payload, ROW))

    def merge(self, readings: Iterable[LiveReading]) -> None:
        """Take readings of different datastreams; one older than the known one changes nothing."""
        rows = [(stream, np.nan if value is None else value, *rest) for stream, value, *rest in readings]
        self._take(np.sort(np.array(rows, ROW), order="stream"))

    def latest(self, streams: Collection[int]) -> list[LiveReading]:
        """What is known of these datastreams."""
        return _of(self._latest, streams)

    def flush(self) -> None:
        """Hand on what was read since the last call."""
        if self._is_new.any():
            self.broadcast.publish(Batch(self._latest[self._is_new]))
            self._is_new[:] = False

    async def run(self) -> None:
        """Flush once per period until cancelled."""
        while True:
            self.flush()
            await asyncio.sleep(PERIOD_S)

    def _take(self, rows: Rows) -> None:
        places, known = _places(self._latest, rows["stream"])
        newer = known.copy()
        newer[known] = self._latest["at"][places[known]] <= rows["at"][known]
        self._latest[places[newer]] = rows[newer]
        self._is_new[places[newer]] = True
        if not known.all():
            everything = np.concatenate([self._latest, rows[~known]])
            is_new = np.concatenate([self._is_new, np.ones(len(rows) - int(known.sum()), np.bool_)])
            order = np.argsort(everything["stream"], kind="stable")
            self._latest, self._is_new = everything[order], is_new[order]


def _places(rows: Rows, streams: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where these datastreams stand among the rows, and which of them do."""
    places = np.searchsorted(rows["stream"], streams)
    found = places < len(rows)
    found[found] = rows["stream"][places[found]] == streams[found]
    return places, found


def _of(rows: Rows, streams: Collection[int]) -> list[LiveReading]:
    places, found = _places(rows, np.fromiter(streams, np.int64, len(streams)))
    return [
        (stream, None if value != value else value, at, flags)
        for stream, value, at, flags in rows[places[found]].tolist()
    ]
