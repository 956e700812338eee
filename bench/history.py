"""20 M readings of 20,000 streams: newest values, one stream's day, all streams by the hour, while others
write.

Baseline, in the same run and the same database: one plain table of readings with an index by stream and time
and one by time, no rollups, no partitions. Then the day goes into files, and days are added to show what
grows.
`HISTORY_READINGS`, `HISTORY_STREAMS`, `HISTORY_DAYS` make it smaller for trying out.
"""

import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from statistics import median

import numpy as np
import psycopg

from bench.database import database

READINGS = int(os.environ.get("HISTORY_READINGS", "20000000"))
STREAMS = int(os.environ.get("HISTORY_STREAMS", "20000"))
DAYS = [int(days) for days in os.environ.get("HISTORY_DAYS", "1,2,4").split(",")]
WRITES_A_SECOND = int(os.environ.get("HISTORY_WRITES", "10000"))
PER_STREAM = max(1, READINGS // STREAMS)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAY = TODAY - timedelta(days=1)
ROUNDS = 60
HOUR = timedelta(hours=1)
LOAD = """
INSERT INTO {table} ({columns})
SELECT {values} FROM generate_series(0, %(per)s - 1) AS n CROSS JOIN generate_series(1, %(streams)s) AS stream
"""
AT = "%(day)s + (n * 86400.0 / %(per)s + stream %% 60) * interval '1 second'"
VALUE = "200 + 90 * sin(n / 90.0 + stream) + stream %% 7"
FLAGS = "CASE WHEN (n * 31 + stream) %% 997 = 0 THEN 8 ELSE 0 END"


def sql(statement: str, params: dict[str, object] | None = None) -> list[tuple[object, ...]]:
    """Run it in a connection of its own, committed."""
    with psycopg.connect(address(), autocommit=True) as link:
        cursor = link.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def address() -> str:
    """The throw-away database."""
    return f"host={os.environ['PATRIOT_HOME']}/run user=patriot dbname=patriot"


def timed(what: str, work: Callable[[], object]) -> float:
    """Do it once; prints and returns seconds."""
    began = time.monotonic()
    work()
    took = time.monotonic() - began
    print(f"  {what}: {took:.1f} s", flush=True)
    return took


def half(work: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median and 95th percentile in ms, after two rounds that do not count."""
    took = []
    for n in range(rounds + 2):
        began = time.perf_counter()
        work()
        if n >= 2:
            took.append((time.perf_counter() - began) * 1000)
    return median(took), float(np.percentile(took, 95))


def load() -> None:
    """The day's readings, in the order of time as they come, as a partition; and the plain table."""
    given = {"per": PER_STREAM, "streams": STREAMS, "day": DAY}
    partition = f"sensing_observation_{DAY:%Y%m%d}"
    columns = "datastream_id, at, received_at, value, flags"
    with psycopg.connect(address()) as link:  # what `sensing_ensure_day` makes, filled before it has indexes
        link.execute(f"DROP TABLE IF EXISTS {partition}")
        link.execute(f"CREATE TABLE {partition} (LIKE sensing_observation INCLUDING DEFAULTS)")
        values = f"stream, {AT}, {AT}, {VALUE}, {FLAGS}"
        link.execute(LOAD.format(table=partition, columns=columns, values=values), given)  # type: ignore[arg-type]
        link.execute(f"ALTER TABLE sensing_observation ATTACH PARTITION {partition} "
                     f"FOR VALUES FROM ('{DAY.isoformat()}') TO ('{TODAY.isoformat()}')")  # fmt: skip
        link.execute(
            "INSERT INTO sensing_latest "
            "SELECT DISTINCT ON (datastream_id) datastream_id, id, at, received_at, value, flags, NULL "
            f"FROM {partition} ORDER BY datastream_id, at DESC"
        )
    sql("VACUUM ANALYZE sensing_observation")
    sql("VACUUM ANALYZE sensing_latest")


def load_plain() -> None:
    """The baseline's table."""
    given = {"per": PER_STREAM, "streams": STREAMS, "day": DAY}
    sql("CREATE TABLE plain (stream bigint, at timestamptz, value double precision, flags integer)")
    values = f"stream, {AT}, {VALUE}, {FLAGS}"
    sql(LOAD.format(table="plain", columns="stream, at, value, flags", values=values), given)
    sql("CREATE INDEX ON plain (stream, at)")
    sql("CREATE INDEX ON plain (at)")
    sql("VACUUM ANALYZE plain")


PLAIN_LATEST = "SELECT DISTINCT ON (stream) stream, at, value FROM plain ORDER BY stream, at DESC"
PLAIN_DAY = """
SELECT date_bin('5 minutes', at, '2000-01-01 00:00+00') AS b, avg(value) FROM plain
WHERE stream = %(s)s AND at >= %(a)s AND at < %(b)s AND flags & 8 = 0 GROUP BY 1 ORDER BY 1
"""
PLAIN_HOURS = """
SELECT stream, date_bin('1 hour', at, '2000-01-01 00:00+00') AS b, avg(value) FROM plain
WHERE at >= %(a)s AND at < %(b)s AND flags & 8 = 0 GROUP BY 1, 2
"""


def write(home: str, ready: object, stop: object) -> None:
    """Another process: WRITES_A_SECOND readings, five batches a second, as the intake writes."""
    os.environ["PATRIOT_HOME"] = home
    from patriot.sensing.judging import statements  # noqa: PLC0415 - a spawned process

    count = max(1, WRITES_A_SECOND // 5)
    number, value = 10**12, np.random.default_rng(1)
    with psycopg.connect(address(), autocommit=True) as link:
        while not stop.is_set():  # type: ignore[attr-defined]
            began = time.monotonic()
            ids = np.arange(number, number + count)
            number += count
            owner = np.sort(value.choice(STREAMS, count, replace=count > STREAMS) + 1).astype(np.int64)
            at = np.full(count, time.time_ns() // 1000, np.int64)
            columns = (ids, owner, at, at, value.random(count), np.zeros(count, np.int32))
            newest = np.unique(owner, return_index=True)[1]
            with link.transaction(), link.cursor() as cursor:
                with cursor.copy(statements.COPY) as copy:
                    copy.write(statements.copy_rows(*columns))
                order = (owner, ids, at, at, columns[4], columns[5])
                cursor.execute(statements.LATEST, [one[newest].tolist() for one in order])
            ready.set()  # type: ignore[attr-defined]
            time.sleep(max(0.0, 0.2 - (time.monotonic() - began)))


def compare(
    title: str,
    target_ms: float,
    ours: Callable[[], object],
    plain: Callable[[], object],
    rounds: int = ROUNDS,
) -> None:
    """One figure beside the baseline's."""
    (middle, slow), (theirs, _) = half(ours, rounds), half(plain, 3)
    verdict = "in" if middle <= target_ms else "OVER"
    print(
        f"  {title}: median {middle:.1f} ms, p95 {slow:.1f} ms ({verdict} the budget of {target_ms:.0f} ms); "
        f"plain table {theirs:.1f} ms, {theirs / middle:.1f} times as long",
        flush=True,
    )


def figures() -> None:
    """The three figures while another process writes."""
    from patriot.sensing import queries  # noqa: PLC0415 - Django is set up by now

    context = get_context("spawn")
    ready, stop = context.Event(), context.Event()
    writer = context.Process(target=write, args=(os.environ["PATRIOT_HOME"], ready, stop))
    writer.start()
    ready.wait(30)
    chance, end = random.Random(1), DAY + timedelta(days=1)
    link = psycopg.connect(address(), autocommit=True)

    def one_day() -> object:
        return queries.series(chance.randint(1, STREAMS), DAY, end, "5m")

    def plain_day() -> object:
        given = {"s": chance.randint(1, STREAMS), "a": DAY, "b": end}
        return link.execute(PLAIN_DAY, given).fetchall()

    def plain_hours() -> object:
        return link.execute(PLAIN_HOURS, {"a": DAY, "b": end}).fetchall()

    try:
        compare(
            "newest of all streams", 10, queries.latest_columns,
            lambda: link.execute(PLAIN_LATEST).fetchall(),
        )  # fmt: skip
        compare("one stream's day at five minutes", 10, one_day, plain_day)
        compare(
            "all streams by the hour over a day", 600, lambda: queries.hourly_all(DAY, end), plain_hours, 8
        )
    finally:
        stop.set()
        writer.join(30)
        link.close()


DENSE = """
INSERT INTO sensing_observation (datastream_id, at, received_at, value, flags)
SELECT n %% %(streams)s + 1, %(day)s + n * interval '300 s' / %(rows)s, now(), n %% 977, 0
FROM generate_series(0, %(rows)s - 1) AS n
"""


def dense() -> None:
    """What rolling up costs when as much comes as the intake takes: a minute of it in one bucket."""
    from patriot.sensing.history import rollups  # noqa: PLC0415 - Django is set up by now

    rows, day = READINGS * 27 // 200, DAY - timedelta(days=1)
    sql("SELECT sensing_ensure_day(%(d)s)", {"d": day.date()})
    with psycopg.connect(address()) as link:
        link.execute("SET session_replication_role = replica")  # no marks
        link.execute(DENSE, {"streams": STREAMS, "day": day, "rows": rows})
    took = timed(f"rolling up five minutes with {rows} readings", lambda: rollups.rebuild(day, day + HOUR))
    print(f"  so rolling up takes {took / rows * 45_000 * 100:.1f} % of a core at 45,000 readings/s")
    sql(f"DROP TABLE sensing_observation_{day:%Y%m%d}")
    sql("DELETE FROM sensing_rollup_5m")
    sql("DELETE FROM sensing_rollup_1h")


def marks_cost() -> None:
    """What the trigger that marks late readings costs readings on time, by COPY as the intake writes."""
    from patriot.sensing.judging import statements  # noqa: PLC0415 - Django is set up by now

    count, best = min(STREAMS, 20_000), {"ENABLE": float("inf"), "DISABLE": float("inf")}
    owner = np.arange(1, count + 1, dtype=np.int64)
    with psycopg.connect(address(), autocommit=True) as link:
        for n in range(6 * len(best)):
            state = list(best)[n % 2]
            link.execute(f"ALTER TABLE sensing_observation {state} TRIGGER sensing_observation_came_late")
            at = np.full(count, time.time_ns() // 1000 + 5_000_000)
            value = np.zeros(count)
            rows = statements.copy_rows(owner + n * count, owner, at, at, value, np.zeros(count, np.int32))
            began = time.monotonic()
            with link.transaction(), link.cursor() as cursor, cursor.copy(statements.COPY) as copy:
                copy.write(rows)
            best[state] = min(best[state], (time.monotonic() - began) / count * 1e6)
        link.execute("ALTER TABLE sensing_observation ENABLE TRIGGER sensing_observation_came_late")
    on, off = best["ENABLE"], best["DISABLE"]
    print(f"  a reading on time costs {on:.2f} µs to store, {off:.2f} µs without the trigger for late ones")


def size(table: str) -> float:
    """A table with its partitions and indexes, MB."""
    leaves = f"FROM pg_partition_tree('{table}') WHERE isleaf"
    found = sql(f"SELECT coalesce(sum(pg_total_relation_size(relid)), 0) {leaves}")
    return float(str(found[0][0])) / 1e6


def add_days(have: int, days: int) -> None:
    """Rollups of earlier days, the same as the one that there is."""
    from patriot.sensing.history import rollups  # noqa: PLC0415 - Django is set up by now

    names = rollups.COLUMNS.replace("datastream_id, bucket, ", "").replace("last_at, ", "")
    for n in range(have, days):
        for width in ("5m", "1h"):
            table = f"sensing_rollup_{width}"
            sql("SELECT sensing_ensure_rollup(%(w)s, %(d)s)", {"w": width, "d": DAY - timedelta(days=n)})
            sql(
                f"INSERT INTO {table} (datastream_id, bucket, {names}) "
                f"SELECT datastream_id, bucket - interval '{n} days', {names} FROM {table} "
                "WHERE bucket >= %(a)s AND bucket < %(b)s",
                {"a": DAY, "b": TODAY},
            )
    sql("VACUUM ANALYZE sensing_rollup_5m, sensing_rollup_1h")


def grow() -> None:
    """More and more days of rollups: what a day's questions cost then, and what a year would take."""
    from patriot.sensing import queries  # noqa: PLC0415 - Django is set up by now
    from patriot.sensing.history import parquet  # noqa: PLC0415 - Django is set up by now

    chance, have = random.Random(2), 1
    for days in DAYS:
        add_days(have, days)
        have = max(have, days)
        day = DAY - timedelta(days=days - 1)
        asked = {
            "oldest day of a stream": lambda day=day: queries.series(
                chance.randint(1, STREAMS), day, day + 24 * HOUR, "5m"
            ),
            "of all by the hour": lambda day=day: queries.hourly_all(day, day + 24 * HOUR),
            "a stream's whole time by the hour": lambda day=day: queries.series(
                chance.randint(1, STREAMS), day, TODAY, "1h"
            ),
        }
        told = ", ".join(f"{what} {half(work, 8)[0]:.1f} ms" for what, work in asked.items())
        rolled = size("sensing_rollup_5m") + size("sensing_rollup_1h")
        print(f"  {days:3} days, {days * READINGS / 1e6:.0f} M readings: {told}; rollups {rolled:.0f} MB")
    filed = sum(file.bytes for file in parquet.files()) / 1e6
    five, hour = size("sensing_rollup_5m") / have, size("sensing_rollup_1h") / have
    print(
        f"  a year of such days, in proportion: files {filed * 0.365:.1f} GB, hours {hour * 0.365:.1f} GB, "
        f"five minutes {five * 0.365:.1f} GB (PATRIOT_ROLLUP_DAYS limits them)"
    )


def measure() -> None:
    """Everything, in order."""
    from patriot.sensing import queries  # noqa: PLC0415
    from patriot.sensing.history import archive, parquet, rollups  # noqa: PLC0415

    print(
        f"{READINGS / 1e6:.1f} M readings of {STREAMS} streams, one day; {WRITES_A_SECOND} more each second"
    )
    timed("loading", load)
    timed("loading the plain table", load_plain)
    dense()
    timed("rolling the day up", lambda: rollups.rebuild(DAY, TODAY))
    sql("VACUUM ANALYZE sensing_rollup_5m, sensing_rollup_1h")
    sql("UPDATE sensing_rolled SET through = %(t)s", {"t": TODAY})
    raw = size("sensing_observation")
    plain = float(str(sql("SELECT pg_total_relation_size('plain')")[0][0])) / 1e6
    rolled = f"five minutes {size('sensing_rollup_5m'):.0f} MB, hours {size('sensing_rollup_1h'):.0f} MB"
    print(f"  readings {raw:.0f} MB, plain table {plain:.0f} MB, {rolled}")
    figures()
    marks_cost()
    sql("DROP TABLE plain")
    sql("DELETE FROM sensing_dirty")
    done = []
    took = timed("archiving the day", lambda: done.extend(archive.archive(TODAY.date())))
    filed = sum(file.bytes for file in parquet.files()) / 1e6
    rows = sum(one.rows for one in done)
    print(
        f"  {rows} readings into {filed:.1f} MB of Parquet, {filed * 1e6 / max(1, rows):.1f} bytes each, "
        f"{raw / filed:.1f} times smaller, {rows / took:.0f} readings/s"
    )
    chance = random.Random(3)
    read = half(lambda: queries.series(chance.randint(1, STREAMS), DAY, TODAY), 10)
    print(f"  one stream's day, every reading, out of the files: median {read[0]:.1f} ms")
    grow()


def main() -> None:
    """In a throw-away database."""
    with database():
        measure()
