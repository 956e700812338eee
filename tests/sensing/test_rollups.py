"""Rollups say what the readings say: whatever came when, in whatever order, and was changed afterwards."""

from datetime import datetime, timedelta
from math import fsum

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patriot.sensing.history import marks, rollups
from patriot.sensing.history.rollups import FIVE, HOUR, floor
from patriot.sensing.rules import UNFIT, Flag
from tests.sensing.readings import START, put, rows, series

pytestmark = pytest.mark.django_db

FLAGS = [0, 0, 0, Flag.STALE, Flag.RANGE, Flag.SPIKE | Flag.LATE, Flag.MISSING]
READING = st.tuples(
    st.integers(1, 3),
    st.integers(0, 3 * 3600).map(lambda s: START + timedelta(seconds=s)),
    st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([1e308, float("inf"), float("nan")])),
    st.sampled_from(FLAGS).map(int),
)


def recomputed(width: timedelta) -> dict[tuple[int, datetime], tuple[object, ...]]:
    """The rollups, from the readings, in the plainest way."""
    found = rows("SELECT datastream_id, at, value, flags, id FROM sensing_observation ORDER BY at, id")
    buckets: dict[tuple[int, datetime], list[tuple[datetime, float | None, int]]] = {}
    for stream, at, value, flags, _ in found:
        buckets.setdefault((stream, floor(at, width)), []).append((at, value, flags))
    return {key: summary(readings) for key, readings in buckets.items()}


def summary(readings: list[tuple[datetime, float | None, int]]) -> tuple[object, ...]:
    """n, seen, flags, counts by flag, total, low, high, last, last_at."""
    fit = [(at, v) for at, v, flags in readings if v is not None and abs(v) <= 1e200 and not flags & UNFIT]
    values = [value for _, value in fit]
    flags = 0
    for _, _, some in readings:
        flags |= some
    counts = [sum(bool(some & flag) for *_, some in readings) for flag in Flag] if flags else None
    figures = (pytest.approx(fsum(values), abs=1e-6), min(values), max(values)) if fit else (None,) * 3
    return (
        len(fit),
        len(readings),
        flags,
        counts,
        *figures,
        *((fit[-1][1], fit[-1][0]) if fit else (None, None)),
    )


def stored(width: str) -> dict[tuple[int, datetime], tuple[object, ...]]:
    """What the tables say."""
    names = "datastream_id, bucket, n, seen, flags, flag_counts, total, low, high, last, last_at"
    found = rows(f"SELECT {names} FROM sensing_rollup_{width}")
    return {(row[0], row[1]): tuple(row[2:]) for row in found}


def agree() -> None:
    """Both widths are as recomputed."""
    assert stored("5m") == recomputed(FIVE)
    assert stored("1h") == recomputed(HOUR)


def begin_again() -> None:
    with connection.cursor() as cursor:
        for table in ("observation", "dirty", "rollup_5m", "rollup_1h", "touched"):
            cursor.execute(f"DELETE FROM sensing_{table}")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(READING, max_size=12), min_size=1, max_size=4), data=st.data())
def test_it_equals_a_recomputation_whatever_came_late_or_was_changed(
    batches: list[list[tuple[int, datetime, float | None, int]]], data: st.DataObject
) -> None:
    begin_again()
    for batch in batches:
        put(batch)
        marks.work_off()
        agree()
    ids = [row[0] for row in rows("SELECT id FROM sensing_observation")]
    changed = data.draw(st.lists(st.sampled_from(ids), max_size=5)) if ids else []
    with connection.cursor() as cursor:
        for n, key in enumerate(changed):
            if n % 2:
                cursor.execute("DELETE FROM sensing_observation WHERE id = %s", [key])
            else:
                cursor.execute("UPDATE sensing_observation SET flags = flags | 8 WHERE id = %s", [key])
    marks.work_off()
    agree()


def closed_until(moment: datetime) -> None:
    """As if everything had been rolled up until then and what follows had come on time, unmarked."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sensing_rolled SET through = %s", [moment])
        cursor.execute("DELETE FROM sensing_dirty")


def test_it_reads_each_bucket_once_when_it_has_closed() -> None:
    series(1, START, 100)
    series(2, START + timedelta(minutes=3), 30)
    put([(1, START + timedelta(seconds=30), 5e9, Flag.RANGE)])
    closed_until(START)
    assert rollups.roll_closed(START + timedelta(minutes=65)) > 0
    assert rollups.through("5m") == START + timedelta(minutes=60)
    assert rollups.through("1h") == START + HOUR
    rollups.roll_closed(START + HOUR * 2 + rollups.GRACE)
    agree()


def test_it_waits_a_moment_for_what_is_on_its_way() -> None:
    series(1, START, 10)
    closed_until(START)
    rollups.roll_closed(START + FIVE + timedelta(seconds=5))
    assert stored("5m") == {}


def test_it_goes_over_a_long_silence_in_one_step() -> None:
    series(1, START, 10)
    series(1, START + timedelta(days=20), 10)
    closed_until(START)
    rollups.roll_closed(START + timedelta(days=20, hours=1))
    agree_five = recomputed(FIVE)
    assert stored("5m") == agree_five
    assert len(agree_five) == 4


def test_it_marks_nothing_that_comes_on_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO sensing_observation (datastream_id, at, value) "
                       "VALUES (1, clock_timestamp() + interval '1 s', 5)")  # fmt: skip
    assert rows("SELECT * FROM sensing_dirty") == []


def test_it_rebuilds_a_bulk_load_that_left_no_marks() -> None:
    series(1, START, 300)
    closed_until(START + timedelta(days=1))
    rollups.rebuild(START, START + timedelta(days=1))
    agree()
