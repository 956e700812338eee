"""The ingest: which lanes this process holds, and its life while servers come and go."""

import asyncio
import logging
import os
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from typing import Any
from uuid import uuid4

import nats.errors
import numpy as np
import psycopg
from numpy.typing import NDArray

from patriot.intake.commit import TAKE, Overtaken, Writer, connect
from patriot.intake.creations import Subscribers
from patriot.intake.flow import WRITERS, Flow
from patriot.intake.knowledge import Knowledge
from patriot.intake.lanes import MAIN, Broker, Lane, Place, named, split, wanted
from patriot.intake.live import Live
from patriot.intake.refused import Gate
from patriot.intake.store import conninfo
from patriot.intake.wire import Lost
from patriot.intake.wire import connect as connect_link
from patriot.intake.work import Work
from patriot.kernel.config import Config

log = logging.getLogger(__name__)

LEASE = "patriot-intake-lease"
LOCK_CLASS = 0x1A4E
LOOK_S = 1.0  # how often a process looks whether it holds its share
FORGET_S = 5.0  # how often the broker lets go of what is committed
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 2.0
HELD_LONG_S = 10.0

PEERS = """
SELECT count(*) FROM pg_stat_activity WHERE starts_with(application_name, %s) AND datname = current_database()
"""
KNOW = "INSERT INTO sensing_lane (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
PLACES = "SELECT name, sequence, stamp FROM sensing_lane ORDER BY name"
LOCK = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
UNLOCK = "SELECT pg_advisory_unlock(%s, hashtext(%s))"
AWAY = (psycopg.Error, OSError, TimeoutError, Lost, Overtaken, RuntimeError, nats.errors.Error)

type Connection = "psycopg.AsyncConnection[Any]"


@dataclass
class Ingest:
    """Everything MQTT of one intake process. `run` until cancelled; it outlives any server."""

    config: Config
    live: Live
    subscribers: Subscribers
    trouble: str = "not started"
    _knowledge: Knowledge = field(default_factory=Knowledge)
    _gate: Gate = field(default_factory=Gate)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _forgot_at: float = 0.0

    async def run(self) -> None:
        """Hold lanes while there are servers; else wait and try again. Nothing is acknowledged meanwhile."""
        lanes, wait = wanted(self.config.env), FIRST_WAIT_S
        while True:
            began = monotonic()
            try:
                async with await connect(conninfo(self.config), f"{LEASE} {os.getpid()}") as lease:
                    await self._hold(lease, lanes)
            except AWAY as fault:
                if str(fault) != self.trouble:
                    log.warning("readings wait in the broker: %s", fault)
                self.trouble = str(fault)
            wait = FIRST_WAIT_S if monotonic() - began > HELD_LONG_S else min(LONGEST_WAIT_S, wait * 2)
            await asyncio.sleep(wait)

    async def _hold(self, lease: Connection, count: int) -> None:
        """Hold a fair share of the lanes, again and again, as processes come and go."""
        async with Broker(self._address()) as broker:
            # Before anything is stored in one: whatever is in the stream belongs to a lane that is read.
            await lease.execute(KNOW, [[lane.name for lane in split(count)]])
            await broker.prepare(count)
            lanes = [named(name) for name, *_ in await self._places(lease)]
            held: list[Lane] = []
            while True:
                self.trouble = ""
                held = await self._share(lease, lanes, held)
                if held:
                    await self._knowledge.load(lease)
                await self._read(lease, broker, lanes, held)

    async def _places(self, lease: Connection) -> list[tuple[str, int, int]]:
        """All lanes, also those of an earlier split, and how far they were committed."""
        async with self._looking:
            return await (await lease.execute(PLACES)).fetchall()

    def _address(self) -> str:
        address = self.config.nats_address()
        if not address:
            raise Lost("no broker was started yet")
        return address

    async def _share(self, lease: Connection, lanes: list[Lane], held: list[Lane]) -> list[Lane]:
        """The lanes this process holds after giving back what is too much and taking what is free."""
        most = await self._most(lease, lanes)
        for lane in held[most:]:
            await lease.execute(UNLOCK, [LOCK_CLASS, lane.name])
        held = held[:most]
        for lane in lanes:
            if len(held) < most and lane not in held:
                cursor = await lease.execute(LOCK, [LOCK_CLASS, lane.name])
                if (await cursor.fetchone() or [False])[0]:
                    held.append(lane)
        return held

    async def _most(self, lease: Connection, lanes: list[Lane]) -> int:
        cursor = await lease.execute(PEERS, [LEASE])
        peers = int((await cursor.fetchone() or [1])[0])
        return ceil(len(lanes) / max(1, peers))

    async def _read(self, lease: Connection, broker: Broker, lanes: list[Lane], held: list[Lane]) -> None:
        """Read the held lanes until this process should hold others. Raises when one of them fails."""
        async with AsyncExitStack() as stack:
            flows = [await self._flow(stack, lease, broker, lane) for lane in held]
            tasks = [asyncio.create_task(flow.run(), name=flow.lane.name) for flow in flows]
            try:
                while not await self._is_due(lease, lanes, held):
                    if MAIN in held and monotonic() - self._forgot_at > FORGET_S:
                        places = await self._places(lease)
                        await broker.forget((named(name), Place(*place)) for name, *place in places)
                        self._forgot_at = monotonic()
                    async with self._looking:
                        if self._knowledge.is_old:
                            await self._knowledge.refresh(lease)
                    await asyncio.wait(
                        tasks, timeout=LOOK_S, return_when=asyncio.FIRST_EXCEPTION
                    ) if tasks else await asyncio.sleep(LOOK_S)
                    for task in tasks:
                        if task.done():
                            task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _is_due(self, lease: Connection, lanes: list[Lane], held: list[Lane]) -> bool:
        """True when processes came or went, or a lane is free that this one may take."""
        async with self._looking:
            most = await self._most(lease, lanes)
            if len(held) > most:
                return True
            if len(held) == most or len(held) == len(lanes):
                return False
            cursor = await lease.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                [LOCK_CLASS],
            )
            return int((await cursor.fetchone() or [0])[0]) < len(lanes)

    async def _flow(self, stack: AsyncExitStack, lease: Connection, broker: Broker, lane: Lane) -> Flow:
        """Connect everything a lane needs; from here on it is delivered to us."""
        cursor = await lease.execute(TAKE, [lane.name])
        epoch, sequence, stamp = await cursor.fetchone() or (0, 0, 0)
        inbox = f"_patriot.{lane.name}.{uuid4().hex}"
        link = await connect_link(self._address(), inbox, f"patriot-intake {lane.name}")
        stack.callback(link.close)
        writers = []
        for _ in range(WRITERS):
            connection = await connect(conninfo(self.config), "patriot-intake-writer")
            await stack.enter_async_context(_closing(connection))
            writers.append(Writer(connection, self._gate))
        await broker.deliver(lane, Place(sequence, stamp), inbox)
        return Flow(
            lane, link, epoch, sequence, stamp, self._knowledge, writers, lease, self._looking, self._tell
        )

    def _tell(self, work: Work, numbers: NDArray[np.int64]) -> None:
        rows, batch = work.verdict.newest[1], work.batch
        self.live.tell(work.ids[rows], batch.value[rows], batch.at[rows], batch.flags[rows])
        self.subscribers.tell(work, numbers)


class _closing:  # noqa: N801 - a context manager, named like contextlib's
    """Close without asking: a transaction under way is rolled back by the server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_fault: object) -> None:
        with suppress(psycopg.Error, OSError):
            await self._connection.close()
