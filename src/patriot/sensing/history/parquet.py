"""Reading and writing the files of archived days. DuckDB works in this process and keeps no file of its own.

What is read is what the catalogue `sensing_archive` names: a file that a crash left behind does not count.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from django.conf import settings
from django.db import connection

from patriot.sensing.history.fetch import Column

log = logging.getLogger(__name__)

ROW_GROUP = 122_880
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = ("at", "received_at", "until", "result_time", "valid_from", "valid_to")
ORDER = (
    "datastream_id", "at", "value", "flags", "id", "received_at", "feature_id", "until", "result_time",
    "valid_from", "valid_to", "result", "quality", "parameters",
)  # fmt: skip
TYPES = {"datastream_id": "BIGINT", "flags": "INTEGER", "id": "BIGINT", "result": "VARCHAR",
         "quality": "VARCHAR", "parameters": "VARCHAR"}  # fmt: skip
WRITE = "COPY part TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d)" % ROW_GROUP  # noqa: UP031
USABLE = "CASE WHEN value BETWEEN -1e200 AND 1e200 THEN value END"
GROUPS = f"""
    SELECT wanted.width, datastream_id, wanted.bucket, flags, count(*), count(usable), sum(usable),
           min(usable), max(usable), max(us) FILTER (usable IS NOT NULL),
           arg_max(usable, us) FILTER (usable IS NOT NULL)
    FROM (SELECT *, epoch_us("at") AS us, {USABLE} AS usable FROM read_parquet($files)
          WHERE datastream_id BETWEEN $low AND $high AND "at" >= $since AND "at" < $until) AS reading
    JOIN wanted USING (datastream_id)
    WHERE us >= wanted.bucket AND us < wanted.bucket + wanted.length
    GROUP BY ALL
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive. Its streams: those of [first_stream, last_stream]; the next part follows on."""

    day: date
    part: int
    path: Path
    rows: int
    bytes: int
    first_stream: int
    last_stream: int
    fingerprint: str


def folder() -> Path:
    """Where the files are: one folder a day (UTC)."""
    return settings.CONFIG.home / "archive" / "observations"


def files(
    since: datetime | None = None, until: datetime | None = None, streams: tuple[int, int] | None = None
) -> list[File]:
    """The archive's files that may hold readings of [since, until) of these streams (first, last)."""
    low, high = streams or (-(2**63), 2**63 - 1)
    statement = (
        "SELECT day, part, file, rows, bytes, first_stream, last_stream, fingerprint FROM sensing_archive "
        "WHERE (%(since)s::date IS NULL OR day >= %(since)s) "
        "AND (%(until)s::date IS NULL OR day <= %(until)s) "
        "AND first_stream <= %(high)s AND last_stream >= %(low)s ORDER BY day, part"
    )
    days = {"since": since and since.astimezone(UTC).date(), "until": until and until.astimezone(UTC).date()}
    with connection.cursor() as cursor:
        cursor.execute(statement, days | {"low": low, "high": high})
        return [File(row[0], row[1], folder() / row[2], *row[3:]) for row in cursor.fetchall()]


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One in this process, in memory; it fetches nothing from anywhere."""
    return duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": "1GB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def cursor() -> duckdb.DuckDBPyConnection:
    """A cursor of this process's DuckDB; several threads need one each."""
    own = _database().cursor()
    own.execute("SET TimeZone = 'UTC'")
    return own


def _paths(found: Iterable[File]) -> list[str]:
    return [str(file.path) for file in found]


def _present(found: Iterable[File]) -> list[File]:
    """Those that are there. Of a lost one the log tells: a page shows the rest rather than nothing."""
    listed = list(found)
    lost = [file.path for file in listed if not file.path.is_file()]
    if lost:
        log.error("archived readings are missing: %s", ", ".join(map(str, lost)))
    return [file for file in listed if file.path not in lost]


def write(path: Path, part: dict[str, Column]) -> None:
    """Write columns, sorted already, as one file. `part` has every name of ORDER.

    Times are µs since 1970, `NO_TIME` for none; `value` NaN and `feature_id` -1 are none; None is no text.
    """
    with cursor() as own:
        own.register("columns", part)
        named = ", ".join(f'{_expression(name)} AS "{name}"' for name in ORDER)
        own.execute(f"CREATE TEMP VIEW part AS SELECT {named} FROM columns")  # noqa: S608
        own.execute(WRITE.format(path=str(path).replace("'", "''")))
        own.execute("DROP VIEW part")


NO_TIME = -(2**63) + 946_684_800_000_000  # '-infinity' as `fetch.columns` gives it


