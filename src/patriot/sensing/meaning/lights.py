"""Street lights: should they burn, do they, what failed, what it costs. Pure.

Sunrise and sunset by the low-accuracy formulas of the Astronomical Almanac as NOAA's solar calculator uses
them (Meeus, Astronomical Algorithms, chapters 25 and 28): within a minute or two between 1900 and 2100.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from math import acos, asin, cos, degrees, radians, sin, tan

import numpy as np
from numpy.typing import NDArray

RISE_ALTITUDE = -0.833  # degrees: the upper edge of the sun, refraction included
DUSK = timedelta(minutes=20)  # around sunrise and sunset: clouds and light sensors decide, not the almanac
BURNING_ENOUGH = 0.85  # of a group, at night
FAILED_BELOW = 0.05  # burning at night: not lamps but what feeds them
WASTED_ABOVE = 0.10  # burning by day


class State(StrEnum):
    """What one reading of a group means."""

    OK = "ok"  # night, and enough of them burn
    OFF = "off"  # day, and they are off
    DARK = "dark"  # night, and too many of its lamps are dark
    FAILED = "failed"  # night, and nearly all are: its supply
    DAY_ON = "day_on"  # day, and they burn
    TWILIGHT = "twilight"  # either is right


@dataclass(frozen=True)
class Sun:
    """A day's sunrise and sunset, UTC. Both None where the sun does not rise or does not set."""

    rises: datetime | None
    sets: datetime | None


def sun(day: date, lon: float, lat: float) -> Sun:
    """Sunrise and sunset at a place, degrees, of the local day whose noon is nearest to that date's."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(hours=lon / 15)
    declination, equation_min = _solar(noon)
    angle = _hour_angle(declination, lat)
    if angle is None:
        return Sun(None, None)
    transit = noon - timedelta(minutes=equation_min)
    half = timedelta(hours=angle / 15)
    return Sun(transit - half, transit + half)


def _solar(at: datetime) -> tuple[float, float]:
    """(declination in degrees, equation of time in minutes)."""
    t = (at - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400 / 36525  # Julian centuries
    longitude = radians((280.46646 + t * (36000.76983 + t * 0.0003032)) % 360)
    anomaly = radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    centre = (
        sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + sin(3 * anomaly) * 0.000289
    )
    omega = radians(125.04 - 1934.136 * t)
    apparent = longitude + radians(centre - 0.00569 - 0.00478 * sin(omega))
    oblique = radians(23.439291 - 0.0130042 * t + 0.00256 * cos(omega))
    e = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    y = tan(oblique / 2) ** 2
    equation = (
        y * sin(2 * longitude)
        - 2 * e * sin(anomaly)
        + 4 * e * y * sin(anomaly) * cos(2 * longitude)
        - 0.5 * y * y * sin(4 * longitude)
        - 1.25 * e * e * sin(2 * anomaly)
    )
    return degrees(asin(sin(oblique) * sin(apparent))), 4 * degrees(equation)


def _hour_angle(declination: float, lat: float) -> float | None:
    d, phi = radians(declination), radians(lat)
    cosine = (sin(radians(RISE_ALTITUDE)) - sin(phi) * sin(d)) / (cos(phi) * cos(d))
    return degrees(acos(cosine)) if -1 <= cosine <= 1 else None


def is_dark(at: datetime, lon: float, lat: float) -> bool | None:
    """Whether lamps must burn; None within `DUSK` of sunrise and sunset, when either is right."""
    local = (at + timedelta(hours=lon / 15)).date()
    day = sun(local, lon, lat)
    if day.rises is None or day.sets is None:
        return None
    if min(abs(at - day.rises), abs(at - day.sets)) <= DUSK:
        return None
    return not day.rises < at < day.sets


def judge(burning: float, lamps: int, dark: bool | None) -> State:
    """What a group's count of burning lamps means."""
    if dark is None or lamps <= 0:
        return State.TWILIGHT
    share = burning / lamps
    if not dark:
        return State.DAY_ON if share > WASTED_ABOVE else State.OFF
    if share < FAILED_BELOW:
        return State.FAILED
    return State.OK if share >= BURNING_ENOUGH else State.DARK


@dataclass(frozen=True)
class FeederFault:
    """A feeder with groups that have no supply: `whole` when none of its groups has."""

    feeder: str
    groups: tuple[int, ...]
    whole: bool


def feeder_faults(groups: Iterable[tuple[int, str, State]]) -> list[FeederFault]:
    """One fault a feeder, however many of its groups (id, feeder, state) failed: one alarm, one crew."""
    by_feeder: dict[str, list[tuple[int, State]]] = {}
    for group, feeder, state in groups:
        by_feeder.setdefault(feeder, []).append((group, state))
    return [
        FeederFault(feeder, failed, len(failed) == len(states))
        for feeder, states in sorted(by_feeder.items())
        if (failed := tuple(sorted(group for group, state in states if state is State.FAILED)))
    ]


def energy_kwh(at_s: NDArray[np.float64], watts: NDArray[np.float64], longest_gap_s: float = 3600) -> float:
    """Energy of a series of power readings in order of time, by trapezoids. Longer gaps count for nothing."""
    if len(watts) < 2:
        return 0.0
    step = np.diff(at_s)
    known = step <= longest_gap_s
    return float((step * (watts[:-1] + watts[1:]) / 2)[known].sum() / 3.6e6)


def percent_burning(groups: Iterable[tuple[float, int]]) -> float | None:
    """Of all lamps (burning, lamps) of all groups; None when there are none."""
    counted = [(min(burning, lamps), lamps) for burning, lamps in groups if lamps > 0]
    lamps = sum(count for _burning, count in counted)
    return 100 * sum(burning for burning, _count in counted) / lamps if lamps else None
