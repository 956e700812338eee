"""Sixteen years of Jakarta's ISPU, recomputed from its sub-indices: all disagreements are the file's errors.

What was found stands in docs/ispu-disagreements.md.
"""

import csv
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from patriot.sensing.meaning.ispu import POLLUTANTS, Class, Ispu, class_of, from_parts, table_at

FILE = Path("/work/shared/data/jakarta/ispu_daily_2010_2025.csv")
WORDS = {
    "BAIK": Class.GOOD, "SEDANG": Class.MODERATE, "TIDAK SEHAT": Class.UNHEALTHY,
    "SANGAT TIDAK SEHAT": Class.VERY_UNHEALTHY, "BERBAHAYA": Class.HAZARDOUS, "TIDAK ADA DATA": None,
}  # fmt: skip
DOCUMENT = Path(__file__).parents[2] / "docs" / "ispu-disagreements.md"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FILE.exists(), reason="shared/data is not here: the real ISPU file is not read"),
]


@cache
def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parts(row: dict[str, str]) -> dict[str, int]:
    return {name: int(float(row[name])) for name in POLLUTANTS if row.get(name)}


def faults(row: dict[str, str]) -> list[str]:
    """What is wrong with a row, by class of error; empty when it agrees with its own sub-indices."""
    table = table_at(date.fromisoformat(row["tanggal"]))
    found = from_parts(parts(row), table)
    told, named = float(row["max"] or 0), row["critical"].lower()
    wrong = []
    if not found.parts:
        return ["nothing measured"]
    if named not in found.parts:
        wrong.append("critical pollutant without its sub-index")
    elif found.parts[named] != found.value:
        wrong.append("critical pollutant is not the highest")
    if told != found.value:
        wrong.append("maximum is not the highest of the sub-indices")
    if WORDS[row["categori"]] is not found.klass:
        as_told = WORDS[row["categori"]] is class_of(told, table)
        wrong.append("class follows the wrong maximum" if as_told else "class is not the maximum's")
    return wrong


def listed(rows_of: list[dict[str, str]]) -> set[str]:
    """Days by station and month, as the document lists them: `DKI5 2020-09: 5, 6, 7`."""
    days: dict[str, list[str]] = {}
    for row in rows_of:
        month = f"{row['stasiun'].split()[0]} {row['tanggal'][:7]}"
        days.setdefault(month, []).append(str(int(row["tanggal"][8:])))
    return {f"{month}: {', '.join(sorted(found, key=int))}" for month, found in days.items()}


def test_it_agrees_with_every_day_but_those_the_document_lists() -> None:
    wrong = [(row, faults(row)) for row in rows() if faults(row)]
    counts = Counter(fault for _row, found in wrong for fault in found)
    text = DOCUMENT.read_text(encoding="utf-8")
    for fault, count in counts.items():
        assert f"| {fault} | {count} |" in text, f"{fault}: {count} is not told in {DOCUMENT.name}"
        for line in listed([row for row, found in wrong if fault in found]):
            assert line in text.partition(f"**{fault}**")[2], f"{fault}, {line} is not in {DOCUMENT.name}"
    assert f"{len(rows()):,} station-days" in text
    assert f"{len(wrong)} of them" in text


def test_it_finds_no_unexplained_disagreement() -> None:
    """Each class of error has one cause, and no day falls outside its cause."""
    for row in rows():
        wrong, found = faults(row), parts(row)
        if "maximum is not the highest of the sub-indices" in wrong:
            assert row["critical"] == "PM25"
            assert "pm25" not in found, row  # the value that made the maximum is missing
            assert float(row["max"]) > max(found.values()), row
        if "critical pollutant is not the highest" in wrong:
            assert row["critical"] == "CO"
            assert found["o3"] == max(found.values()), row  # the name of the column before
        if "class is not the maximum's" in wrong:
            assert (row["stasiun"][:4], row["tanggal"][:7]) == ("DKI1", "2024-12"), row
            right, told = class_of(float(row["max"])), WORDS[row["categori"]]
            assert told is not None
            assert list(Class).index(right) - list(Class).index(told) == 1, row  # one class too mild


def test_it_needs_the_regulation_of_the_day() -> None:
    """With today's classes, days of index 200 before 2020 would look wrong, and are not."""

    def recomputed(row: dict[str, str], day: date) -> Ispu:
        return from_parts(parts(row), table_at(day))

    today = date(2026, 1, 1)
    differ = [
        row for row in rows()
        if recomputed(row, date.fromisoformat(row["tanggal"])).klass is not recomputed(row, today).klass
    ]  # fmt: skip
    assert {recomputed(row, today).value for row in differ} == {200}
    assert len(differ) == 4
