"""Closed days go from tables into sorted Parquet files: `<home>/archive/observations/day=2026-11-22/`.

A day's readings are written aside, read back and compared, moved into place, entered in the catalogue and
dropped from the tables; the last three end with one commit. Killed at any point, it begins that day again and
nothing is lost or doubled: what counts is what the catalogue names. What changes meanwhile is noted in
`sensing_touched` by the trigger of migration 0005; then the day waits for the next run. Readings that come
after that go into the tables again and become a further part.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import file_digest
from pathlib import Path

import numpy as np
from django.db import OperationalError, connection, transaction

from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.ledger import actions as ledger
from patriot.sensing.events import ReadingsArchived
from patriot.sensing.history import fetch, marks, parquet, retention, rollups
from patriot.sensing.history.fetch import Column
from patriot.sensing.history.parquet import File

LOCK = 0xA2C41  # advisory
PART_ROWS = 2_000_000
DAY = timedelta(days=1)
TABLES = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'sensing_observation'::regclass AND c.relname ~ '_[0-9]{8}$' ORDER BY 1
"""
STRAY_DAYS = """
    SELECT DISTINCT (at AT TIME ZONE 'UTC')::date FROM sensing_observation_rest
    WHERE at < %s AND at > '-infinity' ORDER BY 1
"""
STREAMS = "SELECT datastream_id, count(*) FROM {table} WHERE at >= %s AND at < %s GROUP BY 1 ORDER BY 1"
ROWS = """
    SELECT datastream_id, at, coalesce(value, 'NaN') AS value, flags, id, received_at,
           coalesce(feature_id, -1) AS feature_id, coalesce(until, '-infinity') AS until,
           coalesce(result_time, '-infinity') AS result_time, coalesce(valid_from, '-infinity') AS valid_from,
           coalesce(valid_to, '-infinity') AS valid_to
    FROM {table} WHERE at >= %s AND at < %s AND datastream_id BETWEEN %s AND %s ORDER BY datastream_id, at, id
"""
KINDS = {
    "datastream_id": "id", "at": "at", "value": "number", "flags": "small", "id": "id", "received_at": "at",
    "feature_id": "id", "until": "at", "result_time": "at", "valid_from": "at", "valid_to": "at",
}  # fmt: skip
TEXTS = """
    SELECT id, result::text, quality::text, parameters::text FROM {table}
    WHERE at >= %s AND at < %s AND datastream_id BETWEEN %s AND %s
      AND (result IS NOT NULL OR quality IS NOT NULL OR parameters IS NOT NULL) ORDER BY datastream_id, at, id
"""
CATALOGUE = """
    INSERT INTO sensing_archive
        (day, part, file, rows, bytes, first_stream, last_stream, fingerprint, archived_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
REST = "sensing_observation_rest"


class Unfaithful(Exception):  # noqa: N818 - the file is thrown away, nothing happened
    """A file read back was not what was written."""


@dataclass(frozen=True)
class Archived:
    """What became of a day."""

    day: date
    rows: int
    bytes: int
    parts: int


def archive(before: date | None = None, *, actor: str = "system:archive") -> list[Archived]:
    """Archive every day before that one (by default those that no longer stay in tables); tells what it did.

    A day that changed meanwhile, or whose table somebody holds, is left for the next run.
    """
    limit = before or retention.raw_since(clock.now())
    done = []
    with _alone():
        shutil.rmtree(_aside(), ignore_errors=True)
        for table, day in _waiting(limit):
            _sweep(day)
            archived = _archive(table, day, actor)
            if archived is not None:
                done.append(archived)
    return done


@contextmanager
def _alone() -> Iterator[None]:
    """One archive at a time, on any machine. A lock of the session: it goes with the process that held it."""
    if not rollups.scalar("SELECT pg_try_advisory_lock(%s)", [LOCK]):
        raise Refused("Another process is archiving.")
    try:
        yield
    finally:
        if connection.is_usable():
            rollups.scalar("SELECT pg_advisory_unlock(%s)", [LOCK])


def _sweep(day: date) -> None:
    """Remove files that a crash moved into place before the catalogue named them."""
    named = {file.path for file in parquet.files(_midnight(day), _midnight(day))}
    for path in (parquet.folder() / f"day={day}").glob("*.parquet"):
        if path not in named:
            path.unlink()


def _waiting(limit: date) -> list[tuple[str, date]]:
    """Tables and their days before `limit`; the default table once for every day in it."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = [str(name) for (name,) in cursor.fetchall()]
        days = [(name, datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC).date()) for name in names]
        cursor.execute(STRAY_DAYS, [_midnight(limit)])
        return [pair for pair in days if pair[1] < limit] + [(REST, day) for (day,) in cursor.fetchall()]


