"""Five-minute and hourly rollups: each bucket is read once, when it has closed; then again only where marked.

What marks: migration 0005_rollups. Readings on time cost the writers nothing.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction

from patriot.sensing.rules import UNFIT, Flag

log = logging.getLogger(__name__)

FIVE, HOUR = timedelta(minutes=5), timedelta(hours=1)
WIDTHS = {"5m": FIVE, "1h": HOUR}
ORIGIN = "timestamptz '2000-01-01 00:00+00'"
LOCK = 0x0110  # advisory: one process at a time rolls up or archives
GRACE = timedelta(seconds=20)  # between a bucket's end and its roll: for readings that are still on their way
BUCKETS_AT_ONCE = 12
LARGEST = "1e200"  # what is larger is no reading of anything, and its sum would overflow

USABLE = f"CASE WHEN value BETWEEN -{LARGEST} AND {LARGEST} THEN value END"
FIGURES = """count(*) AS seen, count(value) AS n, sum(value) AS total, min(value) AS low, max(value) AS high,
    max(at) FILTER (WHERE value IS NOT NULL) AS last_at"""
# Groups by flags first: they are few, so that only few rows meet the expensive aggregates.
GROUPED = f"""
    SELECT datastream_id, date_bin('{{width}}', at, {ORIGIN}) AS bucket, flags, {FIGURES}
    FROM (SELECT datastream_id, at, flags, {USABLE} AS value
          FROM sensing_observation WHERE {{where}}) AS reading
    GROUP BY 1, 2, 3
"""  # noqa: S608 - constants only
_FIT = f"FILTER (WHERE flags & {UNFIT.value} = 0)"
_COUNTS = ", ".join(f"coalesce(sum(seen) FILTER (WHERE flags & {flag.value} <> 0), 0)::int" for flag in Flag)
MERGED = f"""
    SELECT datastream_id, bucket, sum(total) {_FIT} AS total, min(low) {_FIT} AS low,
           max(high) {_FIT} AS high, max(last_at) {_FIT} AS last_at,
           coalesce(sum(n) {_FIT}, 0)::int AS n, sum(seen)::int AS seen,
           bit_or(flags) AS flags, CASE WHEN bit_or(flags) <> 0 THEN ARRAY[{_COUNTS}] END AS flag_counts
    FROM grouped GROUP BY datastream_id, bucket
"""  # noqa: S608
LAST = f"""
    SELECT value FROM sensing_observation o
    WHERE o.datastream_id = merged.datastream_id AND o.at = merged.last_at AND flags & {UNFIT.value} = 0
      AND value BETWEEN -{LARGEST} AND {LARGEST} AND {{where}} ORDER BY id DESC LIMIT 1
"""  # noqa: S608
COLUMNS = "datastream_id, bucket, total, low, high, last, last_at, n, seen, flags, flag_counts"
# In the order of datastreams, so that a bucket lies in the table as its index does.
STORED = f"""
    INSERT INTO {{table}} ({COLUMNS})
    SELECT datastream_id, bucket, total, low, high, CASE WHEN low = high THEN low ELSE {{last}} END, last_at,
           n, seen, flags, flag_counts
    FROM merged ORDER BY bucket, datastream_id
"""  # noqa: S608
_COUNTS_OF_FIVES = ", ".join(f"coalesce(sum(flag_counts[{n}]), 0)::int" for n in range(1, len(Flag) + 1))
FIGURES_OF_FIVES = f"""
    sum(total) AS total, min(low) AS low, max(high) AS high, max(last_at) AS last_at, sum(n)::int AS n,
    sum(seen)::int AS seen, bit_or(flags) AS flags,
    CASE WHEN bit_or(flags) <> 0 THEN ARRAY[{_COUNTS_OF_FIVES}] END AS flag_counts"""
FROM_FIVES = f"""
    SELECT datastream_id, date_bin('1 hour', bucket, {ORIGIN}) AS bucket, {FIGURES_OF_FIVES}
    FROM sensing_rollup_5m f WHERE bucket >= %s AND bucket < %s GROUP BY 1, 2
"""  # noqa: S608
LAST_OF_FIVES = """
    (SELECT last FROM sensing_rollup_5m f WHERE f.datastream_id = merged.datastream_id
     AND f.bucket = date_bin('5 minutes', merged.last_at, timestamptz '2000-01-01 00:00+00'))
"""
HOURS = f"WITH merged AS ({FROM_FIVES}) {STORED.format(table='sensing_rollup_1h', last=LAST_OF_FIVES)}"
SUMMARIZE = """
    SELECT count(brin_summarize_new_values(i.indexrelid)) FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
    WHERE a.amname = 'brin' AND i.indrelid = ANY(SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)
"""
STATE = """
    SELECT clock_timestamp(), (SELECT through FROM sensing_rolled WHERE width = '5m'),
           (SELECT through FROM sensing_rolled WHERE width = '1h')
"""
# Writers that may still hold a reading of a bucket that has ended, unmarked: they began before its end.
OLDEST_WRITER = """
    SELECT min(a.xact_start) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.relation IN (SELECT relid FROM pg_partition_tree('sensing_observation'))
"""


def database_now() -> datetime:
    """The time by the database's clock: the one that the marks go by."""
    return scalar("SELECT clock_timestamp()")  # type: ignore[no-any-return]


