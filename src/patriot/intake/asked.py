"""Subscribers whose topics take a question to the database: a filter, an expansion, a longer path.

Beside the intake, never in its way: of a flood so many readings are looked up as fit into a share of one
core, the others are counted and said in the log.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from time import monotonic

from django.db import connection

from patriot.kernel.bus import Bus
from patriot.sensing.sta import asked, feed
from patriot.sensing.sta.asked import Message, Told

log = logging.getLogger(__name__)

MOST_WAITING = 10_000  # readings
PAUSE_S, SHARE = 0.05, 3  # between questions; and so many times as long as they took
COMPLAIN_S = 10.0


@dataclass
class Asker:
    """Tells topics that take a question. `run` until cancelled."""

    bus: Bus
    feed: feed.Feed
    dropped: int = 0  # readings nobody was told of, since it was last said
    _waiting: list[Told] = field(default_factory=list)
    _readings: int = 0  # that wait
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _complained_at: float = 0.0

    def take(self, told: Told) -> None:
        """Keep committed readings until they are asked about; what is too much is dropped."""
        told = asked.possible(self.feed.asked, told, self.feed.open)
        room = MOST_WAITING - self._readings
        self.dropped += max(0, len(told) - room)
        if room > 0:
            self._waiting.append(told.only(slice(0, room)))
            self._readings += len(self._waiting[-1])
        self._news.set()

    async def run(self) -> None:
        """Ask for all that waits, again and again."""
        while True:
            await self._news.wait()
            self._news.clear()
            self._complain()
            waiting, self._waiting, self._readings = self._waiting, [], 0
            began = monotonic()
            if waiting and self.feed.asked:
                await self._tell(Told.of(waiting))
            await asyncio.sleep(max(PAUSE_S, SHARE * (monotonic() - began)))

    async def _tell(self, told: Told) -> None:
        try:
            said = await asyncio.to_thread(_messages, self.feed, told)
            for subject, payload in said:
                await self.bus.publish(feed.SAID + subject, payload)
        except Exception:  # a reading nobody can be told of must not end the intake
            log.exception("subscribers were not told of %d readings", len(told))

    def _complain(self) -> None:
        if self.dropped and monotonic() - self._complained_at > COMPLAIN_S:
            log.warning("%d readings were too many to be looked up for subscribers", self.dropped)
            self.dropped, self._complained_at = 0, monotonic()


def _messages(told_by: feed.Feed, told: Told) -> list[Message]:
    """In a thread of its own, whose connection goes back."""
    try:
        return asked.messages(told_by.asked, told, told_by.base)
    finally:
        connection.close()
