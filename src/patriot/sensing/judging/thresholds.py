"""Degrees of abnormal: thresholds valid at the reading's own time, with hysteresis and delays. Pure.

A ladder is all thresholds of one type on one datastream ("siaga:12"). Each of its latches is one degree:

- it is *high* from `value` on, until a reading is back beyond `clear`;
- it goes on when it has been high for `delay_on_s` and off when it has been low for `delay_off_s`, both
  measured in the readings' own time: silence makes no alarm and ends none.

The ladder's level is the highest latch that is on. What a logger kept for hours moves the latches, and is
told with the first reading that is news. `rate_of_rise` looks at the slope over a window instead of
the value.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from math import inf, nan, nextafter
from typing import Any

import msgspec

from patriot.sensing.judging.quality import FOREVER, NEVER, microseconds, midnight

RISE = "rate_of_rise"
HOUR = 3_600_000_000  # µs
TOO_OLD = 4  # windows after which the beginning of a slope is forgotten


class Degree(msgspec.Struct, frozen=True):
    """One row of `models.Threshold`."""

    code: str
    level: int
    name: str
    value: float
    valid_from: date
    clear: float | None = None
    below: bool = False
    delay_on_s: float = 0
    delay_off_s: float = 0
    window_s: float = 1800
    priority: str = "medium"
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """A condition that changed its level. `at` in µs: the reading's own time. `label` "" for normal.

    `unit` of the value; "" for the datastream's own, an hour of it for `rate_of_rise`.
    """

    condition: str
    code: str
    level: int
    label: str
    priority: str
    at: int
    value: float | None = None
    datastream: int | None = None
    thing: int | None = None
    name: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A degree over one span of time; `sign` −1 turns "below" into "above"."""

    start: int
    end: int
    sign: int
    value: float
    clear: float
    delay_on: int
    delay_off: int
    degree: Degree


