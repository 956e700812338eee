"""Reading city packs: every fault is told with its file and line."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from patriot.kernel.city_pack import check
from patriot.kernel.pack import Pack, PackError

CITIES = Path(__file__).parents[2] / "cities"
PACKS = sorted(path.parent for path in CITIES.glob("*/city.toml"))


@dataclass(frozen=True)
class Row:
    code: str
    amount: int
    since: date | None = None
    words: list[str] | None = None


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A sound pack to spoil."""
    shutil.copytree(CITIES / "kota_bekasi", tmp_path / "kota")
    return Pack(tmp_path / "kota")


def spoil(pack: Pack, file: str, old: str, new: str) -> int:
    """Replace text in a file; returns the line it stood on."""
    path = pack.path / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.name)
def test_it_finds_every_pack_of_the_project_in_order(path: Path) -> None:
    assert check(Pack(path)) == []


def test_it_reads_typed_rows(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('code,amount,since,words\na,3,2016-11-30,"b|c"\n\nd,4,,\n')
    assert Pack(tmp_path).table("x.csv", Row) == [
        Row("a", 3, date(2016, 11, 30), ["b", "c"]),
        Row("d", 4, None, None),
    ]


def test_it_tells_every_bad_cell_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("code,amount,since\na,many,\nb,1,yesterday\nc,,\n")
    with pytest.raises(PackError) as told:
        Pack(tmp_path).table("x.csv", Row)
    assert [(fault.file, fault.line) for fault in told.value.faults] == [
        ("x.csv", 2),
        ("x.csv", 3),
        ("x.csv", 4),
    ]
    assert "x.csv, line 2: column 'amount': 'many' is not a whole number" in str(told.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,amount,colour\na,1,red\n", "x.csv, line 1: unknown column 'colour'"),
        ("code\na\n", "x.csv, line 1: column 'amount' is missing"),
        ("code,amount\na\n", "x.csv, line 2: 1 cells where the header has 2"),
        ("", "x.csv: the file is empty"),
    ],
)
def test_it_names_what_is_wrong_with_a_table(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(PackError) as told:
        Pack(tmp_path).table("x.csv", Row)
    assert str(told.value) == words


def test_it_counts_lines_past_quoted_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('code,amount\n"a\nb",1\nc,none\n')
    with pytest.raises(PackError) as told:
        Pack(tmp_path).table("x.csv", Row)
    assert told.value.faults[0].line == 4


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("categories.csv", "Rubbish,Kebersihan,light,kebersihan", "Rubbish,Kebersihan,light,sapu",
         "column 'agency': 'sapu' is not in agencies.csv"),
        ("agencies.csv", "dishub,Dinas", "satpolpp,Dinas", "satpolpp stands in line 5 already"),
        ("areas.csv", "Bekasi Jaya,kelurahan,32.75.01", "Bekasi Jaya,kelurahan,32.75",
         "32.75.01.1001: its parent must be a kecamatan"),
        ("areas.csv", "107.01356,-6.23336", "17.01356,-6.23336", "lies far outside the city"),
        ("facilities.csv", "106.99480,-6.23640", "206.9,-6.23640", "column 'lon'"),
        ("service_levels.csv", "0.25,hours", "0.25,weeks", "column 'unit'"),
        ("funds.csv", "2500000000", "-5", "column 'annual_idr'"),
        ("streets.geojson", '"class":"primary"', '"class":"boulevard"', "class 'boulevard' is none of"),
        ("city.toml", "languages", "lingos", "unknown key 'lingos'"),
    ],
)  # fmt: skip
def test_it_names_file_and_line_of_a_fault(pack: Pack, file: str, old: str, new: str, words: str) -> None:
    line = spoil(pack, file, old, new)
    told = check(pack)
    assert [fault for fault in told if fault.file == file and fault.line == line and words in fault.words], (
        told
    )


def test_it_tells_all_faults_at_once(pack: Pack) -> None:
    spoil(pack, "funds.csv", "2500000000", "much")
    spoil(pack, "holidays.csv", "2016-01-01", "2016-13-01")
    spoil(pack, "streets.geojson", '"maxspeed":50', '"maxspeed":}')
    (pack.path / "units.csv").unlink()
    assert {fault.file for fault in check(pack)} == {
        "funds.csv",
        "holidays.csv",
        "streets.geojson",
        "units.csv",
    }


def test_it_says_where_broken_json_breaks(pack: Pack) -> None:
    line = spoil(pack, "waterways.geojson", '"kind":"canal"', '"kind":canal')
    assert [(fault.file, fault.line) for fault in check(pack)] == [("waterways.geojson", line)]


def test_it_needs_kota_bekasi_to_be_as_the_city_is() -> None:
    from csv import DictReader  # noqa: PLC0415 - raw text on purpose: not through the code under test

    rows = {
        name: list(DictReader((CITIES / "kota_bekasi" / f"{name}.csv").open()))
        for name in ("agencies", "areas", "categories")
    }
    own = [row for row in rows["agencies"] if row["kind"] not in ("company", "partner")]
    assert len(own) == 43
    assert sum(bool(row["integrated_on"]) for row in own) == 17
    assert sum(row["level"] == "kelurahan" for row in rows["areas"]) == 56
    assert len(rows["categories"]) >= 40
