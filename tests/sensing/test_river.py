"""The Pollution Index of KepmenLH 115/2003, and siaga levels by the date they held."""

from datetime import date
from math import log10, sqrt

import pytest

from patriot.sensing.meaning.river import Band, Class, class_of, pollution, ratio, saturation, siaga


def test_it_counts_as_the_decree_does() -> None:
    assert ratio("bod", 5) == pytest.approx(2.11, abs=0.005)  # 5 / 3, above 1
    assert ratio("cod", 62.5) == pytest.approx(2.99, abs=0.005)
    assert ratio("tss", 25) == 0.5
    assert ratio("no3", 10) == 1


def test_it_reads_ph_from_the_middle_of_its_range() -> None:
    assert ratio("ph", 7.5) == 0
    assert ratio("ph", 6.75) == pytest.approx(ratio("ph", 8.25)) == pytest.approx(0.5)
    assert ratio("ph", 9) == 1
    assert ratio("ph", 4.5) == pytest.approx(1 + 5 * log10(2))


def test_it_reads_oxygen_from_above() -> None:
    most = saturation(25)
    assert most == pytest.approx(8.26, abs=0.1)  # standard tables at 25 °C
    assert ratio("do", most) == ratio("do", 12) == 0
    assert ratio("do", 4) == pytest.approx(1)
    assert ratio("do", 0) == pytest.approx(1 + 5 * log10(most / (most - 4)))


def test_it_joins_the_worst_and_the_mean() -> None:
    found = pollution({"bod": 5, "cod": 62.5, "colour": 3})
    assert found is not None
    a, b = 1 + 5 * log10(5 / 3), 1 + 5 * log10(2.5)
    assert found.value == pytest.approx(sqrt((b**2 + ((a + b) / 2) ** 2) / 2))
    assert (found.worst, found.klass) == ("cod", Class.LIGHT)
    assert pollution({"colour": 3}) is None


def test_it_draws_the_classes_where_the_decree_does() -> None:
    found = [class_of(value) for value in (1.0, 1.01, 5.0, 5.01, 10.0, 10.01)]
    assert found == [Class.GOOD, Class.LIGHT, Class.LIGHT, Class.MODERATE, Class.MODERATE, Class.HEAVY]


P2C = (
    Band("Siaga 3", 1, 301, date(2020, 1, 1), date(2026, 1, 1)),
    Band("Siaga 3", 1, 351, date(2026, 1, 1)),
    Band("Siaga 2", 2, 451, date(2020, 1, 1)),
    Band("Siaga 1", 3, 551, date(2020, 1, 1)),
)


def test_it_judges_a_level_by_the_thresholds_of_its_day() -> None:
    def name(value: float, year: int) -> str:
        band = siaga(value, P2C, date(year, 3, 4))
        return band.name if band else "normal"

    assert (name(320, 2020), name(320, 2026)) == ("Siaga 3", "normal")
    assert [name(v, 2026) for v in (350, 351, 450, 451, 550, 551, 875)] == [
        "normal", "Siaga 3", "Siaga 3", "Siaga 2", "Siaga 2", "Siaga 1", "Siaga 1",
    ]  # fmt: skip
    assert siaga(900, P2C, date(2019, 1, 1)) is None  # nothing was in force