def _expression(name: str) -> str:
    if name in TIMES:
        return f'CASE WHEN "{name}" <> {NO_TIME} THEN make_timestamptz("{name}") END'
    if name == "feature_id":
        return "nullif(feature_id, -1)"
    return "CASE WHEN NOT isnan(value) THEN value END" if name == "value" else f"{name}::{TYPES[name]}"


def read_back(path: Path) -> dict[str, Column]:
    """The numbers of a file in its order: `datastream_id`, `at` (µs), `value` (NaN: none), `flags`, `id`."""
    query = (
        """SELECT datastream_id, epoch_us("at") AS "at", coalesce(value, 'nan'::DOUBLE) AS value, flags, """
        "id FROM read_parquet($file)"
    )
    with cursor() as own:
        return own.execute(query, {"file": str(path)}).fetchnumpy()


def groups(wanted: Sequence[tuple[str, int, datetime]]) -> list[tuple[Any, ...]]:
    """What the files add to these buckets (width "5m" or "1h", datastream, beginning), by flags.

    Rows as `marks.sensing_rolling_files` has them.
    """
    found: list[tuple[Any, ...]] = []
    by_day: dict[date, list[tuple[str, int, datetime]]] = {}
    for one in wanted:
        by_day.setdefault(one[2].astimezone(UTC).date(), []).append(one)
    for day, buckets in by_day.items():
        found += _groups_of_day(day, buckets)
    return found


def _groups_of_day(day: date, buckets: list[tuple[str, int, datetime]]) -> list[tuple[Any, ...]]:
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    until = since + timedelta(days=1)
    streams = [stream for _, stream, _ in buckets]
    low, high = min(streams), max(streams)
    held = files(since, since, (low, high))
    if not held:
        return []
    table = {
        "width": np.array([width for width, _, _ in buckets], dtype=object),
        "datastream_id": np.array(streams, np.int64),
        "bucket": np.array([int(at.timestamp()) * 1_000_000 for _, _, at in buckets], np.int64),
        "length": np.array(
            [(300 if width == "5m" else 3600) * 1_000_000 for width, _, _ in buckets], np.int64
        ),
    }
    with cursor() as own:
        own.register("wanted", table)
        given = {"files": _paths(held), "low": low, "high": high, "since": since, "until": until}
        rows = own.execute(GROUPS, given).fetchall()
    return [(*row[:2], moment(row[2]), *row[3:9], _maybe(row[9]), row[10]) for row in rows]


def moment(us: int) -> datetime:
    """µs since 1970 as a time. DuckDB's own conversion wants another library."""
    return EPOCH + timedelta(microseconds=us)


def _maybe(us: int | None) -> datetime | None:
    return None if us is None else moment(us)


def plain(values: Column) -> Column:
    """DuckDB's masked columns with NaN where there is none."""
    if isinstance(values, np.ma.MaskedArray):
        return values.filled(np.nan) if values.dtype.kind == "f" else values.filled(0)
    return values


def readings(stream: int, since: datetime, until: datetime) -> dict[str, Column] | None:
    """One stream's archived readings: `at` (µs), `value` (NaN: none), `flags`, `id`. None: no file."""
    held = _present(files(since, until, (stream, stream)))
    if not held:
        return None
    query = (
        """SELECT epoch_us("at") AS "at", coalesce(value, 'nan'::DOUBLE) AS value, flags, id """
        """FROM read_parquet($files) WHERE datastream_id = $stream AND "at" >= $since AND "at" < $until """
        """ORDER BY "at", id"""
    )
    given = {"files": _paths(held), "stream": stream, "since": since, "until": until}
    with cursor() as own:
        return own.execute(query, given).fetchnumpy()


def entities(stream: int, since: datetime, until: datetime, limit: int = 100_000) -> list[dict[str, Any]]:
    """One stream's archived observations, whole, oldest first: every column of `sensing_observation`.

    Times aware, `result`, `quality`, `parameters` as JSON text or None.
    """
    held = _present(files(since, until, (stream, stream)))
    if not held:
        return []
    names = [f'epoch_us("{name}")' if name in TIMES else name for name in ORDER]
    query = (
        f"SELECT {', '.join(names)} FROM read_parquet($files) WHERE datastream_id = $stream "  # noqa: S608
        """AND "at" >= $since AND "at" < $until ORDER BY "at", id LIMIT $limit"""
    )
    given = {"files": _paths(held), "stream": stream, "since": since, "until": until, "limit": limit}
    with cursor() as own:
        rows = own.execute(query, given).fetchall()
    return [
        {name: _maybe(v) if name in TIMES else v for name, v in zip(ORDER, row, strict=True)} for row in rows
    ]
