"""Gathering: single observations wait here while a batch is being committed, and are the next batch. Arrays
are a batch of their own.

Under load many requests share one commit; a request alone waits for nobody. Nobody is answered before the
commit. What cannot be taken this way is handed back and goes the long way, which has the words for it.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import Error, connection

from patriot.api.sensorthings import who
from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.sensing.actions import Reading, store, store_columns
from patriot.sensing.judging.quality import Floats, Ints
from patriot.sensing.sta import features, feed, model
from patriot.sensing.sta.authors import Author
from patriot.sensing.sta.errors import Fault

log = logging.getLogger(__name__)

MOST = 2000  # observations in one commit
WAITING_ROOM = 20_000
ARRAYS_AT_ONCE = 2  # requests with arrays: one waits for the database while the other computes
BELIEVED_S = 10.0  # how long it is remembered who may write to a datastream


@dataclass(frozen=True, slots=True)
class Columns:
    """Plain observations: datastreams, phenomenon times (µs since 1970), results."""

    streams: Ints
    at: Ints
    value: Floats


class Made(NamedTuple):
    """What became of an observation."""

    key: int
    at: datetime
    flags: int


@dataclass(slots=True)
class Waiting:
    """One request's observation. Its answer is None when it must go the long way."""

    token: str
    stream: int
    value: float
    at: datetime | None
    answer: "asyncio.Future[Made | None]"


@dataclass
class Gatherer:
    """One process's; its thread has a database connection of its own while there is work."""

    _waiting: list[Waiting] = field(default_factory=list)
    _task: "asyncio.Task[None] | None" = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "observations"))
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(ARRAYS_AT_ONCE, "arrays"))
    _may: dict[tuple[str, int], float] = field(default_factory=dict)

    async def take(self, token: str, stream: int, value: float, at: datetime | None) -> Made | None:
        """Store one observation with others; None: it must go the long way."""
        if len(self._waiting) >= WAITING_ROOM:
            return None
        answer: asyncio.Future[Made | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(token, stream, value, at, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await answer

    async def take_columns(self, token: str, columns: Columns) -> list[int] | None:
        """Store what came as arrays; the observations' ids. None: all of it must go the long way."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._commit_columns, token, columns
        )

    async def _work(self) -> None:
        """Commit batch after batch until nobody waits, nor came while the connection was given back."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._serve(batch)
            await loop.run_in_executor(self._thread, _let_go)

    async def _serve(self, batch: list[Waiting]) -> None:
        """Commit and answer: whoever waits must be answered, whatever happened."""
        loop = asyncio.get_running_loop()
        try:
            made: Sequence[Made | None] = await loop.run_in_executor(self._thread, self._commit, batch)
        except Exception:
            log.exception("%d observations go the long way", len(batch))
            made = [None] * len(batch)
        for waiting, result in zip(batch, made, strict=True):
            if not waiting.answer.done():  # the station may have hung up
                waiting.answer.set_result(result)

    def _commit(self, batch: list[Waiting]) -> list[Made | None]:
        """Runs in the thread."""
        try:
            return self._store(batch)
        except (Error, Refused) as fault:
            log.warning("%d observations go the long way: %s", len(batch), fault)
            self._may.clear()
            connection.close()
            return [None] * len(batch)

    def _commit_columns(self, token: str, columns: Columns) -> list[int] | None:
        """Runs in one of the threads."""
        try:
            streams = set(columns.streams.tolist())
            look = features.look(streams)
            if look.without or not all(self._allowed(token, stream) for stream in streams):
                return None
            ids: list[int] = store_columns(columns.streams, columns.at, columns.value, source="http").tolist()
            _tell(ids, look.waiting)
            return ids
        except (Error, Refused) as fault:
            log.warning("%d observations in arrays go the long way: %s", len(columns.at), fault)
            self._may.clear()
            return None
        finally:
            connection.close()

    def _store(self, batch: list[Waiting]) -> list[Made | None]:
        allowed = [waiting for waiting in batch if self._allowed(waiting.token, waiting.stream)]
        look = features.look({waiting.stream for waiting in allowed})
        allowed = [waiting for waiting in allowed if waiting.stream not in look.without]
        now = clock.now()
        times = [waiting.at or now for waiting in allowed]
        readings = [
            Reading(waiting.stream, waiting.value, at=at) for waiting, at in zip(allowed, times, strict=True)
        ]  # fmt: skip
        stored = store(readings, source="http")
        _tell(stored.ids, look.waiting)
        made = dict(zip(map(id, allowed), map(Made, stored.ids, times, stored.flags), strict=True))
        return [made.get(id(waiting)) for waiting in batch]

    def _allowed(self, token: str, stream: int) -> bool:
        """Whether this token may write to this datastream, as the database said within seconds."""
        now = time.monotonic()
        if now - self._may.get((token, stream), -BELIEVED_S) < BELIEVED_S:
            return True
        if len(self._may) > WAITING_ROOM:
            self._may.clear()
        viewer = who.TOKENS.viewer(token)
        if viewer is None:
            return False
        try:
            Author.of(viewer).require(model.DATASTREAM, stream)
        except Fault:
            return False
        self._may[token, stream] = now
        return True


def _tell(observations: list[int], waiting: list[int]) -> None:
    """Begin the features of the waiting datastreams with committed observations, and tell of both."""
    feed.tell_of_observations(observations)
    with suppress(Error):  # the observations are stored: the intake begins their features within seconds
        if begun := features.begin(waiting):
            feed.tell([(model.FEATURE, key, None) for key in begun])


def _let_go() -> None:
    """Give back this thread's connection."""
    connection.close()
