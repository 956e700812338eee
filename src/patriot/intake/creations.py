"""SensorThings over MQTT in the intake: creations that are more than a number, and news for subscribers."""

import asyncio
import logging
from collections.abc import Collection
from itertools import islice
from typing import Any

import numpy as np
from django.db import Error, connection
from numpy.typing import NDArray

from patriot.intake.asked import Asker
from patriot.intake.commit import connect
from patriot.intake.refused import Refused, refused
from patriot.intake.store import conninfo
from patriot.intake.work import Work
from patriot.kernel.bus import Bus
from patriot.kernel.config import Config
from patriot.kernel.errors import Refused as Denied
from patriot.sensing.sta import feed, mqtt
from patriot.sensing.sta.asked import Told
from patriot.sensing.sta.errors import Fault

log = logging.getLogger(__name__)

type Columns = tuple[NDArray[Any], ...]  # as `observed` takes them

NOT_CREATED, FAILED = "not_created", "failed"
MOST_TOLD = 2000  # subscribers' messages for one batch: who wants everything of a flood gets part of it
MOST_WAITING = 500_000  # readings: some seconds of the fastest flood, 20 MB
PUBLIC = (
    "SELECT d.id FROM sensing_datastream d JOIN sensing_thing t ON t.id = d.thing_id "
    "WHERE d.public AND t.public"
)


async def create(work: Work) -> None:
    """Make the batch's entities, each in a transaction of its own: at least once. What cannot be made joins
    the batch's refused. Raises OSError when the database is away.
    """
    if work.creations:
        try:
            work.refused += await asyncio.to_thread(_create_all, work.creations)
        except Error as fault:
            raise OSError(f"the database is away: {fault}") from fault


def _create_all(creations: list[tuple[str, bytes, int]]) -> list[Refused]:
    found = []
    try:
        for path, payload, received in creations:
            if reason := _create_one(path, payload):
                found.append(refused(f"v1//1.{path.replace('/', '.')}", reason, payload, received))
    finally:
        connection.close()
    return found


def _create_one(path: str, payload: bytes) -> str:
    try:
        mqtt.create(path, payload)
    except (Fault, Denied):
        return NOT_CREATED
    except Error:
        raise
    except Exception:  # it must not come again for ever
        log.exception("an entity sent to %s could not be made", path)
        return FAILED
    return ""


class Subscribers:
    """Tells who subscribed to new observations over MQTT. `run` until cancelled."""

    def __init__(self, bus: Bus, config: Config) -> None:
        self._bus, self._config = bus, config
        self._feed = feed.Feed(bus, f"{config.public_url}/sensorthings/v1.1", self._public)
        self._asker = Asker(bus, self._feed)
        self._waiting: list[Columns] = []
        self._readings = 0  # that wait
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Look who subscribed, and tell what is created here."""
        feed.attach(self._feed)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._feed.run())
                group.create_task(self._tell())
                group.create_task(self._asker.run())
        finally:
            feed.detach(self._feed)

    async def _public(self) -> Collection[int]:
        async with await connect(conninfo(self._config), "patriot-intake-public") as link:
            return {row[0] for row in await (await link.execute(PUBLIC)).fetchall()}

    def tell(self, work: Work, numbers: NDArray[np.int64]) -> None:
        """Keep a committed batch, as it is, until the broker has said whether anybody wants it."""
        if len(numbers) and self._readings < MOST_WAITING:  # best effort: more than that is not told
            batch = work.batch
            self._waiting.append((numbers, work.ids, batch.at, batch.value, batch.flags))
            self._readings += len(numbers)
            self._news.set()

    async def _tell(self) -> None:
        """Publish what waits to those who want it: one question to the broker for all of it."""
        while True:
            await self._news.wait()
            self._news.clear()
            waiting, self._waiting, self._readings = self._waiting, [], 0
            await self._feed.refreshed()
            for columns in waiting if self._feed.asked else ():
                self._asker.take(Told(*columns[:3]))
            for columns in waiting if self._feed.streams else ():
                try:
                    await self._publish(columns)
                except Exception:  # a reading nobody can be told of must not end the intake
                    log.exception("subscribers were not told of %d readings", len(columns[0]))
                await asyncio.sleep(0)  # sending yields to nobody while the connection takes it

    async def _publish(self, columns: Columns) -> None:
        wanted, streams = self._feed.streams, columns[1]
        named = np.isin(streams, [one for one in wanted if one is not None])
        rows = np.flatnonzero(named | (None in wanted))
        for subject, payload in islice(self._feed.observed(*(each[rows] for each in columns)), MOST_TOLD):
            await self._bus.publish(feed.SAID + subject, payload)
