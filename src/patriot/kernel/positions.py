"""Where vehicles are, as live pictures need it: the newest fix each, handed on at most once a second."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import orjson

from patriot.kernel.broadcast import Broadcast

SUBJECT = "fleet.positions"
PERIOD_S = 1.0

# vehicle id, longitude, latitude, heading in degrees or None, km/h or None, moment of the fix: ms since 1970
type Position = tuple[int, float, float, float | None, float | None, int]


@dataclass(frozen=True)
class Batch:
    """The vehicles that moved within one period, with their JSON, made once for all readers."""

    positions: tuple[Position, ...]

    @cached_property
    def json(self) -> bytes:
        """A JSON list of positions."""
        return orjson.dumps(self.positions)


def rounded(
    vehicle: int, lon: float, lat: float, heading: float | None, speed: float | None, at: int
) -> Position:
    """Rounded to a tenth of a metre and of a km/h: what a screen can show."""
    return vehicle, round(lon, 6), round(lat, 6), heading, None if speed is None else round(speed, 1), at


class Positions:
    """The newest position of every vehicle. `broadcast` carries a `Batch` per period in which something
    moved.
    """

    def __init__(self) -> None:
        self.broadcast: Broadcast[Batch] = Broadcast(limit=3, lossy=True)
        self._latest: dict[int, Position] = {}
        self._moved: dict[int, Position] = {}

    def receive(self, payload: bytes) -> None:
        """Take a message of the bus: a JSON list of positions."""
        self.merge(rounded(*row) for row in orjson.loads(payload))

    def merge(self, positions: Iterable[Position]) -> None:
        """Take positions in any order; a fix older than the known one changes nothing."""
        for position in positions:
            known = self._latest.get(position[0])
            if known is None or known[5] < position[5]:
                self._latest[position[0]] = self._moved[position[0]] = position

    def latest(self) -> list[Position]:
        """All vehicles."""
        return list(self._latest.values())

    def flush(self) -> None:
        """Hand on what moved since the last call."""
        if self._moved:
            moved, self._moved = self._moved, {}
            self.broadcast.publish(Batch(tuple(moved.values())))

    async def run(self) -> None:
        """Flush once per period until cancelled."""
        while True:
            self.flush()
            await asyncio.sleep(PERIOD_S)