def _archive(table: str, day: date, actor: str) -> Archived | None:
    """One day of one table. None when it has to wait."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sensing_touched WHERE day = %s", [day])
    marks.work_off()  # while its readings are still in a table
    aside = _aside() / str(day)
    aside.mkdir(parents=True, exist_ok=True)
    files = list(_write_parts(table, day, aside))
    try:
        return _settle(table, day, files, actor)
    except (OperationalError, _Changed):  # a lock that was not to be had in time, or a late reading
        return None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


class _Changed(Exception):  # noqa: N818
    """The day is not what was written any more."""


def _write_parts(table: str, day: date, aside: Path) -> Iterator[File]:
    first = _next_part(day)
    for number, (low, high) in enumerate(_ranges(table, day), first):
        part = _columns(table, day, low, high)
        path = aside / f"part-{number:05}.parquet"
        parquet.write(path, part)
        _compare(path, part)
        _sync(path)
        with path.open("rb") as file:
            fingerprint = file_digest(file, "sha256").hexdigest()
        yield File(day, number, path, len(part["id"]), path.stat().st_size, low, high, fingerprint)


def _next_part(day: date) -> int:
    return int(rollups.scalar("SELECT coalesce(max(part), 0) + 1 FROM sensing_archive WHERE day = %s", [day]))


def _ranges(table: str, day: date) -> list[tuple[int, int]]:
    """First and last datastream of each part, about PART_ROWS rows each."""
    with connection.cursor() as cursor:
        cursor.execute(STREAMS.format(table=table), _bounds(day))
        counted = cursor.fetchall()
    ranges: list[tuple[int, int]] = []
    held = PART_ROWS
    for stream, count in counted:
        if held >= PART_ROWS:
            ranges.append((stream, stream))
            held = 0
        ranges[-1] = (ranges[-1][0], stream)
        held += count
    return ranges


def _columns(table: str, day: date, low: int, high: int) -> dict[str, Column]:
    """A part's columns, sorted, as `parquet.write` wants them."""
    where: list[datetime | int] = [*_bounds(day), low, high]
    part = fetch.columns(KINDS, ROWS.format(table=table), where)
    with connection.cursor() as cursor:
        cursor.execute(TEXTS.format(table=table), where)
        texts = cursor.fetchall()
    places = np.flatnonzero(np.isin(part["id"], [row[0] for row in texts]))
    if len(places) != len(texts):
        raise Unfaithful(f"{table}: two readings have one number")
    for n, name in enumerate(("result", "quality", "parameters"), 1):
        part[name] = np.full(len(part["id"]), None, object)
        part[name][places] = [row[n] for row in texts]
    return part


def _compare(path: Path, part: dict[str, Column]) -> None:
    """Read the file and compare every number. Raises Unfaithful."""
    back = parquet.read_back(path)
    for name, values in back.items():
        if not np.array_equal(parquet.plain(values), part[name], equal_nan=values.dtype.kind == "f"):
            raise Unfaithful(f"{path.name}: {name} is not what was written")


@transaction.atomic
def _settle(table: str, day: date, files: list[File], actor: str) -> Archived:
    """Files into place, then the catalogue, the ledger and the end of the table in one commit."""
    rows, size = sum(file.rows for file in files), sum(file.bytes for file in files)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute("SET LOCAL patriot.moves_readings = 'on'")
        _forget(table, day, rows)
        cursor.execute("SELECT EXISTS (SELECT FROM sensing_touched WHERE day = %s)", [day])
        if cursor.fetchone()[0]:
            raise _Changed
        for file in files:
            name = _move(file)
            streams = (file.first_stream, file.last_stream)
            at = clock.now()
            cursor.execute(
                CATALOGUE, [day, file.part, name, file.rows, file.bytes, *streams, file.fingerprint, at]
            )
        cursor.execute("SET LOCAL patriot.moves_readings = 'off'")
    if files:
        event = ReadingsArchived(str(day), rows, size, [file.fingerprint for file in files])
        ledger.append(event, actor=actor, subject=f"day:{day}")
    return Archived(day, rows, size, len(files))


def _forget(table: str, day: date, rows: int) -> None:
    """Take the day's readings out of the tables. Raises _Changed when they are not as many as written."""
    with connection.cursor() as cursor:
        if table == REST:
            cursor.execute(f"DELETE FROM {REST} WHERE at >= %s AND at < %s", _bounds(day))  # noqa: S608
            if cursor.rowcount != rows:
                raise _Changed
        else:  # writers lock in this order, too
            cursor.execute("LOCK TABLE ONLY sensing_observation IN ACCESS EXCLUSIVE MODE")
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}")


def _move(file: File) -> str:
    """Into the day's folder; returns its name below the archive's."""
    target = parquet.folder() / f"day={file.day}" / file.path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    file.path.replace(target)
    _sync(target.parent)
    _sync(target.parent.parent)
    return str(target.relative_to(parquet.folder()))


def _sync(path: Path) -> None:
    """Have a file or a folder on the disk before anybody relies on it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _aside() -> Path:
    return parquet.folder().parent / "writing"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _bounds(day: date) -> list[datetime]:
    return [_midnight(day), _midnight(day) + DAY]


def days() -> dict[date, int]:
    """Archived days and how many readings their files hold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT day, sum(rows)::bigint FROM sensing_archive GROUP BY day ORDER BY day")
        return dict(cursor.fetchall())


def damaged() -> list[File]:
    """Files of the catalogue that are missing or no longer what was written."""
    return [file for file in parquet.files() if not _is_whole(file)]


def _is_whole(file: File) -> bool:
    if not file.path.is_file():
        return False
    with file.path.open("rb") as content:
        return file_digest(content, "sha256").hexdigest() == file.fingerprint
