"""The intake's writing: one transaction a batch. No ORM: psycopg, binary COPY, the fleet's own SQL."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg

from patriot.fleet import statements
from patriot.fleet.rules import Draft, Known, Last
from patriot.kernel.config import Config

type Quarantine = tuple[datetime, str, str, str, str]  # at, source, uid, reason, frame


def conninfo(config: Config) -> str:
    """How libpq reaches the database: `DATABASE_URL`, or the embedded server's socket."""
    return config.database_url or f"host={config.run_folder} user=patriot dbname=patriot"


@dataclass
class Store:
    """One connection, opened at first use and again after it broke. Not for several tasks at once."""

    conninfo: str
    _connection: psycopg.AsyncConnection | None = None
    _days: set[date] = field(default_factory=set)

    async def connection(self) -> psycopg.AsyncConnection:
        """The open connection, in autocommit, with its staging table. Raises psycopg.Error."""
        if self._connection is None or self._connection.closed:
            fresh = await psycopg.AsyncConnection.connect(
                self.conninfo, autocommit=True, connect_timeout=5, application_name="patriot-intake"
            )
            await fresh.execute("SET statement_timeout = '10s'")
            await fresh.execute(statements.STAGE)
            self._connection = fresh
        return self._connection

    async def close(self) -> None:
        """Let go of the connection, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def devices(self) -> dict[str, Known]:
        """Every registered device with its last fix, by uid."""
        cursor = await (await self.connection()).execute(statements.DEVICES)
        return {row[0]: _known(*row[1:]) for row in await cursor.fetchall()}

    async def write(self, drafts: list[Draft], quarantined: list[Quarantine]) -> None:
        """Commit a batch: positions, what they move, and what could not be used. All or nothing."""
        connection = await self.connection()
        await self._ensure_days(connection, {draft.day for draft in drafts})
        async with connection.transaction(), connection.cursor() as cursor:
            if drafts:
                await _copy(cursor, drafts)
                await cursor.execute(statements.STORE)
                await cursor.execute(statements.MOVE)
            if quarantined:
                await cursor.executemany(statements.QUARANTINE, quarantined)

    async def _ensure_days(self, connection: psycopg.AsyncConnection, days: Iterable[date]) -> None:
        for day in set(days) - self._days:
            await connection.execute(statements.ENSURE_DAY, [day])
            self._days.add(day)


async def _copy(cursor: psycopg.AsyncCursor, drafts: list[Draft]) -> None:
    async with cursor.copy(statements.COPY) as copy:
        copy.set_types(statements.TYPES)
        for draft in drafts:
            await copy.write_row(statements.row(draft))


def _known(
    device_id: int,
    vehicle_id: int | None,
    secret_digest: str,
    claimed_at: datetime | None,
    fixed_at: datetime | None,
    lon: float | None,
    lat: float | None,
) -> Known:
    last = None
    if claimed_at and fixed_at and lon is not None and lat is not None:
        last = Last(claimed_at, fixed_at, lon, lat)
    return Known(device_id, vehicle_id, secret_digest, last)
