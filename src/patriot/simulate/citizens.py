"""What simulated citizens report: out of a seed, always the same sequence."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from patriot.kernel.geometry import Point
from patriot.simulate.streets import Streets

WORDS = Path(__file__).parent / "words.toml"
LEAST_OF_MEAN = 0.4  # even in the small hours something is seen: a screen at night is not dead
SPREAD = 0.0004  # degrees: people stand near a crossing, not on it
DAY_S = 86_400


@dataclass(frozen=True)
class Wish:
    """One report to come: when (seconds after the start), where, what, and in which words."""

    after_s: float
    category: str
    words: str
    place: str
    lon: float
    lat: float
    picture: int | None  # the seed of its photo; None: sent without
    patience: float  # 0 confirms everything, towards 1 reopens soon


@cache
def _said() -> dict[str, Any]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def rate(per_day: float, hour: float) -> float:
    """Reports a second at an hour (0 ≤ hour < 24) of a day with so many of them."""
    hours: list[int] = _said()["hours"]
    mean = sum(hours) / 24
    return per_day / DAY_S * max(hours[int(hour) % 24] / mean, LEAST_OF_MEAN)


def wishes(
    seed: str, streets: Streets, categories: set[str], *, per_day: float, hour: float
) -> Iterator[Wish]:
    """Reports without end, beginning at an hour of the day; `categories` are those the city knows."""
    chance, after = Random(f"{seed}:reports"), 0.0
    while True:
        after += chance.expovariate(rate(per_day, (hour + after / 3600) % 24))
        yield wish(chance, after, streets, categories)


def wish(chance: Random, after: float, streets: Streets, categories: set[str]) -> Wish:
    """One report, anywhere on a street that has a name."""
    known = {code: entry for code, entry in _said()["category"].items() if code in categories}
    weights = [entry["weight"] for entry in known.values()]
    category = chance.choices(list(known), weights)[0]
    street = chance.choice(sorted(streets.named))
    at = _beside(chance, streets.points[chance.choice(streets.named[street])])
    words = chance.choice(known[category]["says"]).format(place=street)
    picture = chance.randrange(1_000_000) if chance.random() < 0.85 else None
    return Wish(after, category, words, street, at.lon, at.lat, picture, chance.random())


def _beside(chance: Random, point: Point) -> Point:
    lon, lat = (value + chance.uniform(-SPREAD, SPREAD) for value in point)
    return Point(round(lon, 6), round(lat, 6))
