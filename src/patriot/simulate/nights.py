"""What goes wrong in `flood-night`, `bad-air` and `dark-street`: weather, devices, worried citizens."""

import asyncio
import logging
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from patriot.simulate import nature
from patriot.simulate.citizens import Wish
from patriot.simulate.client import City, Declined
from patriot.simulate.day import open311_of
from patriot.simulate.nature import DAY, HOUR, Storm
from patriot.simulate.pictures import picture
from patriot.simulate.world import Stream, Trouble, World

log = logging.getLogger(__name__)
FLOOD = Path(__file__).parent / "flood.toml"
SEVERE = 1.0
FLAT, DRIFTING = "gauge-pekayon", "gauge-kemang"
DRIFT_CM_H = 14.0
SILENT = "rain-4"


@dataclass(frozen=True)
class Plot:
    """A scenario: its world, and reports with the hour of the story they are sent in."""

    world: World
    reports: tuple[tuple[float, Wish], ...] = ()
    told: str = ""  # what the terminal says at the start


def plot(scenario: str, seed: str, streams: list[Stream], now: float, speed: float, begin_h: float) -> Plot:
    """The plot of a scenario that is `begin_h` hours old; an ordinary one for any other."""
    make: dict[str, Callable[[], Plot]] = {
        "flood-night": lambda: flood_night(seed, now, speed, begin_h),
        "bad-air": lambda: bad_air(seed, now, speed, begin_h),
        "dark-street": lambda: dark_street(seed, streams, now),
    }
    return make[scenario]() if scenario in make else Plot(World(seed))


def flood_night(seed: str, now: float, speed: float, begin_h: float) -> Plot:
    """Rain in the hills began `begin_h` hours ago. One gauge has stood still since, one drifts, a rain gauge
    falls silent in the first hour. From now on rivers live `speed` times faster.
    """
    start = now - begin_h * HOUR
    troubles = (
        Trouble("flat", FLAT, start - 7 * HOUR),
        Trouble("drift", DRIFTING, start - 5 * HOUR, size=DRIFT_CM_H),
        Trouble("silent", SILENT, start + 0.8 * HOUR),
    )
    world = World(seed, (Storm(start, SEVERE),), troubles, anchor=now, speed=speed)
    return Plot(world, _reports(), f"hujan di hulu sejak {begin_h:g} jam yang lalu")


def _reports() -> tuple[tuple[float, Wish], ...]:
    said: list[dict[str, Any]] = tomllib.loads(FLOOD.read_text(encoding="utf-8"))["report"]
    return tuple((one["after_h"], _wish(number, **one)) for number, one in enumerate(said))


def _wish(number: int, after_h: float, category: str, words: str, place: str, lon: float, lat: float) -> Wish:
    return Wish(after_h * HOUR, category, words, place, lon, lat, 2020 + number, 0.5)


def bad_air(seed: str, now: float, speed: float, begin_h: float) -> Plot:
    """Haze lies over the city, thicker by the hour, and is blown away in the last of eighteen hours."""
    start = now - begin_h * HOUR
    haze = Trouble("haze", "*", start, until=now + max(4.0, 18 - begin_h) * HOUR / speed, size=1.0)
    words = "Udara pengap dan berbau asap sejak pagi di {place}, anak saya batuk-batuk."
    places = (("Alun-alun Bekasi", 106.9990, -6.2406), ("Ciketing Udik", 106.9883, -6.3518))
    reports = tuple(
        (begin_h + 0.2 + 0.6 * n, Wish(n, "bau_polusi", words.format(place=name), name, lon, lat, None, 0.5))
        for n, (name, lon, lat) in enumerate(places)
    )
    return Plot(World(seed, troubles=(haze,), speed=speed), reports, "kabut asap di atas kota")


def dark_street(seed: str, streams: list[Stream], now: float) -> Plot:
    """A feeder fails five minutes after dusk (or in a minute, when it is night) and its streets stay dark;
    another group burns by day.
    """
    groups = [one for one in streams if one.purpose == "light_group" and one.key == "burning"]
    if not groups:
        return Plot(World(seed))
    feeder = groups[0].details.get("feeder", "")
    dark = [one for one in groups if one.details.get("feeder", "") == feeder]
    by_day = next((one for one in groups if one not in dark), groups[-1])
    fails = _dusk(groups[0], now)
    troubles = (
        *(Trouble("dark", one.uid, fails, until=fails + 10 * HOUR) for one in dark),
        Trouble("burning", by_day.uid, now - HOUR),
    )
    street = dark[0].details.get("street", "")
    words = f"Lampu jalan di {street} mati semua, gelap sekali, takut lewat."
    reports = ((0.15, Wish(0, "pju_mati", words, street, dark[0].lon, dark[0].lat, 77, 0.5)),)
    when = time.strftime("%H.%M", time.gmtime(fails + nature.WIB))
    return Plot(World(seed, troubles=troubles), reports, f"gardu {feeder} padam pukul {when} WIB")


def _dusk(stream: Stream, now: float) -> float:
    """When the feeder fails: in a minute at night, five minutes after the next dusk by day."""
    if nature.sun(now, stream.lon, stream.lat) < nature.DUSK:
        return now + 60
    minutes = (now + 60.0 * n for n in range(int(DAY / 60)))
    falls = (at for at in minutes if nature.sun(at, stream.lon, stream.lat) < nature.DUSK)
    return next(falls, now) + 300


async def speak_up(
    city: City, reports: Iterable[tuple[float, Wish]], begin_h: float, speed: float, key: str
) -> None:
    """Send each report when the story has come to its hour, by Open311; what was before stays unsaid."""
    began = time.monotonic()
    for after_h, wish in reports:
        if after_h < begin_h:
            continue
        due = began + (after_h - begin_h) * HOUR / speed
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        photo = await asyncio.to_thread(picture, wish.category, wish.picture) if wish.picture else None
        try:
            await city.report(open311_of(wish), photo, f"{key}-{after_h:g}-{wish.after_s:.0f}")
        except (Declined, httpx.HTTPError) as fault:
            log.info("a report was not taken: %r", fault)
