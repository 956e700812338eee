"""A city's sensors as its pack lists them, and what each would say under a scenario's troubles."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from math import floor
from pathlib import Path

from patriot.kernel.city_rows import AssetRow, DatastreamRow, ThingRow
from patriot.kernel.pack import Pack
from patriot.simulate import nature
from patriot.simulate.nature import DAY, HOUR, Reach, Storm, chance, noise

RIVERS = Path(__file__).parent / "rivers.toml"
LIT = 0.972  # of a group's lamps that work
STANDBY_W = 12.0
FRAIL = {"camera": 0.14, "link": 0.07, "siren": 0.05}  # the share that is dead
GASES = {  # µg/m³: on clean air, what traffic adds, what a bad day adds
    "pm10": (38, 46, 190), "pm25": (19, 24, 150), "so2": (14, 9, 30), "co": (900, 2100, 2500),
    "o3": (42, 20, 60), "no2": (21, 46, 40), "hc": (18, 26, 20),
}  # fmt: skip
RIVER_WATER = {  # usual value and how far it swings
    "bod": (4.6, 1.4), "cod": (31, 8), "tss": (62, 24), "do": (4.4, 0.8), "no3": (2.1, 0.6),
    "total_p": (0.19, 0.06), "fecal_coliform": (4200, 2600), "ph": (7.1, 0.3), "temperature": (27.5, 1.6),
}  # fmt: skip


@dataclass(frozen=True)
class Stream:
    """One thing's one property: who tells it, how often (seconds), its place and the thing's details."""

    uid: str
    key: str
    purpose: str
    every_s: int
    lon: float
    lat: float
    details: dict[str, str]

    def detail(self, name: str, default: float) -> float:
        """A number out of the details."""
        return float(self.details.get(name) or default)


def streams(pack: Pack) -> list[Stream]:
    """Everything that speaks in a city, in the order of its tables."""
    return [*_sensed(pack), *_watched(pack)]


def _sensed(pack: Pack) -> Iterator[Stream]:
    if not pack.has("datastreams.csv"):
        return
    things = {row.code: row for row in pack.table("things.csv", ThingRow)}
    for row in pack.table("datastreams.csv", DatastreamRow):
        thing = things[row.thing]
        if thing.device_uid:
            details = dict(item.split("=", 1) for item in thing.details if "=" in item)
            yield Stream(thing.device_uid, row.key, thing.purpose, row.every_s, thing.lon, thing.lat, details)


def _watched(pack: Pack) -> Iterator[Stream]:
    """Cameras, links and sirens say only that they are alive, and links how fast they answer."""
    for row in pack.table("assets.csv", AssetRow) if pack.has("assets.csv") else ():
        if row.device_uid and row.sort != "sensor":
            yield Stream(row.device_uid, "answer_ms", row.sort, row.every_s, row.lon or 0, row.lat or 0, {})


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong with what a device says. `sort`: flat, drift, silent, dark, burning, haze.

    `until` None: it stays so. `size`: cm an hour for drift, 0 to 1 for haze.
    """

    sort: str
    uid: str
    since: float
    until: float | None = None
    size: float = 0.0

    def holds(self, uid: str, at: float) -> bool:
        """True when it is wrong for this device at that moment; "*" means all."""
        return self.uid in (uid, "*") and self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class World:
    """Nature and the city's machines: asked for a stream and a moment, says what would be measured.

    From `anchor` on the rivers and the rain live `speed` times faster than the clock.
    """

    seed: str
    storms: tuple[Storm, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    anchor: float = float("inf")
    speed: float = 1.0
    _models: dict[str, Callable[[Stream, float], float]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._models.update(
            water_level=self._river, rain=self._rain, air=self._air, water_quality=self._water,
            light_group=self._lamps, parking=self._parking,
        )  # fmt: skip

    def hurried(self, at: float) -> float:
        """The moment that rivers and rain live in."""
        return at if at < self.anchor else self.anchor + (at - self.anchor) * self.speed

    def value(self, stream: Stream, at: float) -> float | None:
        """What is measured; None when the device says nothing."""
        troubles = [one for one in self.troubles if one.holds(stream.uid, at)]
        if any(one.sort == "silent" for one in troubles) or _is_down(stream, at):
            return None
        stuck = [one.since for one in troubles if one.sort == "flat"]
        if stuck and stream.key != "battery":
            at = min(stuck)
        if stream.key == "battery":
            return _battery(self.seed, stream.uid, at)
        value = self._models.get(stream.purpose, self._answer)(stream, at)
        value += sum(one.size * (at - one.since) / HOUR for one in troubles if one.sort == "drift")
        return round(value, 1)

    def _trouble(self, sort: str, uid: str, at: float) -> Trouble | None:
        return next((one for one in self.troubles if one.sort == sort and one.holds(uid, at)), None)

    def _storms(self, at: float) -> tuple[Storm, ...]:
        return (*nature.storms_of(self.seed, at), *self.storms)

    def _river(self, stream: Stream, at: float) -> float:
        then = self.hurried(at)
        level = reach(stream.uid).level(then, self._storms(then))
        level += 2.5 * noise(self.seed, stream.uid, then, 2700) + noise(self.seed, stream.uid, at, 90)
        return 0.05 * max(1.0, level - 60) ** 1.5 if stream.key == "discharge" else level

    def _rain(self, stream: Stream, at: float) -> float:
        """Millimetres in the hour before: each gauge lies under another part of the storm."""
        then, part = self.hurried(at), 0.6 + 0.8 * chance(self.seed, stream.uid)
        lag = 1200 * chance(stream.uid, "lag")
        hour = [then - lag - minute * 60 for minute in range(0, 60, 10)]
        rain = sum(storm.rain(moment) for moment in hour for storm in self._storms(moment)) / len(hour)
        return max(0.0, part * rain - 0.3)

    def _air(self, stream: Stream, at: float) -> float:
        clean, moved, hazy = GASES.get(stream.key, (20, 10, 20))
        haze = self._trouble("haze", stream.uid, at)
        thick = haze.size * _ramp(haze, at) if haze else 0.0
        sunny = max(0.0, nature.sun(at, stream.lon, stream.lat)) / 60 if stream.key == "o3" else 0.0
        busy = moved * nature.traffic(at) * (0.7 if stream.uid.endswith("2") else 1.0)
        swing = 1 + 0.16 * noise(self.seed, stream.uid + stream.key, at, 5400)
        return max(0.5, (clean + busy + hazy * thick + 40 * sunny) * swing)

    def _water(self, stream: Stream, at: float) -> float:
        usual, swing = RIVER_WATER.get(stream.key, (10, 2))
        value = usual + swing * noise(self.seed, stream.uid + stream.key, at, 6 * HOUR)
        return max(0.0, value) + swing / 50 * noise(self.seed, stream.key, at, 400)

    def _lamps(self, stream: Stream, at: float) -> float:
        lamps = stream.detail("lamps", 100)
        night = nature.sun(at, stream.lon, stream.lat) < nature.DUSK
        lit = night or self._trouble("burning", stream.uid, at) is not None
        dark = self._trouble("dark", stream.uid, at) is not None
        working = LIT - 0.05 * chance(stream.uid, "worn")
        burning = round(lamps * working + noise(self.seed, stream.uid, at, HOUR)) if lit and not dark else 0
        if stream.key == "burning":
            return float(max(0, min(lamps, burning)))
        return 0.0 if dark else STANDBY_W + 1.04 * burning * stream.detail("lamp_watts", 120)

    def _parking(self, stream: Stream, at: float) -> float:
        capacity, liked = stream.detail("capacity", 100), 0.75 + 0.4 * chance(stream.uid, "liked")
        share = liked * nature.crowd(at) + 0.05 * noise(self.seed, stream.uid, at, 1500)
        return float(round(capacity * max(0.0, min(1.0, share))))

    def _answer(self, stream: Stream, at: float) -> float:
        """Milliseconds a camera or link needs to answer."""
        usual = 4 + 30 * chance(stream.uid, "far")
        return usual * (1 + 0.3 * noise(self.seed, stream.uid, at, 1800) + 0.4 * nature.traffic(at))


def _is_down(stream: Stream, at: float) -> bool:
    """Cheap machines fail: some cameras and links have been dead for weeks, others are away for hours."""
    frail = FRAIL.get(stream.purpose, 0.0)
    if not frail or stream.key == "battery":
        return False
    if chance(stream.uid, "dead") < frail / 0.6:  # of every two months it is dead five weeks, then repaired
        return (at / (60 * DAY) + chance(stream.uid, "phase")) % 1 > 0.4
    return chance(stream.uid, "away", floor(at / (4 * HOUR))) < frail / 4


@cache
def _reaches() -> dict[str, Reach]:
    said = tomllib.loads(RIVERS.read_text(encoding="utf-8"))
    return {uid: Reach(**numbers) for uid, numbers in said.items()}


def reach(uid: str) -> Reach:
    """How a gauge answers to rain."""
    known = _reaches()
    return known.get(uid, known["other"])


def _ramp(haze: Trouble, at: float) -> float:
    """Haze thickens over five hours and is blown away within the last three."""
    left = (haze.until - at) / (3 * HOUR) if haze.until else 1.0
    return min(1.0, (at - haze.since) / (5 * HOUR), left)


def _battery(seed: str, uid: str, at: float) -> float:
    """Per cent: charged by the sun; a few are worn out."""
    worn = 62.0 if chance(uid, "battery") < 0.06 else 0.0
    return round(86 - worn + 9 * noise(seed, uid, at, 10 * HOUR), 1)
