"""SensorThings over MQTT in the intake: creations that are more than a number, and news for subscribers."""

import asyncio
import logging
from collections.abc import Collection
from itertools import islice

import numpy as np
from django.db import Error, connection
from numpy.typing import NDArray

from patriot.intake.commit import connect
from patriot.intake.refused import Refused, refused
from patriot.intake.store import conninfo
from patriot.intake.work import Work
from patriot.kernel.bus import Bus
from patriot.kernel.config import Config
from patriot.kernel.errors import Refused as Denied
from patriot.sensing.sta import feed, mqtt
from patriot.sensing.sta.errors import Fault

log = logging.getLogger(__name__)

NOT_CREATED, FAILED = "not_created", "failed"
MOST_TOLD = 2000  # subscribers' messages for one batch: who wants everything of a flood gets part of it
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
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Look who subscribed, and tell what is created here."""
        feed.attach(self._feed)
        try:
            await self._feed.run()
        finally:
            feed.detach(self._feed)

    async def _public(self) -> Collection[int]:
        async with await connect(conninfo(self._config), "patriot-intake-public") as link:
            return {row[0] for row in await (await link.execute(PUBLIC)).fetchall()}

    def tell(self, work: Work, numbers: NDArray[np.int64]) -> None:
        """Publish a committed batch's readings to those who want them; costs nothing while nobody does."""
        wanted = self._feed.streams
        if not wanted or self._telling:  # who cannot be told in time is not told: this is best effort
            return
        ids, batch = work.ids, work.batch
        named = np.isin(ids, [one for one in wanted if one is not None])
        rows = np.flatnonzero(named | (None in wanted))
        columns = (numbers, ids, batch.at, batch.value, batch.flags)
        said = list(islice(self._feed.observed(*(column[rows] for column in columns)), MOST_TOLD))
        if said:
            task = asyncio.create_task(self._publish(said))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _publish(self, said: list[feed.Message]) -> None:
        for subject, payload in said:
            await self._bus.publish(feed.SAID + subject, payload)
