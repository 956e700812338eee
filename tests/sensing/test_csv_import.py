"""Every line of a file ends as a reading or in quarantine with its reason."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patriot.kernel.clock import WIB
from patriot.kernel.errors import Refused
from patriot.sensing.history import csv_reader, importing
from patriot.sensing.history.csv_reader import Fault, Row
from patriot.sensing.models import Device, Quarantined
from patriot.site import cli
from tests.sensing.readings import datastream, rows

LONG = "time,datastream,value\n"
AT = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T00:00:00Z", AT),
        ("2026-03-02 07:00", AT),
        ("02/03/2026 07:00", AT),
        ("1772409600", AT),
        ("1772409600000", AT),
        ("yesterday", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("1e400", None),
        ("", None),
    ],
)
def test_it_reads_times_as_people_write_them(text: str, expected: datetime | None) -> None:
    assert csv_reader.moment(text, WIB) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.5", 12.5),
        ("12,5", 12.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        (" -3 ", -3),
        ("", None),
        ("NaN", None),
    ],
)
def test_it_reads_numbers_with_points_and_commas(text: str, expected: float | None) -> None:
    assert csv_reader.figure(text) == expected


@pytest.mark.parametrize("text", ["twelve", "1e999", "1-2", "0x10", "٣٫"])
def test_it_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        csv_reader.figure(text)


def test_it_finds_the_columns_of_a_long_and_of_a_wide_file() -> None:
    long = csv_reader.plan("\ufeffWaktu;Stasiun;Parameter;Nilai\r\n")
    assert (long.delimiter, long.time, long.stream, long.key, long.value) == (
        ";",
        "Waktu",
        "Stasiun",
        "Parameter",
        "Nilai",
    )
    wide = csv_reader.plan("tanggal,Depok,Katulampa\n", values={"Depok": "3", "Katulampa": "4"})
    found = list(csv_reader.read([b"2026-03-02,70,x\n"], wide))
    assert found[0] == Row(2, "3", datetime(2026, 3, 1, 17, tzinfo=UTC), 70.0)
    assert isinstance(found[1], Fault)


@pytest.mark.parametrize("first", ["", "a,b", "time,b", "time,value"])
def test_it_says_what_it_cannot_find(first: str) -> None:
    with pytest.raises(csv_reader.Unreadable):
        csv_reader.plan(first)


@given(st.lists(st.binary(max_size=60)))
def test_it_reads_any_bytes_without_losing_a_line(lines: list[bytes]) -> None:
    plan = csv_reader.plan(LONG)
    found = list(csv_reader.read([*lines, b"2026-03-02T00:00:00Z,1,5"], plan))
    assert found[-1] == Row(len(lines) + 2, "1", AT, 5.0)
    meant = [n for n, line in enumerate(lines, 2) if csv_reader.decoded(line).strip()]
    assert [one.line for one in found[:-1]] == meant


@pytest.mark.django_db
def test_it_stores_good_lines_and_keeps_bad_ones(tmp_path: Path) -> None:
    stream = datastream()
    Device.objects.create(uid="gauge-1", thing=stream.thing)
    path = tmp_path / "gauge.csv"
    path.write_text(
        f"{LONG}2026-03-02T00:00Z,gauge-1/level,5\nbad,{stream.pk},6\n2026-03-02T00:05Z,{stream.pk},7\n"
        "2026-03-02T00:10Z,nobody,8\n2026-03-02T00:15Z,1\n"
    )
    report = importing.import_file(path, importing.planned(path))
    assert (report.stored, report.lines) == (2, 6)
    assert dict(report.faults) == {"time": 1, "stream": 1, "columns": 1}
    assert rows("SELECT value FROM sensing_observation ORDER BY at") == [(5.0,), (7.0,)]
    kept = Quarantined.objects.order_by("pk").values_list("source", "uid", "topic", "reason")
    assert kept[0] == ("csv", "gauge.csv", "line 3", "time")


@pytest.mark.django_db
def test_it_stores_nothing_of_a_file_it_misunderstands(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(LONG + "2026-03-02T00:00Z,nobody,5\n" * 150)
    with pytest.raises(Refused, match="more than half"):
        importing.import_file(path, importing.planned(path))
    assert not Quarantined.objects.exists()


@pytest.mark.django_db
def test_it_does_all_that_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "COMMANDS", cli.COMMANDS | {"sensing": cli.Entry("sensing", "")})
    stream = datastream()
    path = tmp_path / "x.csv"
    path.write_text("waktu;nilai\n" + "".join(f"2026-03-02 07:{n:02};{n},5\n" for n in range(30)))
    assert cli.main(["sensing", "import", str(path), "--stream", str(stream.pk), "--preview"]) == 0
    assert rows("SELECT * FROM sensing_observation") == []
    assert cli.main(["sensing", "import", str(path), "--stream", str(stream.pk)]) == 0
    assert "30 readings stored" in capsys.readouterr().out
    for name in ("out.csv", "out.parquet"):
        given = ["sensing", "export", str(stream.pk), str(tmp_path / name)]
        assert cli.main([*given, "--from", "2026-03-02", "--to", "2026-03-03", "--step", "5m"]) == 0
    assert "6 rows" in capsys.readouterr().out
    assert (tmp_path / "out.csv").read_text().splitlines()[
        1
    ] == "2026-03-02T00:00:00Z,level,cm,2.5,0.5,4.5,5,5,stale"
    assert (tmp_path / "out.parquet").stat().st_size > 100
    assert cli.main(["sensing", "export", "nobody", str(tmp_path / "x")]) == 1
