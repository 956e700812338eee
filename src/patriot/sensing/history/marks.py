"""Rolling up again what was marked: readings that came late, were changed, or went away.

Readings of archived days are in files: their part of a bucket comes from there, see `parquet.py`.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from patriot.sensing.history import parquet, retention, rollups
from patriot.sensing.history.rollups import FIVE, HOUR, LAST_OF_FIVES, MERGED, ORIGIN, STORED, USABLE

MARKS_AT_ONCE = 2_000_000
TABLES = """
    CREATE TEMP TABLE IF NOT EXISTS sensing_rolling (datastream_id bigint, bucket timestamptz, width text)
        ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS sensing_rolling_files (
        width text, datastream_id bigint, bucket timestamptz, flags integer, seen bigint, n bigint,
        total double precision, low double precision, high double precision, last_at timestamptz,
        last double precision) ON COMMIT DELETE ROWS;
    DELETE FROM sensing_rolling; DELETE FROM sensing_rolling_files
"""
TAKE = f"""
    WITH taken AS (
        DELETE FROM sensing_dirty d USING (SELECT ctid FROM sensing_dirty LIMIT {MARKS_AT_ONCE}) t
        WHERE d.ctid = t.ctid RETURNING d.datastream_id, d.bucket
    )
    INSERT INTO sensing_rolling SELECT DISTINCT datastream_id, bucket, '5m' FROM taken
    WHERE bucket < %s AND bucket > '-infinity'
"""  # noqa: S608 - constants only
# Hours that are rolled up already; those whose five minutes are no longer kept, straight from the readings.
TAKE_HOURS = f"""
    INSERT INTO sensing_rolling
    SELECT DISTINCT datastream_id, date_bin('1 hour', bucket, {ORIGIN}),
           CASE WHEN bucket < %(kept)s THEN '1h' ELSE '1h of 5m' END
    FROM sensing_rolling WHERE bucket < %(through)s
"""  # noqa: S608
FROM_READINGS = f"""
    SELECT p.datastream_id, p.bucket, g.flags, g.seen, g.n, g.total, g.low, g.high, g.last_at
    FROM sensing_rolling p CROSS JOIN LATERAL (
        SELECT flags, {rollups.FIGURES}
        FROM (SELECT at, flags, {USABLE} AS value FROM sensing_observation o
              WHERE o.datastream_id = p.datastream_id AND o.at >= p.bucket
                AND o.at < p.bucket + interval '{{length}}') AS reading
        GROUP BY flags
    ) AS g WHERE p.width = '{{width}}'
    UNION ALL
    SELECT datastream_id, bucket, flags, seen, n, total, low, high, last_at FROM sensing_rolling_files
    WHERE width = '{{width}}'
"""  # noqa: S608
LAST_IN_FILES = """
    (SELECT f.last FROM sensing_rolling_files f WHERE f.width = '{width}' AND f.last_at = merged.last_at
     AND f.datastream_id = merged.datastream_id AND f.last IS NOT NULL LIMIT 1)
"""
LAST = f"coalesce(({rollups.LAST.format(where='true')}), {LAST_IN_FILES})"
FROM_FIVES = f"""
    SELECT p.datastream_id, p.bucket, g.* FROM sensing_rolling p CROSS JOIN LATERAL (
        SELECT {rollups.FIGURES_OF_FIVES} FROM sensing_rollup_5m f
        WHERE f.datastream_id = p.datastream_id AND f.bucket >= p.bucket
          AND f.bucket < p.bucket + interval '1 hour'
    ) AS g WHERE p.width = '1h of 5m' AND g.seen IS NOT NULL
"""  # noqa: S608
FORGET = """
    DELETE FROM sensing_rollup_{table} r USING sensing_rolling p
    WHERE r.datastream_id = p.datastream_id AND r.bucket = p.bucket AND p.width LIKE '{table}%%'
"""
ENSURE = """
    SELECT sensing_ensure_rollup(%(width)s, day) FROM (
        SELECT DISTINCT date_trunc('day', bucket, 'UTC') AS day FROM sensing_rolling WHERE width LIKE %(like)s
    ) AS days
"""


def work_off() -> int:
    """Roll up again what is marked, until nothing is; returns how many marked buckets there were."""
    total = 0
    while count := _some():
        total += count
    return total


@transaction.atomic
def _some() -> int:
    """Take marks, then read: whatever made a mark that is visible here is visible to what follows."""
    rollups.alone()
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute("SELECT EXISTS (SELECT FROM sensing_dirty)")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(TAKE, [rollups.through("5m")])
        taken = int(cursor.rowcount)
        kept = retention.fives_since(rollups.database_now())
        cursor.execute(TAKE_HOURS, {"kept": kept, "through": rollups.through("1h")})
        cursor.execute("DELETE FROM sensing_rolling WHERE width = '5m' AND bucket < %s", [kept])
        _take_from_files()
        _write("5m", FIVE)
        _write("1h", HOUR)
        cursor.execute(
            f"WITH merged AS ({FROM_FIVES}) " + STORED.format(table="sensing_rollup_1h", last=LAST_OF_FIVES)
        )
    return max(1, taken)


def _write(width: str, length: timedelta) -> None:
    grouped = FROM_READINGS.format(width=width, length=f"{int(length.total_seconds())} seconds")
    stored = STORED.format(table=f"sensing_rollup_{width}", last=LAST.format(width=width))
    with connection.cursor() as cursor:
        cursor.execute(ENSURE, {"width": width, "like": f"{width}%"})
        cursor.execute(FORGET.format(table=width))
        cursor.execute(f"WITH grouped AS ({grouped}), merged AS ({MERGED}) {stored}")


def _take_from_files() -> None:
    """What archived readings add to the buckets that are rolled up again."""
    files = parquet.files()
    if not files:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT width, datastream_id, bucket FROM sensing_rolling "
            "WHERE width <> '1h of 5m' AND date_trunc('day', bucket, 'UTC') = ANY(%s)",
            [[_midnight(day) for day in sorted({file.day for file in files})]],
        )
        wanted = cursor.fetchall()
        rows = parquet.groups(wanted)
        if rows:
            with cursor.copy("COPY sensing_rolling_files FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def _midnight(day: object) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")