@dataclass(slots=True)
class Latch:
    """One degree of a ladder."""

    level: int
    versions: list[Version]  # in order, one at a time
    high: bool = False
    since: int = NEVER  # since when it is high, or low
    on: bool = False
    valid: Version | None = None  # the last one that was asked for

    def version(self, at: int) -> Version | None:
        """The one valid at that moment."""
        valid = self.valid
        if valid is None or not valid.start <= at < valid.end:
            found = (version for version in self.versions if version.start <= at < version.end)
            valid = self.valid = next(found, None)
        return valid

    def step(self, at: int, signal: float) -> None:
        """One reading more."""
        version, delay = self.version(at), 0
        high = False
        if version is not None:
            signed = signal * version.sign
            high = signed >= version.value or (self.high and signed >= version.clear)
            delay = version.delay_on if high else version.delay_off
        if high != self.high:
            self.high, self.since = high, at
        if high != self.on and at - self.since >= delay:
            self.on = high

    def quiet(self, at: int) -> "Quiet":
        """Which values around that moment would change nothing."""
        if self.high != self.on:
            return NOT_QUIET
        version = self.version(at)
        if version is None:
            starts = [v.start for v in self.versions if v.start > at]
            ends = [v.end for v in self.versions if v.end <= at]
            return Quiet(-inf, inf, max(ends, default=NEVER), min(starts, default=FOREVER))
        bound = (version.clear if self.on else version.value) * version.sign
        if version.sign > 0:
            low, high = (bound, inf) if self.on else (-inf, bound)
        else:
            low, high = (-inf, nextafter(bound, inf)) if self.on else (nextafter(bound, inf), inf)
        return Quiet(low, high, version.start, version.end)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Readings with low ≤ value < high taken at start ≤ at < end change nothing."""

    low: float
    high: float
    start: int
    end: int

    def __and__(self, other: "Quiet") -> "Quiet":
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Quiet(low, high, max(self.start, other.start), min(self.end, other.end))


ALWAYS_QUIET = Quiet(-inf, inf, NEVER, FOREVER)
NOT_QUIET = Quiet(inf, -inf, FOREVER, NEVER)


@dataclass(slots=True)
class Slope:
    """Where a slope is measured from: a believed reading between one and two windows old."""

    window: int
    base_at: int = NEVER
    base: float = nan
    next_at: int = NEVER
    next: float = nan

    def step(self, at: int, value: float) -> float | None:
        """Units an hour; None while there is no reading a window old."""
        if self.next_at == NEVER or at - self.next_at > TOO_OLD * self.window:
            self.base_at, self.next_at, self.next = NEVER, at, value
        elif at - self.next_at >= self.window:
            self.base_at, self.base = self.next_at, self.next
            self.next_at, self.next = at, value
        return (value - self.base) * HOUR / (at - self.base_at) if self.base_at != NEVER else None


@dataclass(slots=True)
class Ladder:
    """All degrees of one type on one datastream, and how they stand."""

    datastream: int
    code: str
    latches: list[Latch]
    slope: Slope | None = None
    level: int = 0  # as it was told last
    priority: str = "medium"

    @property
    def condition(self) -> str:
        """Its name for good."""
        return f"{self.code}:{self.datastream}"

    def step(self, at: int, value: float, news: bool = True) -> Crossing | None:
        """One fit reading more; what changed by it. What is no news moves the latches, and is not told."""
        signal = self.slope.step(at, value) if self.slope else value
        if signal is None:
            return None
        level = 0
        for latch in self.latches:
            latch.step(at, signal)
            if latch.on and latch.level > level:
                level = latch.level
        if level == self.level or not news:
            return None
        self.level, label = level, ""
        for latch in self.latches:
            version = latch.version(at) or latch.versions[-1]
            if latch.level == level:
                label, self.priority = version.degree.name, version.degree.priority
        told = value if self.slope is None else round(signal, 3)
        return Crossing(
            self.condition, self.code, level, label, self.priority, at, told, datastream=self.datastream
        )

    def quiet(self, at: int) -> Quiet:
        """Which values would change nothing; a slope has to see every reading."""
        if self.slope or self.level != max((latch.level for latch in self.latches if latch.on), default=0):
            return NOT_QUIET
        quiet = ALWAYS_QUIET
        for latch in self.latches:
            quiet &= latch.quiet(at)
        return quiet

    def adopt(self, level: int) -> None:
        """Stand at a level that is already known outside."""
        self.level = level
        for latch in self.latches:
            latch.on = latch.level <= level
            if latch.since == NEVER:
                latch.high = latch.on

    def reset(self) -> None:
        """Know nothing of any reading."""
        for latch in self.latches:
            latch.high, latch.since, latch.on = False, NEVER, False
        if self.slope:
            self.slope = Slope(self.slope.window)

    def save(self) -> tuple[Any, ...]:
        """How it stands, to `restore` it."""
        slope = self.slope
        place = slope and (slope.base_at, slope.base, slope.next_at, slope.next)
        latches = [(latch.high, latch.since, latch.on) for latch in self.latches]
        return self.level, self.priority, latches, place

    def restore(self, saved: tuple[Any, ...]) -> None:
        """Stand as at `save`."""
        self.level, self.priority, latches, place = saved
        for latch, (high, since, on) in zip(self.latches, latches, strict=True):
            latch.high, latch.since, latch.on = high, since, on
        if self.slope and place:
            self.slope.base_at, self.slope.base, self.slope.next_at, self.slope.next = place

    def inherit(self, old: "Ladder") -> None:
        """Go on where a ladder with other thresholds stood."""
        self.level, self.priority = old.level, old.priority
        before = {latch.level: latch for latch in old.latches}
        for latch in self.latches:
            if was := before.get(latch.level):
                latch.high, latch.since, latch.on = was.high, was.since, was.on
        if self.slope and old.slope and old.slope.window == self.slope.window:
            self.slope = old.slope


def ladders(datastream: int, degrees: Iterable[Degree]) -> list[Ladder]:
    """A datastream's ladders from its thresholds."""
    by_code: dict[str, dict[int, list[Degree]]] = {}
    for degree in degrees:
        by_code.setdefault(degree.code, {}).setdefault(degree.level, []).append(degree)
    return [_ladder(datastream, code, levels) for code, levels in sorted(by_code.items())]


def _ladder(datastream: int, code: str, levels: dict[int, list[Degree]]) -> Ladder:
    latches = [Latch(level, _versions(degrees)) for level, degrees in sorted(levels.items())]
    window = max(degree.window_s for degrees in levels.values() for degree in degrees)
    return Ladder(datastream, code, latches, Slope(microseconds(window)) if code == RISE else None)


def _versions(degrees: list[Degree]) -> list[Version]:
    """In order of time; a newer one ends the one before it."""
    versions = [_version(degree) for degree in sorted(degrees, key=lambda degree: degree.valid_from)]
    for n, following in enumerate(versions[1:]):
        versions[n] = replace(versions[n], end=min(versions[n].end, following.start))
    return versions


def _version(degree: Degree) -> Version:
    sign = -1 if degree.below else 1
    value = degree.value * sign
    clear = value if degree.clear is None else min(value, degree.clear * sign)
    return Version(
        midnight(degree.valid_from),
        midnight(degree.valid_to) if degree.valid_to else FOREVER,
        sign,
        value,
        clear,
        microseconds(degree.delay_on_s),
        microseconds(degree.delay_off_s),
        degree,
    )
