"""After the commit: telling the house where vehicles are now. Lost news is not resent, the next fix comes."""

import asyncio
from collections import deque
from typing import Any

import orjson

from patriot.fleet.rules import Draft
from patriot.kernel.bus import Bus
from patriot.kernel.positions import SUBJECT


class Publisher:
    """Hands committed positions to the bus, in order, without ever keeping the writer waiting."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._rounds: deque[list[Draft]] = deque(
            maxlen=50
        )  # when the bus is slow, the oldest news goes first
        self._news = asyncio.Event()

    def publish(self, drafts: list[Draft]) -> None:
        """Queue what was committed."""
        self._rounds.append(drafts)
        self._news.set()

    async def run(self) -> None:
        """Send what is queued, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._rounds:
                if moved := _moved(self._rounds.popleft()):
                    await self.bus.publish(SUBJECT, orjson.dumps(moved))


def _moved(drafts: list[Draft]) -> list[list[Any]]:
    return [_position(draft) for draft in drafts if draft.moves and draft.known and draft.known.vehicle_id]


def _position(draft: Draft) -> list[Any]:
    fix, known = draft.fix, draft.known
    assert known is not None
    at = int(draft.fixed_at.timestamp() * 1000)
    return [known.vehicle_id, fix.lon, fix.lat, fix.heading, fix.speed_kmh, at]
