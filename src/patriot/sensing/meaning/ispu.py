"""The air pollution standard index (ISPU) from 24-hour means. Pure; the regulations' tables are data.

P.14/MENLHK/SETJEN/KUM.1/7/2020: I = (Ia-Ib)/(Xa-Xb)·(Xx-Xb)+Ib for the class the mean lies in, Xb and Ib
being the upper bounds of the class before. The site's index is the highest of its pollutants', which is
named.
Before it KepmenLH 45/1997 with KepBapedal 107/1997 held, whose classes end at 199 and 299.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import floor

import numpy as np
from numpy.typing import NDArray

from patriot.sensing.rules import UNFIT_FOR_INDEX

HOURS = 24
CAPTURE = 0.75  # of the 24 hours must have counted: the usual rule of air networks, P.14/2020 sets none


class Class(StrEnum):
    """The five classes, mildest first; codes, shown in the reader's language."""

    GOOD = "good"  # Baik, green
    MODERATE = "moderate"  # Sedang, blue
    UNHEALTHY = "unhealthy"  # Tidak sehat, yellow
    VERY_UNHEALTHY = "very_unhealthy"  # Sangat tidak sehat, red
    HAZARDOUS = "hazardous"  # Berbahaya, black


@dataclass(frozen=True)
class Table:
    """One regulation. `concentrations`: by pollutant, in µg/m³ (24-hour means), one for each of `indices`."""

    name: str
    valid_from: date
    indices: tuple[int, ...]
    bounds: tuple[int, ...]  # the highest whole index of each class but the last
    concentrations: Mapping[str, tuple[float, ...]]


# The 2020 table gives no index to its last column ("above 300"): 500, the end of the scale, is taken. No
# class depends on it. Its NO2 bound of class 2 is 200; copies that have 2000 are wrong.
P14_2020 = Table(
    "PermenLHK P.14/2020",
    date(2020, 7, 14),
    (50, 100, 200, 300, 500),
    (50, 100, 200, 300),
    {
        "pm10": (50, 150, 350, 420, 500),
        "pm25": (15.5, 55.4, 150.4, 250.4, 500),
        "so2": (52, 180, 400, 800, 1200),
        "co": (4000, 8000, 15000, 30000, 45000),
        "o3": (120, 235, 400, 800, 1000),
        "no2": (80, 200, 1130, 2260, 3000),
        "hc": (45, 100, 215, 432, 648),
    },
)
KEP45_1997 = Table(
    "KepmenLH 45/1997",
    date(1997, 10, 13),
    (50, 100, 200, 300, 400, 500),
    (50, 100, 199, 299),
    {
        "pm10": (50, 150, 350, 420, 500, 600),
        "so2": (80, 365, 800, 1600, 2100, 2620),
        "co": (5000, 10000, 17000, 34000, 46000, 57500),
        "o3": (120, 235, 400, 800, 1000, 1200),
    },
)
TABLES = (KEP45_1997, P14_2020)
POLLUTANTS = tuple(P14_2020.concentrations)


@dataclass(frozen=True)
class Ispu:
    """A site's index. `critical` is the pollutant that makes it; all None when there was too little."""

    value: int | None
    critical: str | None
    klass: Class | None
    parts: Mapping[str, int]  # sub-index by pollutant


def table_at(day: date) -> Table:
    """The regulation in force on a day; the oldest known one before that."""
    return next((table for table in reversed(TABLES) if table.valid_from <= day), TABLES[0])


def sub_index(pollutant: str, mean: float, table: Table = P14_2020) -> int:
    """The whole index of a 24-hour mean in µg/m³. Beyond the last bound the last slope goes on.

    Raises KeyError for a pollutant the table has not, ValueError for a mean below zero.
    """
    if not mean >= 0:
        raise ValueError(f"{mean} is no concentration")
    upper = table.concentrations[pollutant]
    step = min(bisect_left(upper, mean), len(upper) - 1)
    x_b, i_b = (upper[step - 1], table.indices[step - 1]) if step else (0.0, 0)
    slope = (table.indices[step] - i_b) / (upper[step] - x_b)
    return floor(slope * (mean - x_b) + i_b + 0.5)


def class_of(index: float, table: Table = P14_2020) -> Class:
    """The class of a whole index."""
    return list(Class)[bisect_left(table.bounds, index)]


def from_parts(parts: Mapping[str, int], table: Table = P14_2020) -> Ispu:
    """The site's index from its sub-indices; of equal ones the pollutant that comes first in the table."""
    if not parts:
        return Ispu(None, None, None, {})
    critical = max(parts, key=lambda name: (parts[name], -POLLUTANTS.index(name)))
    return Ispu(parts[critical], critical, class_of(parts[critical], table), dict(parts))


def ispu(means: Mapping[str, float], table: Table = P14_2020) -> Ispu:
    """The site's index from 24-hour means in µg/m³ by pollutant. Those the table lacks are left out."""
    known = {name: mean for name, mean in means.items() if name in table.concentrations and mean >= 0}
    return from_parts({name: sub_index(name, mean, table) for name, mean in known.items()}, table)


def daily_mean(
    hours: NDArray[np.int64],
    values: NDArray[np.float64],
    flags: NDArray[np.int64],
    *,
    capture: float = CAPTURE,
) -> tuple[float | None, float]:
    """(24-hour mean, share of the hours that count) of readings, `hours` telling which of the 24 (0-23).

    Flagged readings that are unfit for an index do not count, those without calibration among them. An hour
    is the mean of its readings, the day the mean of its hours: a chatty hour weighs no more than others. The
    mean is None below `capture`.
    """
    fit = ((flags & int(UNFIT_FOR_INDEX)) == 0) & np.isfinite(values) & (hours >= 0) & (hours < HOURS)
    count = np.bincount(hours[fit], minlength=HOURS)
    sums = np.bincount(hours[fit], weights=values[fit], minlength=HOURS)
    has = count > 0
    share = float(has.mean())
    if share < capture:
        return None, share
    return float((sums[has] / count[has]).mean()), share
