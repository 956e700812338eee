"""The bus between processes: core NATS, best effort. Whatever must not be lost is in the database first."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg

import nats
from patriot.kernel import clock

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 2.0

type Handler = Callable[[bytes], None]


class Bus:
    """One process's connection, kept up by `run`. The address is asked anew at every attempt: a broker may
    move.
    """

    def __init__(self, address: Callable[[], str], name: str) -> None:
        self._address = address
        self._name = name
        self._handlers: list[tuple[str, Handler]] = []
        self._client: Client | None = None
        self.changed_at: datetime = clock.now()  # when it was last connected or lost

    @property
    def connected(self) -> bool:
        """True while the broker answers."""
        return self._client is not None and self._client.is_connected

    async def subscribe(self, subject: str, handler: Handler) -> None:
        """Call `handler`, in the loop, with every message's payload, now and after every reconnection."""
        self._handlers.append((subject, handler))
        if self._client is not None and self._client.is_connected:
            await _attach(self._client, subject, handler)

    async def publish(self, subject: str, payload: bytes) -> bool:
        """Send to whoever listens. False when the broker is away; never raises for that."""
        if self._client is None or not self._client.is_connected:
            return False
        try:
            await self._client.publish(subject, payload)
        except (nats.errors.Error, OSError):
            return False
        return True

    async def request(self, subject: str, payload: bytes, patience_s: float = 1.0) -> bytes | None:
        """The first answer to a question; None when nobody answers in time or the broker is away."""
        if self._client is None or not self._client.is_connected:
            return None
        try:
            return (await self._client.request(subject, payload, timeout=patience_s)).data
        except (nats.errors.Error, OSError, TimeoutError):
            return None

    async def run(self) -> None:
        """Stay connected until cancelled; waits 0.1 to 2 s between attempts and never gives up."""
        wait = FIRST_WAIT_S
        try:
            while True:
                if await self._session():
                    wait = FIRST_WAIT_S
                await asyncio.sleep(wait)
                wait = min(LONGEST_WAIT_S, wait * 2)
        finally:
            await self._leave()

    async def _session(self) -> bool:
        """One connection, from its beginning to its loss. False when there was none to be had."""
        lost = asyncio.Event()

        async def on_close() -> None:
            lost.set()

        try:
            self._client = await self._connect(on_close)
            for subject, handler in self._handlers:
                await _attach(self._client, subject, handler)
        except (nats.errors.Error, OSError, ValueError, TimeoutError):
            await self._leave()
            return False
        log.info("connected to the broker")
        self.changed_at = clock.now()
        await lost.wait()
        log.warning("lost the broker")
        self._client, self.changed_at = None, clock.now()
        return True

    async def _connect(self, on_close: Callable[[], object]) -> Client:
        address = self._address()
        if not address:
            raise ValueError("no broker was started yet")
        return await nats.connect(
            address,
            name=self._name,
            allow_reconnect=False,
            connect_timeout=2,
            max_reconnect_attempts=0,
            ping_interval=5,
            max_outstanding_pings=2,
            closed_cb=on_close,
            error_cb=_ignore,
        )

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()


async def _attach(client: Client, subject: str, handler: Handler) -> None:
    async def on_message(message: Msg) -> None:
        try:
            handler(message.data)
        except Exception:  # one bad message must not end the subscription
            log.exception("a message on %s could not be used", subject)

    await client.subscribe(subject, cb=on_message)


async def _ignore(error: Exception) -> None:
    """nats-py logs every failed attempt with a traceback unless told not to; `run` says it once."""
    log.debug("broker: %s", error)
