"""Whoever asks for a series need not know where it is kept."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from patriot.sensing import queries
from patriot.sensing.history import archive, marks, parquet, rollups
from patriot.sensing.history.thinning import step_for, thin
from patriot.sensing.rules import Flag
from tests.sensing.readings import put, rows, series

DAY1 = datetime(2026, 3, 2, tzinfo=UTC)
ALL = (DAY1 - timedelta(days=1), DAY1 + timedelta(days=4))


@pytest.fixture
def three_days() -> Iterator[None]:
    """A stream of three days, flagged here and there."""
    for n in range(3):
        series(1, DAY1 + timedelta(days=n), 480, 180)
        put([(1, DAY1 + timedelta(days=n, hours=4, seconds=7), 1e7, Flag.RANGE)])
    marks.work_off()
    yield
    shutil.rmtree(parquet.folder().parent, ignore_errors=True)
    with connection.cursor() as cursor:
        for table in ("observation", "archive", "dirty", "rollup_5m", "rollup_1h", "touched"):
            cursor.execute(f"DELETE FROM sensing_{table}")


def same(one: queries.Series, other: queries.Series) -> bool:
    """All columns are the same."""
    figures = all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("total", "low", "high", "last")
    )
    counts = ("at", "n", "seen", "flags")
    return figures and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in counts)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("three_days")
@pytest.mark.parametrize("step", [None, "5m", "1h", "1d"])
def test_it_answers_the_same_before_and_after_a_day_went_into_files(step: str | None) -> None:
    before = queries.series(1, *ALL, step)
    archive.archive(date(2026, 3, 4))
    assert rows("SELECT count(*) FROM sensing_observation")[0][0] == 481
    assert same(queries.series(1, *ALL, step), before)
    assert len(before) == {None: 1443, "5m": 864, "1h": 72, "1d": 4}[step]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("three_days")
@pytest.mark.parametrize("step", ["5m", "1h", "1d"])
def test_it_makes_buckets_that_are_not_kept_from_the_readings(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = queries.series(1, *ALL, step)
    archive.archive(date(2026, 3, 3))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sensing_rollup_5m WHERE bucket < '2026-03-03'")
    kept = datetime(2026, 3, 3, tzinfo=UTC)
    monkeypatch.setattr("patriot.sensing.history.retention.fives_since", lambda _now: kept)
    assert same(queries.series(1, *ALL, step), before)
    put([(1, DAY1 + timedelta(hours=5, seconds=1), -50.0, 0)])
    marks.work_off()
    [hour] = rows("SELECT low, n FROM sensing_rollup_1h WHERE bucket = '2026-03-02T05:00Z'")
    assert hour == (-50.0, 21)


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["5m", "1h"])
def test_it_goes_on_where_the_rollups_end(step: str) -> None:
    series(1, DAY1, 700, 60)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sensing_rolled SET through = %s", [DAY1])
        cursor.execute("DELETE FROM sensing_dirty")
    unrolled = queries.series(1, *ALL, step)
    rollups.roll_closed(DAY1 + timedelta(hours=5, minutes=31))
    assert same(queries.series(1, *ALL, step), unrolled)
    assert len(unrolled) == {"5m": 140, "1h": 12}[step]


@pytest.mark.django_db
def test_it_gives_all_streams_by_the_hour() -> None:
    for stream in (5, 6, 7):
        series(stream, DAY1, 200, 60)
    marks.work_off()
    columns = queries.hourly_all(DAY1, DAY1 + timedelta(hours=2))
    assert len(columns["datastream_id"]) == 6
    assert set(columns["mean"]) == {29.5, 89.5}
    assert set(queries.hourly_all(DAY1, DAY1 + timedelta(hours=2), extremes=True)["high"]) == {59, 119}


@pytest.mark.django_db
def test_it_refuses_a_step_nobody_keeps() -> None:
    with pytest.raises(ValueError, match="7m"):
        queries.series(1, *ALL, "7m")


VALUES = st.floats(-1e6, 1e6) | st.just(float("nan"))


@given(arrays(float, st.integers(1, 3000), elements=VALUES), st.integers(2, 60))
def test_it_thins_without_losing_a_peak(value: np.ndarray, pixels: int) -> None:
    at = np.arange(len(value)) * 1_000_000
    kept = thin(at, value, pixels)
    assert len(kept) <= 4 * pixels
    usable = value[~np.isnan(value)]
    if len(usable):
        assert value[kept].min() == usable.min()
        assert value[kept].max() == usable.max()
    assert (np.diff(kept) > 0).all()


def test_it_takes_buckets_no_wider_than_a_pixel() -> None:
    assert step_for(86400, 1000) is None
    assert step_for(7 * 86400, 1000) == "5m"
    assert step_for(365 * 86400, 1000) == "1h"
