"""After the commit: telling the house where vehicles are now. Lost news is not resent, the next fix comes."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import nats
import orjson
from nats.aio.client import Client

from patriot.fleet.rules import Draft

log = logging.getLogger(__name__)

SUBJECT = "fleet.positions"
AGAIN_S = 2.0


class Publisher:
    """A connection to NATS that comes back by itself, also when the server moved to another address."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._client: Client | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin connecting; positions are taken in whether or not it succeeds."""
        self._keeper = asyncio.create_task(self._keep_connected(), name="nats")

    async def stop(self) -> None:
        """Hang up."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._client is not None:
            await self._client.close()

    def publish(self, drafts: list[Draft]) -> None:
        """Send what moved: [[vehicle id, lon, lat, heading, km/h, epoch ms], …]. Never waits."""
        moved = [_moved(draft) for draft in drafts if draft.moves and draft.known and draft.known.vehicle_id]
        if moved and self._client is not None and self._client.is_connected:
            sending = asyncio.create_task(self._send(orjson.dumps(moved)))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)

    async def _send(self, payload: bytes) -> None:
        try:
            assert self._client is not None
            await self._client.publish(SUBJECT, payload)
        except Exception as fault:
            log.debug("positions were not published: %s", fault)

    async def _keep_connected(self) -> None:
        while True:
            if self._client is None or not self._client.is_connected:
                self._client = await self._connect()
            await asyncio.sleep(AGAIN_S)

    async def _connect(self) -> Client | None:
        address = self._address()
        if not address:
            return None
        try:
            return await nats.connect(
                address, allow_reconnect=False, connect_timeout=2, error_cb=_quiet, name="patriot-intake"
            )
        except (OSError, TimeoutError, nats.errors.Error) as fault:
            log.info("NATS is away (%s): positions are stored, the live map waits.", fault)
            return None


async def _quiet(fault: Exception) -> None:
    log.debug("NATS: %s", fault)


def _moved(draft: Draft) -> list[Any]:
    fix, known = draft.fix, draft.known
    assert known is not None
    return [
        known.vehicle_id,
        fix.lon,
        fix.lat,
        fix.heading,
        fix.speed_kmh,
        int(draft.fixed_at.timestamp() * 1000),
    ]