def state() -> tuple[datetime, datetime, datetime]:
    """The database's time, and until when five minutes and hours are rolled up: one question."""
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return cursor.fetchone()  # type: ignore[no-any-return]


def through(width: str) -> datetime:
    """Buckets of this width that end until then are rolled up."""
    return scalar("SELECT through FROM sensing_rolled WHERE width = %s", [width])  # type: ignore[no-any-return]


def scalar(statement: str, params: Sequence[Any] = ()) -> Any:
    """The first value of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0]


def floor(moment: datetime, width: timedelta) -> datetime:
    """The beginning of the bucket in which `moment` lies."""
    whole = (moment - datetime(2000, 1, 1, tzinfo=UTC)) // width
    return datetime(2000, 1, 1, tzinfo=UTC) + whole * width


def roll_closed(now: datetime | None = None) -> int:
    """Roll up every bucket that has closed, a transaction each, up to where a writer may still add to one.

    Returns how many rows were written. `now`: the database's clock, unless given.
    """
    written, moment = 0, now or database_now()
    _summarize(f"sensing_observation_{moment:%Y%m%d}", f"sensing_observation_{moment - FIVE:%Y%m%d}",
               f"sensing_rollup_5m_{moment:%Y%m%d}", f"sensing_rollup_1h_{moment:%Y%m}01")  # fmt: skip
    for _ in range(BUCKETS_AT_ONCE):
        rows = _roll_next(floor(moment - GRACE, FIVE))
        if rows is None:
            break
        written += rows
    return written


@transaction.atomic
def _roll_next(limit: datetime) -> int | None:
    """The next five minutes of all streams, and the hour that ends with them. None: nothing more to do."""
    alone()
    oldest = scalar(OLDEST_WRITER)
    limit = limit if oldest is None else min(limit, floor(oldest, FIVE))
    first = _next_with_readings(through("5m"), limit)
    if first >= limit:
        _set_through("5m", limit)
        _roll_hours(limit)
        return None
    last = first + FIVE
    rows = _write("5m", first, last)
    _set_through("5m", last)
    return rows + _roll_hours(last)


def _next_with_readings(since: datetime, limit: datetime) -> datetime:
    """Where to go on: after a long silence not at every empty bucket in between."""
    statement = "SELECT min(at) FROM sensing_observation WHERE at >= %s AND at < %s"
    if limit - since <= 2 * FIVE:
        return since
    found = scalar(statement, [since, limit])
    return limit if found is None else floor(found, FIVE)


def _roll_hours(end: datetime) -> int:
    """Hours that have closed with the five minutes before `end`."""
    rows, first = 0, through("1h")
    limit = floor(end, HOUR)
    if first < limit:
        with connection.cursor() as cursor:
            for n in range(int((limit - first) / HOUR)):
                cursor.execute("SELECT sensing_ensure_rollup('1h', %s)", [first + n * HOUR])
            cursor.execute("DELETE FROM sensing_rollup_1h WHERE bucket >= %s AND bucket < %s", [first, limit])
            cursor.execute(HOURS, [first, limit])
            rows = cursor.rowcount
        _set_through("1h", limit)
    return rows


def _write(width: str, first: datetime, last: datetime) -> int:
    """All streams' buckets of [first, last) from the readings, instead of what is there."""
    table, where = f"sensing_rollup_{width}", "at >= %s AND at < %s"
    grouped = GROUPED.format(width=_sql(width), where=where)
    stored = STORED.format(table=table, last=f"({LAST.format(where=where)})")
    with connection.cursor() as cursor:
        day = first
        while day < last:
            cursor.execute("SELECT sensing_ensure_rollup(%s, %s)", [width, day])
            day = floor(day, timedelta(days=1)) + timedelta(days=1)
        cursor.execute(f"DELETE FROM {table} WHERE bucket >= %s AND bucket < %s", [first, last])  # noqa: S608
        cursor.execute(
            f"WITH grouped AS ({grouped}), merged AS ({MERGED}) {stored}", [first, last, first, last]
        )
        return int(cursor.rowcount)


@transaction.atomic
def rebuild(first: datetime, last: datetime) -> int:
    """Roll up [first, last), whole hours, from the tables' readings anew: after a bulk load without marks."""
    alone()
    rows = _write("5m", first, last)
    with connection.cursor() as cursor:
        for n in range(int((last - first) / HOUR)):
            cursor.execute("SELECT sensing_ensure_rollup('1h', %s)", [first + n * HOUR])
        cursor.execute("DELETE FROM sensing_rollup_1h WHERE bucket >= %s AND bucket < %s", [first, last])
        cursor.execute(HOURS, [first, last])
        return rows + int(cursor.rowcount)


def _sql(width: str) -> str:
    return f"{int(WIDTHS[width].total_seconds())} seconds"


def _set_through(width: str, moment: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sensing_rolled SET through = %s WHERE width = %s AND through < %s",
            [moment, width, moment],
        )


def alone() -> None:
    """One process at a time rolls up or archives: wait for the others until this transaction ends."""
    scalar("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _summarize(*tables: str) -> None:
    """Have the indexes by time know the newest pages: autovacuum may be long in coming, or at work there."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute(SUMMARIZE, [list(tables)])
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError:
        log.info("a vacuum is at work: the indexes are summarized next time")
