"""The wall's picture in one web process: kept once, encoded once, sent to every wall."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

from patriot.fleet import queries as fleet
from patriot.kernel import clock, sse
from patriot.kernel.broadcast import Broadcast, Overrun, Subscription
from patriot.kernel.events import Announcement
from patriot.kernel.panels import Row, panels
from patriot.kernel.positions import Batch, Position, rounded
from patriot.kernel.readings import LiveReading
from patriot.ledger import live
from patriot.ledger.feed import released
from patriot.ledger.live import Live
from patriot.sensing import panels as sensing
from patriot.wall.panels import scene_for
from patriot.wall.picture import Picture, Told

log = logging.getLogger(__name__)

TICK_S = 0.25  # changes within a tick travel together
BREATH = 3  # a step that took t seconds is followed by at least BREATH times t of rest
LOOK_S = 5.0  # how often time alone may change a panel
HEARTBEAT_S = 5.0
RELOAD_EVERY = timedelta(minutes=10)
RETRY = timedelta(seconds=2)
MEND_AFTER = timedelta(seconds=20)  # a panel that failed is loaded anew
POLL_POSITIONS_S = 1.0  # only while the broker is away


@dataclass(frozen=True)
class Pins:
    """The pinned scenes changed: each wall works out its own."""

    rows: Mapping[str, Row]


type Message = bytes | Pins


class Board:
    """Keeps the picture up to date and tells all walls. `run` it inside one event loop."""

    def __init__(self, sources: Live) -> None:
        self.broadcast: Broadcast[Message] = Broadcast(limit=200)
        self._sources = sources
        self._picture = Picture(panels())
        self._panels: dict[str, Any] = {}  # the last snapshot: encoded panels by name
        self._number = 0
        self._ages: dict[str, datetime] = {}
        self._pins: Mapping[str, Row] = {}
        self._health: dict[str, Any] = {"parts": {}}
        self._streams: frozenset[int] = frozenset()  # the datastreams that panels show
        self._load_at = clock.now()
        self._thread = ThreadPoolExecutor(1, "board")
        self._looked_at = -inf
        self._polled_at = 0.0

    async def run(self) -> None:
        """Follow the ledger until cancelled. Whatever fails is tried again; what was known stays shown."""
        tasks = [asyncio.create_task(work()) for work in (self._move, self._read, self._watch)]
        try:
            while True:
                try:
                    await self._follow()
                except Overrun:
                    log.warning("the board fell behind the ledger; loading afresh")
                except Exception:
                    log.exception("the board stumbled; loading afresh")
                    await asyncio.sleep(1.0)
        finally:
            for task in tasks:
                task.cancel()
            self._thread.shutdown(wait=False)

    def snapshot(self, display: int | None) -> bytes:
        """The first frame of every connection. Everything published after this call continues it."""
        content = {
            "number": self._number, "now": clock.now(), "panels": self._panels, "health": self._health,
            "positions": self._sources.positions.latest(), "scene": scene_for(display, self._pins),
            "readings": self._sources.readings.latest(self._streams),
        }  # fmt: skip
        return sse.frame("snapshot", content, self._number)

    async def _follow(self) -> None:
        with self._sources.feed.broadcast.subscribe() as news:
            await self._sources.feed.ready.wait()  # loaded earlier, it would lack what the feed begins behind
            self._load_at = clock.now()
            while True:
                if clock.now() >= self._load_at:
                    await self._load()
                rest = await self._step(news)
                await asyncio.sleep(rest)

    async def _load(self) -> None:
        """Read everything afresh; on failure soon again."""
        now = clock.now()
        was_empty = not self._picture.is_loaded
        try:
            await self._in_thread(lambda: self._picture.load(now))
            self._sources.positions.merge(await self._in_thread(_positions))
            self._know(await self._in_thread(sensing.live_readings))
        except Exception as trouble:
            log.warning("the board cannot read the database: %s", trouble)
            self._load_at = now + RETRY
            return
        self._load_at = min(now + RELOAD_EVERY, next_midnight(now))
        self._looked_at = -inf
        if was_empty:
            await self._tell([], everything=True)
            self._publish_all()

    async def _step(self, news: Subscription[Announcement]) -> float:
        """Fold what came and tell; returns how long to rest."""
        loop = asyncio.get_running_loop()
        longest = TICK_S if self._picture.is_behind else 1.0
        events = await news.take(max(0.0, min(longest, self._looked_at + LOOK_S - loop.time())))
        everything = loop.time() - self._looked_at >= LOOK_S
        if not (events or everything or self._picture.is_behind):
            return 0.0
        began = loop.time()
        if everything:
            self._looked_at = began
        await self._tell(events, everything)
        return max(TICK_S, BREATH * (loop.time() - began))

    async def _tell(self, events: Iterable[Announcement], everything: bool) -> None:
        true_at, now = self._sources.feed.current_at, clock.now()

        def step() -> tuple[Told, dict[str, Any]]:
            told = self._picture.step(events, now, true_at, everything)
            return told, self._picture.snapshot()

        told, self._panels = await self._in_thread(step)
        self._number, self._ages = self._picture.number, self._picture.ages()
        if told.frames:
            self.broadcast.publish(told.frames)
        if told.pins is not None:
            self._pins = told.pins
            self.broadcast.publish(Pins(told.pins))
        if self._picture.is_broken:
            self._load_at = min(self._load_at, now + MEND_AFTER)

    def _publish_all(self) -> None:
        """Tell walls that were connected before there was a picture."""
        self.broadcast.publish(self.snapshot(None))
        self.broadcast.publish(Pins(self._pins))

    async def _move(self) -> None:
        """Pass positions on; read them from the database while the broker is away."""
        loop = asyncio.get_running_loop()
        with self._sources.positions.broadcast.subscribe() as moves:
            while True:
                for batch in await moves.take(POLL_POSITIONS_S):
                    self.broadcast.publish(_frame(batch))
                if not self._sources.bus.connected and loop.time() - self._polled_at >= POLL_POSITIONS_S:
                    self._polled_at = loop.time()
                    with suppress(Exception):  # the database is away too: nobody moves
                        self._sources.positions.merge(await self._in_thread(_positions))

    async def _read(self) -> None:
        """Pass on what sensors say, of those that panels show."""
        with self._sources.readings.broadcast.subscribe() as news:
            while True:
                for batch in await news.take(HEARTBEAT_S):
                    if said := batch.of(self._streams):
                        self.broadcast.publish(sse.frame("readings", said))

    def _know(self, newest: Iterable[tuple[int, float | None, int | None, int | None]]) -> None:
        """Which datastreams are shown, and what they said last."""
        rows = list(newest)
        self._streams = frozenset(row[0] for row in rows)
        known: list[LiveReading] = [
            (stream, value, at, flags or 0) for stream, value, at, flags in rows if at is not None
        ]
        self._sources.readings.merge(known)

    async def _watch(self) -> None:
        """Tell of the house's health: at once when a part fell silent or came back, and as a heartbeat."""
        loop, told_at = asyncio.get_running_loop(), -inf
        while True:
            parts = {part: state.as_json() for part, state in self._sources.feed.parts().items()}
            if parts != self._health["parts"] or loop.time() - told_at >= HEARTBEAT_S:
                told_at = loop.time()
                self._health = {"parts": parts, "as_of": self._ages}
                self.broadcast.publish(sse.frame("health", self._health))
            await asyncio.sleep(0.5)

    async def _in_thread[T](self, work: Callable[[], T]) -> T:
        """Run work in the board's own thread, the only one that touches the picture."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, released, work)


def next_midnight(now: datetime) -> datetime:
    """The next midnight in Jakarta: today's figures begin anew."""
    here = now.astimezone(clock.WIB)
    return here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _frame(batch: Batch) -> bytes:
    return sse.raw_frame("positions", batch.json)


def _positions() -> list[Position]:
    return [
        rounded(
            row.vehicle_id, row.lon, row.lat, row.heading, row.speed_kmh, int(row.fixed_at.timestamp() * 1000)
        )
        for row in fleet.latest_positions()
    ]


_BOARDS: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Board, asyncio.Task[None]]] = WeakKeyDictionary()


async def board() -> Board:
    """The running loop's board, started at the first call."""
    sources = await live.live()
    loop = asyncio.get_running_loop()
    if loop not in _BOARDS:
        made = Board(sources)
        _BOARDS[loop] = (made, asyncio.create_task(made.run()))
    return _BOARDS[loop][0]


async def close() -> None:
    """Stop the running loop's board and its sources."""
    kept = _BOARDS.pop(asyncio.get_running_loop(), None)
    if kept is not None:
        kept[1].cancel()
        with suppress(asyncio.CancelledError):
            await kept[1]
    await live.close()


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """For the web process's life: the board is warm before the first wall asks."""
    await board()
    try:
        yield
    finally:
        await close()
