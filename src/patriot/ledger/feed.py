"""The ledger's new entries as one web process gets them: every one, once, in order, within milliseconds of
the seal.

They come over the bus. What the bus lost is read from the database, which is also asked once a second: with
the bus away the feed is a second late, and that is all.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from patriot.kernel import clock
from patriot.kernel.broadcast import Broadcast
from patriot.kernel.bus import Bus
from patriot.kernel.events import Announcement
from patriot.ledger import queries, wire
from patriot.ledger.health import SILENT_AFTER_S, PartState, signs_of_life

log = logging.getLogger(__name__)

POLL_S = 1.0
DATABASE_SILENT_S = 3.0
SEAL_LATE_S = 3.0
REMEMBERED = 2000  # recent entries kept in memory, so that a browser that blinked costs no query
PAGE = 500


@dataclass(frozen=True)
class Look:
    """One look at the database."""

    events: list[Announcement]
    oldest_pending: int | None
    ages: dict[str, float]  # seconds since each process role's last sign of life


def look(after: int | None) -> Look:
    """The entries above `after`, and what waits to be sealed. With None only the newest entry: where to
    begin.
    """
    begin = max(0, queries.head().number - 1) if after is None else after
    return Look(queries.tail(begin, PAGE), queries.oldest_pending(), signs_of_life())


class Feed:
    """One process's reader of the ledger, kept up by `run` inside one event loop."""

    def __init__(self, bus: Bus) -> None:
        self.broadcast: Broadcast[Announcement] = Broadcast(limit=5000)
        self.ready = asyncio.Event()  # set once `number` is known
        self.number = 0  # the newest entry that was handed out
        self.current_at = (
            clock.now()
        )  # when it was last certain that nothing newer had been sealed or was waiting
        self._bus = bus
        self._recent: deque[Announcement] = deque(maxlen=REMEMBERED)
        self._behind = asyncio.Event()
        self._looked_at = time.monotonic()
        self._heard_at = -SILENT_AFTER_S  # when the sealer last spoke on the bus
        self._waiting: tuple[int, float] | None = None  # the oldest unsealed entry and when it was first seen
        self._ages: dict[str, float] = {}
        self._lost_at: dict[str, datetime] = {}
        self._thread = ThreadPoolExecutor(1, "feed")

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        await self._bus.subscribe(wire.SUBJECT, self.receive)
        try:
            while True:
                more = await self._poll()
                if not more:
                    await self._pause()
        finally:
            self._thread.shutdown(wait=False)

    async def in_thread[T](self, read: Callable[[], T]) -> T:
        """Run a database read in the feed's own thread and give its connection back."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, released, read)

    def receive(self, payload: bytes) -> None:
        """Take a message of the bus. What does not follow the last entry makes the feed look into the
        database.
        """
        sealed = wire.read(payload)
        self._heard_at = time.monotonic()
        if not self.ready.is_set():
            return
        for event in sealed.events:
            self._hand_out(event)
        if sealed.head > self.number:
            self._behind.set()
        elif sealed.head == self.number:
            self.current_at = clock.now()

    async def since(self, number: int) -> list[Announcement]:
        """The entries above `number`, in order, a page at most; empty when there are none."""
        if number >= self.number:
            return []
        if self._recent and self._recent[0].number <= number + 1:
            return [event for event in self._recent if event.number > number][:PAGE]
        return await self.in_thread(lambda: queries.tail(number, PAGE))

    def parts(self) -> dict[str, PartState]:
        """The state of everything this process can tell of: PostgreSQL, NATS and the process roles."""
        answers = time.monotonic() - self._looked_at < DATABASE_SILENT_S
        working = {"web": True, "postgres": answers, "nats": self._bus.connected, "worker": self._seals()}
        working |= {
            role: not answers or self._is_alive(role) for role in self._ages.keys() - {"web", "worker"}
        }
        return {part: self._state(part, ok) for part, ok in working.items()}

    def _state(self, part: str, ok: bool) -> PartState:
        if ok:
            self._lost_at.pop(part, None)
            return PartState(ok=True)
        return PartState(False, self._lost_at.setdefault(part, clock.now()))

    def _is_alive(self, role: str) -> bool:
        return self._ages[role] < SILENT_AFTER_S

    def _seals(self) -> bool:
        """Whether a worker seals: it speaks on the bus; without the bus, it lives and nothing waits for
        long.
        """
        if time.monotonic() - self._heard_at < SILENT_AFTER_S:
            return True
        late = self._waiting is not None and time.monotonic() - self._waiting[1] > SEAL_LATE_S
        return not late and ("worker" not in self._ages or self._is_alive("worker"))

    async def _poll(self) -> bool:
        """Look once. True when a whole page came and there may be more."""
        self._behind.clear()
        after = self.number if self.ready.is_set() else None
        try:
            seen = await self.in_thread(lambda: look(after))
        except Exception as trouble:
            log.warning("the feed cannot read the ledger: %s", trouble)
            return False
        self._looked_at = time.monotonic()
        self._take(seen)
        return len(seen.events) == PAGE

    def _take(self, seen: Look) -> None:
        if not self.ready.is_set():
            self.number = seen.events[-1].number if seen.events else 0
            self._recent.extend(seen.events)
            self.ready.set()
        for event in seen.events:
            self._hand_out(event)
        known = self._waiting and self._waiting[0] == seen.oldest_pending
        if not known:
            self._waiting = (seen.oldest_pending, time.monotonic()) if seen.oldest_pending else None
        self._ages = dict.fromkeys(self._ages, float("inf")) | seen.ages  # a role that signed off is silent
        if len(seen.events) < PAGE and self._seals():
            self.current_at = clock.now()

    def _hand_out(self, event: Announcement) -> None:
        if event.number == self.number + 1:
            self.number = event.number
            self._recent.append(event)
            self.broadcast.publish(event)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._behind.wait()
        except TimeoutError:
            pass


def released[T](read: Callable[[], T]) -> T:
    """Call `read` and give this thread's database connection back, whatever comes of it."""
    try:
        return read()
    finally:
        connection.close()
