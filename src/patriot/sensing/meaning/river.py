"""What river readings mean: the Pollution Index and siaga levels. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import log10, sqrt

# Class II limits, PP 82/2001, in mg/l; fecal coliform per 100 ml; pH has a range.
CLASS_II: Mapping[str, float] = {
    "bod": 3, "cod": 25, "tss": 50, "do": 4, "no3": 10, "total_p": 0.2, "fecal_coliform": 1000,
}  # fmt: skip
PH_RANGE = (6.0, 9.0)
PARAMETERS = frozenset({*CLASS_II, "ph"})
# For an index to be told of a river. The decree sets no number; the CCME Water Quality Index (2001) asks for
# at least four variables. From one or two "good" would mean no more than "not looked".
LEAST_PARAMETERS = 4


class Class(StrEnum):
    """How polluted, KepmenLH 115/2003."""

    GOOD = "good"  # memenuhi baku mutu
    LIGHT = "light"  # cemar ringan
    MODERATE = "moderate"  # cemar sedang
    HEAVY = "heavy"  # cemar berat


@dataclass(frozen=True)
class Pollution:
    """A Pollution Index, its class, the worst parameter and each parameter's ratio Ci/Lij as it counted."""

    value: float
    klass: Class
    worst: str
    ratios: Mapping[str, float]


def saturation(temperature: float) -> float:
    """Dissolved oxygen in mg/l that fresh water holds at most, by its temperature in °C at sea level.

    The cubic of Elmore and Hayes (1960), within 0.1 mg/l of the standard tables.
    """
    t = min(max(temperature, 0.0), 40.0)
    return 14.652 - 0.41022 * t + 0.0079910 * t**2 - 0.000077774 * t**3


def ratio(
    name: str, value: float, *, temperature: float = 25.0, limits: Mapping[str, float] = CLASS_II
) -> float:
    """Ci/Lij as KepmenLH 115/2003 counts it.

    Oxygen, of which less is worse: (DOmax - C) / (DOmax - L). pH, which has a range, from its middle:
    (C - middle) / (end - middle), the end being the one on its side. A ratio above 1 counts as
    1 + 5·log10(ratio). Raises KeyError for a parameter without a limit.
    """
    if name == "ph":
        middle = sum(PH_RANGE) / 2
        end = PH_RANGE[0] if value <= middle else PH_RANGE[1]
        plain = (value - middle) / (end - middle)
    elif name == "do":
        most = saturation(temperature)
        plain = max(0.0, (most - value) / (most - limits["do"]))
    else:
        plain = max(0.0, value) / limits[name]
    return 1 + 5 * log10(plain) if plain > 1 else plain


def pollution(
    values: Mapping[str, float], *, temperature: float = 25.0, limits: Mapping[str, float] = CLASS_II
) -> Pollution | None:
    """PI = √((max² + mean²) / 2) over the parameters that have a limit; None when there is none."""
    known = {name: value for name, value in values.items() if name in limits or name == "ph"}
    if not known:
        return None
    ratios = {
        name: ratio(name, value, temperature=temperature, limits=limits) for name, value in known.items()
    }
    worst = max(ratios, key=lambda name: ratios[name])
    index = sqrt((ratios[worst] ** 2 + (sum(ratios.values()) / len(ratios)) ** 2) / 2)
    return Pollution(index, class_of(index), worst, ratios)


def class_of(index: float) -> Class:
    """≤ 1 good, ≤ 5 light, ≤ 10 moderate, above heavy."""
    return (
        Class.GOOD
        if index <= 1
        else Class.LIGHT
        if index <= 5
        else Class.MODERATE
        if index <= 10
        else Class.HEAVY
    )


@dataclass(frozen=True)
class Band:
    """One level of a gauge: from `value` on, in force between two dates (the last not included)."""

    name: str
    level: int  # 1 the mildest: Siaga 3 is 1, Siaga 1 is 3
    value: float
    valid_from: date
    valid_to: date | None = None


def bands_at(bands: Iterable[Band], day: date) -> list[Band]:
    """The levels in force on a day, mildest first."""
    valid = [b for b in bands if b.valid_from <= day and (b.valid_to is None or day < b.valid_to)]
    return sorted(valid, key=lambda band: band.level)


def siaga(value: float, bands: Iterable[Band], day: date) -> Band | None:
    """The level a reading stands in on that day, without regard to delays; None: normal."""
    reached = [band for band in bands_at(bands, day) if value >= band.value]
    return reached[-1] if reached else None
