"""What the intake knows of devices and datastreams: subject → slot, and the engine that judges readings."""

import asyncio
import logging
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from patriot.intake.lanes import CREATES, Lane
from patriot.sensing.judging import statements
from patriot.sensing.judging.columns import Streams

log = logging.getLogger(__name__)

REFRESH_S = 10.0
STRANGER_REFRESH_S = 0.5  # and for somebody unknown not more often than this: their messages wait so long
MOST_STRANGERS = 10_000
NOBODY = -1  # the code of a subject that nobody registered
FIRST_STATUS = -2  # codes from here downward: the status of device number −2 − code
STATUS = "status"

TOPICS = """
SELECT d.uid || '.' || s.key, s.id FROM sensing_device d
JOIN sensing_datastream s ON s.thing_id = d.thing_id WHERE d.enabled
"""
# Whether anything of this changed: a row's newer version has a higher xmin, so that with as many rows as
# before any change makes the sum larger.
CONFIGURED = " UNION ALL ".join(
    f"SELECT count(*), sum(xmin::text::bigint)::bigint FROM sensing_{table}"  # noqa: S608 - constants only
    for table in ("device", "datastream", "threshold")
)
# SensorThings refuses observations that are about nothing: the others' creations go there.
WITH_FEATURE = "SELECT id FROM sensing_datastream WHERE feature_id IS NOT NULL"
DEVICES = "SELECT id, uid, thing_id, coalesce(online, true) FROM sensing_device WHERE enabled ORDER BY id"


@dataclass(slots=True)
class Device:
    """Who reports its own state. `online`: as last committed or read."""

    id: int
    uid: str
    thing: int | None
    online: bool


class Knowledge:
    """One a process, shared by its lanes. `load` forgets all state, `refresh` keeps it."""

    def __init__(self) -> None:
        self.streams = Streams()
        self.ids: NDArray[np.int64] = np.empty(0, np.int64)  # datastream by slot
        self.devices: list[Device] = []
        self.uids: set[str] = set()
        self._topics: list[tuple[str, int]] = []
        self._with_feature: frozenset[int] = frozenset()
        self._codes: dict[str, dict[bytes, int]] = {}
        self._strangers: set[bytes] = set()
        self._configured: list[Any] = []
        self._read_at = 0.0

    async def load(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """Begin from what is committed. Raises psycopg.Error."""
        self._configured = await _rows(connection, CONFIGURED)
        fresh = Streams.load(await _rows(connection, statements.STREAMS))
        fresh.warm(await _rows(connection, statements.RECENT, fresh.wanting()))
        fresh.hold(await _rows(connection, statements.SAME, fresh.flatlining()))
        self.streams = fresh
        await self._look(connection)

    async def refresh(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """Take over what was configured since. Reading it all again takes a second for 20,000 datastreams."""
        configured = await _rows(connection, CONFIGURED)
        self._read_at = monotonic()
        if configured == self._configured:
            return
        self._configured = configured
        self.streams.refresh(await _rows(connection, statements.STREAMS))
        await self._look(connection)

    async def _look(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        topics = await _rows(connection, TOPICS)
        devices = await _rows(connection, DEVICES)
        self._with_feature = frozenset(row[0] for row in await _rows(connection, WITH_FEATURE))
        self.ids = np.array(self.streams.ids, np.int64)
        self._topics = [
            (topic, self.streams.slot_of[one]) for topic, one in topics if one in self.streams.slot_of
        ]
        self.devices = [Device(*row) for row in devices]
        self.uids = {device.uid for device in self.devices}
        self._codes.clear()
        self._strangers.clear()
        self._read_at = monotonic()

    def codes(self, lane: Lane) -> dict[bytes, int]:
        """Subject → slot, or the code of a device's status, as the lane's messages are named."""
        if lane.prefix not in self._codes:
            self._codes[lane.prefix] = self._named(lane.prefix)
        return self._codes[lane.prefix]

    def _named(self, prefix: str) -> dict[bytes, int]:
        if prefix == CREATES:
            slots = [(slot, one) for slot, one in enumerate(self.streams.ids) if one in self._with_feature]
            return {f"{prefix}Datastreams({one}).Observations".encode(): slot for slot, one in slots}
        named = {f"{prefix}{topic}".encode(): slot for topic, slot in self._topics}
        states = enumerate(self.devices)
        return named | {f"{prefix}{one.uid}.{STATUS}".encode(): FIRST_STATUS - n for n, one in states}

    @property
    def is_old(self) -> bool:
        """True when it is time to read again."""
        return monotonic() - self._read_at > REFRESH_S

    def meets(self, subjects: list[bytes]) -> bool:
        """True when there is somebody among these unknown subjects who may have been registered meanwhile."""
        return not self._strangers.issuperset(subjects) and len(self._strangers) < MOST_STRANGERS

    async def ask_for(self, subjects: list[bytes], connection: "psycopg.AsyncConnection[Any]") -> None:
        """Look whether these are registered by now; those that are not are not asked for again."""
        await asyncio.sleep(max(0.0, self._read_at + STRANGER_REFRESH_S - monotonic()))
        await self.refresh(connection)
        self._strangers.update(subjects)


async def _rows(connection: "psycopg.AsyncConnection[Any]", sql: str, parameters: Any = None) -> list[Any]:
    return await (await connection.execute(sql, parameters)).fetchall()
