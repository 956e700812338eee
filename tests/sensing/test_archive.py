"""Days go into files and nobody who asks can tell: nothing is lost or doubled, wherever it dies."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from django.db import connection

from patriot.ledger.models import Entry
from patriot.sensing import queries
from patriot.sensing.history import archive, marks, parquet
from patriot.sensing.rules import Flag
from tests.sensing.readings import put, rows, series

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
LIMIT = date(2026, 3, 3)


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """No files and no readings of other tests."""
    yield
    shutil.rmtree(parquet.folder().parent, ignore_errors=True)
    with connection.cursor() as cursor:
        for table in ("observation", "archive", "dirty", "rollup_5m", "rollup_1h", "touched"):
            cursor.execute(f"DELETE FROM sensing_{table}")
        cursor.execute("DROP TABLE IF EXISTS sensing_observation_20260302")


@pytest.fixture(params=["own table", "default table"])
def day(request: pytest.FixtureRequest) -> None:
    """A day of three streams with flags, a value that is none, and a result that is no number."""
    if request.param == "own table":
        rows("SELECT sensing_ensure_day('2026-03-02')")
    for stream in (3, 1, 2):
        series(stream, MIDNIGHT, 200, 400)
    put(
        [
            (2, MIDNIGHT + timedelta(hours=5), 9e9, Flag.RANGE),
            (2, MIDNIGHT + timedelta(hours=6), None, Flag.MISSING),
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sensing_observation "
            "(datastream_id, at, result, parameters, feature_id, until, result_time) VALUES "
            "(2, %s, '{\"a\": [1]}', '{}', 7, %s, %s)",
            [MIDNIGHT + timedelta(hours=7), MIDNIGHT + timedelta(hours=8), MIDNIGHT + timedelta(hours=9)],
        )
    marks.work_off()


NAMES = ("datastream_id", "at", "value", "flags", "id", "received_at", "feature_id", "until", "result_time")
TIMES = ("at", "received_at", "until", "result_time")


def names(time: str) -> str:
    """The columns to compare, times by this function."""
    return ", ".join(time.format(name) if name in TIMES else name for name in NAMES) + ", result::text"


def in_tables() -> list[tuple[object, ...]]:
    """Every reading of the tables."""
    query = f"SELECT {names('(extract(epoch FROM {}) * 1000000)::bigint')} FROM sensing_observation"
    return sorted(rows(query), key=lambda row: row[4])


def in_files() -> list[tuple[object, ...]]:
    """Every reading of the files, as anybody's DuckDB reads them."""
    files = str(parquet.folder() / "day=*" / "*.parquet")
    query = f"""SELECT {names('epoch_us("{}")')} FROM read_parquet($files)"""
    with duckdb.connect() as reader:
        return sorted(reader.execute(query, {"files": files}).fetchall(), key=lambda row: row[4])


def rollups() -> list[tuple[object, ...]]:
    """All rollups of both widths."""
    return rows("SELECT * FROM sensing_rollup_5m ORDER BY 1, 2") + rows(
        "SELECT * FROM sensing_rollup_1h ORDER BY 1, 2"
    )


@pytest.mark.usefixtures("day")
def test_it_moves_a_whole_day_into_sorted_files_and_says_so() -> None:
    before, sums = in_tables(), rollups()
    [done] = archive.archive(LIMIT)
    assert (done.day, done.rows) == (DAY, 603)
    assert in_tables() == []
    assert in_files() == before
    order = parquet.read_back(parquet.files()[0].path)
    assert sorted(zip(order["datastream_id"], order["at"], strict=True)) == list(
        zip(order["datastream_id"], order["at"], strict=True)
    )
    [event] = Entry.objects.filter(kind="sensing.readings_archived")
    assert '"rows":603' in event.body
    marks.work_off()
    assert rollups() == sums
    assert archive.days() == {DAY: 603}
    assert archive.damaged() == []
    assert archive.archive(LIMIT) == []


@pytest.mark.usefixtures("day")
def test_it_takes_late_readings_into_a_further_part_and_into_the_rollups() -> None:
    archive.archive(LIMIT)
    put([(2, MIDNIGHT + timedelta(seconds=10), 1000.0, 0)])
    marks.work_off()
    [five] = rows(
        "SELECT n, total, last FROM sensing_rollup_5m WHERE datastream_id = 2 AND bucket = %s", [MIDNIGHT]
    )
    assert five == (2, 1000.0, 1000.0)
    [hour] = rows(
        "SELECT n, high, last FROM sensing_rollup_1h WHERE datastream_id = 2 AND bucket = %s", [MIDNIGHT]
    )
    assert hour == (10, 1000.0, 8.0)
    [done] = archive.archive(LIMIT)
    assert (done.rows, done.parts) == (1, 1)
    assert len(in_files()) == 604
    assert [file.part for file in parquet.files()] == [1, 2]


@pytest.mark.usefixtures("day")
def test_it_leaves_a_day_that_changes_while_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    real = parquet.write

    def write(path: Path, part: dict[str, object]) -> None:
        real(path, part)  # type: ignore[arg-type]
        put([(1, MIDNIGHT + timedelta(seconds=11), 3.5, 0)])

    monkeypatch.setattr(parquet, "write", write)
    assert archive.archive(LIMIT) == []
    assert len(in_tables()) == 604
    assert parquet.files() == []
    monkeypatch.setattr(parquet, "write", real)
    assert archive.archive(LIMIT)[0].rows == 604


@pytest.mark.usefixtures("day")
@pytest.mark.parametrize("where", ["write", "_compare", "_move", "_sync"])
@pytest.mark.parametrize("after", [True, False])
def test_it_begins_again_wherever_it_died(where: str, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    before = in_tables()
    module = parquet if where == "write" else archive
    real = getattr(module, where)

    def die(*args: object) -> object:
        if after:
            real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, where, die)
    with pytest.raises(KeyboardInterrupt):
        archive.archive(LIMIT)
    monkeypatch.setattr(module, where, real)
    assert in_tables() == before
    assert parquet.files() == []
    archive.archive(LIMIT)
    assert in_tables() == []
    assert in_files() == before


@pytest.mark.usefixtures("day")
def test_it_names_files_that_are_no_longer_what_was_written() -> None:
    archive.archive(LIMIT)
    path = parquet.files()[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert [file.path for file in archive.damaged()] == [path]


@pytest.mark.usefixtures("day")
def test_it_makes_several_parts_of_a_large_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "PART_ROWS", 250)
    before = in_tables()
    assert archive.archive(LIMIT)[0].parts == 2
    assert in_files() == before
    assert [(file.first_stream, file.last_stream) for file in parquet.files()] == [(1, 2), (3, 3)]


@pytest.mark.usefixtures("day")
def test_it_answers_with_what_is_left_when_a_file_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    archive.archive(LIMIT)
    put([(2, MIDNIGHT + timedelta(seconds=10), 1.5, 0)])
    parquet.files()[0].path.unlink()
    found = queries.series(2, MIDNIGHT, MIDNIGHT + timedelta(days=1))
    assert found.last.tolist() == [1.5]
    assert "archived readings are missing" in caplog.text


@pytest.mark.usefixtures("day")
def test_it_hands_out_whole_archived_observations() -> None:
    archive.archive(LIMIT)
    found = queries.archived(2, MIDNIGHT, MIDNIGHT + timedelta(days=1))
    assert len(found) == 203
    special = next(one for one in found if one["result"])
    assert special["result"] == '{"a": [1]}'
    assert special["until"] == MIDNIGHT + timedelta(hours=8)
    assert special["feature_id"] == 7
    assert found[0]["until"] is None
