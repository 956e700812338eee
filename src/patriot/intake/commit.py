"""The ingest's writing: one transaction a batch, in the order of delivery."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from patriot.intake import arrays
from patriot.intake.arrays import FLOAT8, INT4, INT8, Array
from patriot.intake.lanes import Lane
from patriot.intake.refused import COUNT, KEEP, Gate
from patriot.intake.work import Report, Work
from patriot.sensing.judging import statements

DAY_US = 86_400_000_000
OLDEST_DAYS, NEWEST_DAYS = (
    400,
    1,
)  # days outside live in the default partition: a broken clock makes no tables
IDS_AT_ONCE = 50_000

TAKE = """
INSERT INTO sensing_lane AS l (name, epoch) VALUES (%s, 1)
ON CONFLICT (name) DO UPDATE SET epoch = l.epoch + 1 RETURNING epoch, sequence, stamp
"""
# Compare and set: whoever took the lane over since has raised its epoch, and this batch is not ours any more.
MOVE = """
UPDATE sensing_lane SET sequence = %s, stamp = %s WHERE name = %s AND epoch = %s AND sequence = %s
"""
REPORT = """
UPDATE sensing_device SET
    online = coalesce(%s::boolean, online), battery_pct = coalesce(%s::float8, battery_pct),
    online_since =
        CASE WHEN coalesce(%s::boolean, online) IS DISTINCT FROM online THEN %s ELSE online_since END
WHERE id = %s
"""


class Overtaken(Exception):  # noqa: N818 - not an accident: a rule
    """Another process holds the lane now. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a commit moves its lane."""

    lane: Lane
    epoch: int
    sequence_before: int
    sequence: int
    stamp: int


async def connect(conninfo: str, name: str) -> "psycopg.AsyncConnection[Any]":
    """A connection in autocommit that notices when the other side is gone. Raises psycopg.Error."""
    connection = await psycopg.AsyncConnection.connect(
        conninfo, autocommit=True, connect_timeout=5, application_name=name,
        keepalives_idle=5, keepalives_interval=2, keepalives_count=3,
    )  # fmt: skip
    await connection.execute("SET statement_timeout = '30s'")
    arrays.register(connection)
    return connection


@dataclass
class Numbers:
    """Numbers for observations, fetched many at a time."""

    _left: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    async def take(self, connection: "psycopg.AsyncConnection[Any]", count: int) -> NDArray[np.int64]:
        """So many numbers that nobody else has, ascending."""
        if count > len(self._left):
            cursor = connection.cursor(binary=True)
            await cursor.execute(statements.IDS, [max(IDS_AT_ONCE, count)])
            self._left = np.array(await cursor.fetchall(), np.int64).reshape(-1)
        taken, self._left = self._left[:count], self._left[count:]
        return taken


@dataclass
class Writer:
    """One connection and what it has made sure of. Not for two batches at once."""

    connection: "psycopg.AsyncConnection[Any]"
    gate: Gate
    _days: set[date] = field(default_factory=set)
    _numbers: Numbers = field(default_factory=Numbers)

    async def write(self, work: Work, step: Step, before: "Awaitable[None] | None") -> NDArray[np.int64]:
        """Commit a batch after the one `before` it; returns the observations' numbers. The rows are copied
        while that one still commits.

        Raises psycopg.Error, Overtaken, and whatever `before` raises; then nothing was written.
        """
        batch = work.batch
        numbers = await self._numbers.take(self.connection, len(batch.at))
        async with self.connection.transaction(), self.connection.cursor() as cursor:
            if len(numbers):
                await _copy(cursor, work, numbers)
            if before is not None:
                await asyncio.shield(before)
            await _latest(cursor, work, numbers)
            await self._news(cursor, work)
            moved = await cursor.execute(
                MOVE, [step.sequence, step.stamp, step.lane.name, step.epoch, step.sequence_before]
            )
            if moved.rowcount != 1:
                raise Overtaken(f"another process reads {step.lane.name} now")
        return numbers

    async def _news(self, cursor: "psycopg.AsyncCursor[Any]", work: Work) -> None:
        """What is rare: conditions, repeats, spikes, states of devices, quarantine."""
        for report in work.reports:
            await cursor.execute(REPORT, _report_row(report))
        if work.crossings:
            await statements.adrive(cursor, statements.changes(work.crossings, datetime.now(UTC)))
        if work.refused:
            kept, counts = self.gate.sort(work.refused)
            await cursor.executemany(KEEP, [one.row() for one in kept])
            await cursor.executemany(COUNT, counts)

    async def ensure_days(self, at: NDArray[np.int64]) -> None:
        """Have a table for every day of a batch, before any of it is written. Raises psycopg.Error."""
        today = datetime.now(UTC).date()
        for number in np.unique(at // DAY_US).tolist():
            day = date(1970, 1, 1) + timedelta(days=min(number, 2_900_000))
            if day not in self._days and -NEWEST_DAYS <= (today - day).days <= OLDEST_DAYS:
                await self.connection.execute(statements.ENSURE_DAY, [day])
                self._days.add(day)


async def _copy(cursor: "psycopg.AsyncCursor[Any]", work: Work, numbers: NDArray[np.int64]) -> None:
    batch = work.batch
    rows = statements.copy_rows(numbers, work.ids, batch.at, batch.received, batch.value, batch.flags)
    async with cursor.copy(statements.COPY) as copy:
        await copy.write(rows)


async def _latest(cursor: "psycopg.AsyncCursor[Any]", work: Work, numbers: NDArray[np.int64]) -> None:
    """Move the latest table, correct earlier rows. Ascending by datastream: writers lock in one order."""
    rows, batch, verdict = work.verdict.newest[1], work.batch, work.verdict
    if len(rows):
        rows = rows[np.argsort(work.ids[rows])]
        columns = (work.ids, numbers, batch.at, batch.received)
        parameters = [Array(INT8, column[rows]) for column in columns]
        await cursor.execute(
            statements.LATEST,
            [*parameters, Array(FLOAT8, batch.value[rows]), Array(INT4, batch.flags[rows])],
        )
    if verdict.spikes:
        ids, moments = zip(*verdict.spikes, strict=True)
        await cursor.execute(statements.SPIKES, [list(ids), list(moments)])
    if len(verdict.late):
        late = verdict.late
        await cursor.execute(
            statements.REPEATS, statements.repeats(numbers[late], work.ids[late], batch.at[late])
        )


def _report_row(report: Report) -> tuple[object, ...]:
    return report.online, report.battery_pct, report.online, report.at, report.device.id
