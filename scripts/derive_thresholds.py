"""Thresholds of flood gauges from readings with their official label: the roundest numbers that explain them.

    python scripts/derive_thresholds.py readings.csv > thresholds.csv

Reads a CSV with the columns nama_pintu_air, tanggal (local time), tinggi_air (mm), status_siaga. For each
gauge and degree it looks for the value that parts the readings labelled so (or worse) from the others, and
among all values that do so equally well it takes the roundest. Where no value parts them it looks for the day
on which the agency changed its threshold. A degree that was never reached has no row: nothing is known of it.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

DEGREES = {1: "Siaga 3", 2: "Siaga 2", 3: "Siaga 1"}
LABELS = {"Status : Normal": 0, **{f"Status : {name}": level for level, name in DEGREES.items()}}
ROUND = (1000, 500, 100, 50, 10, 1)  # mm
FEW = 0.01  # a cut that misses more than this part of the readings is not believed
COLUMNS = ("gauge", "level", "name", "value_mm", "valid_from", "valid_to", "source")

type Reading = tuple[date, float, int]  # local day, mm, level by the official label


@dataclass(frozen=True)
class Cut:
    """A value from which on a degree holds; None: not reached. `wrong`: readings that say otherwise."""

    value: float | None
    wrong: int


def readings(path: Path) -> dict[str, list[Reading]]:
    """The file's readings by gauge, each moment once."""
    found: dict[str, dict[str, Reading]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            when, gauge = row["tanggal"], row["nama_pintu_air"].strip()
            reading = (date.fromisoformat(when[:10]), float(row["tinggi_air"]), LABELS[row["status_siaga"]])
            found.setdefault(gauge, {}).setdefault(when, reading)
    return {gauge: list(own.values()) for gauge, own in found.items()}


def cut(own: Iterable[Reading], level: int) -> Cut:
    """The value that best parts readings at `level` or worse from the others."""
    values = sorted((value, labelled >= level) for _day, value, labelled in own)
    wrong = best = sum(1 for _value, reached in values if reached)  # nothing is called reached
    place = len(values)
    for n in range(len(values) - 1, -1, -1):
        wrong += -1 if values[n][1] else 1
        if wrong < best and (n == 0 or values[n - 1][0] != values[n][0]):
            best, place = wrong, n
    if place == len(values):
        return Cut(None, best)
    below = values[place - 1][0] if place else float("-inf")
    return Cut(roundest(below, values[place][0]), best)


def roundest(below: float, most: float) -> float:
    """The roundest number greater than `below` and at most `most`."""
    for unit in ROUND:
        number = most // unit * unit
        if number > below:
            return number
    return most


def rows(gauge: str, own: list[Reading]) -> Iterator[tuple[object, ...]]:
    """A gauge's thresholds."""
    first, last = min(own)[0], max(own)[0]
    for level, name in DEGREES.items():
        if not any(labelled == level for _day, _value, labelled in own):
            continue
        whole = cut(own, level)
        if whole.wrong <= FEW * len(own):
            if whole.value is not None:
                yield gauge, level, name, f"{whole.value:g}", first, "", f"parts {len(own)} readings"
            continue
        day, before, after = min(_changes(own, level, first, last), key=lambda c: c[1].wrong + c[2].wrong)
        why = f"changed on {day}: {before.wrong + after.wrong} of {len(own)} readings say otherwise"
        for part, since, until in ((before, first, day), (after, day, "")):
            if part.value is not None:
                yield gauge, level, name, f"{part.value:g}", since, until, why


def _changes(own: list[Reading], level: int, first: date, last: date) -> Iterator[tuple[date, Cut, Cut]]:
    for n in range(1, (last - first).days + 1):
        day = first + timedelta(days=n)
        yield day, cut([r for r in own if r[0] < day], level), cut([r for r in own if r[0] >= day], level)


def main() -> None:
    """Write the table to the standard output."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for gauge, own in sorted(readings(Path(sys.argv[1])).items()):
        writer.writerows(rows(gauge, own))


if __name__ == "__main__":
    main()
