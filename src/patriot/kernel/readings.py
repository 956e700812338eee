"""What sensors say, as live pictures need it: the newest reading of each datastream, once a second."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import orjson

from patriot.kernel.broadcast import Broadcast

SUBJECT = "sensing.readings"
PERIOD_S = 0.75  # a reading waits for all of it at worst, and has to reach the wall within a second

# datastream id, value or None, moment of the reading: ms since 1970, flags
type LiveReading = tuple[int, float | None, int, int]


@dataclass(frozen=True)
class Batch:
    """The datastreams that said something within one period, with their JSON, made once for all readers."""

    rows: tuple[LiveReading, ...]

    @cached_property
    def json(self) -> bytes:
        """A JSON list of readings."""
        return orjson.dumps(self.rows)

    @cached_property
    def by_stream(self) -> dict[int, LiveReading]:
        """The same by datastream."""
        return {row[0]: row for row in self.rows}


class Readings:
    """The newest live reading of every datastream since this process began. `broadcast` carries a `Batch` per
    period in which something was read.
    """

    def __init__(self) -> None:
        self.broadcast: Broadcast[Batch] = Broadcast(limit=3, lossy=True)
        self._latest: dict[int, LiveReading] = {}
        self._new: dict[int, LiveReading] = {}

    def receive(self, payload: bytes) -> None:
        """Take a message of the bus: a JSON list of readings."""
        self.merge(tuple(row) for row in orjson.loads(payload))

    def merge(self, readings: Iterable[LiveReading]) -> None:
        """Take readings in any order; one older than the known one changes nothing."""
        for reading in readings:
            known = self._latest.get(reading[0])
            if known is None or known[2] <= reading[2]:
                self._latest[reading[0]] = self._new[reading[0]] = reading

    def latest(self) -> list[LiveReading]:
        """All datastreams that were heard."""
        return list(self._latest.values())

    def flush(self) -> None:
        """Hand on what was read since the last call."""
        if self._new:
            new, self._new = self._new, {}
            self.broadcast.publish(Batch(tuple(new.values())))

    async def run(self) -> None:
        """Flush once per period until cancelled."""
        while True:
            self.flush()
            await asyncio.sleep(PERIOD_S)
