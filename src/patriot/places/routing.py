"""Ways and travel times by road: OSRM in this process, on the network in use. Safe from any thread."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osrm
from django.conf import settings

from patriot.kernel.errors import Refused
from patriot.kernel.geometry import Point, distance_m
from patriot.places import network as builder
from patriot.places.models import Network

UNLIMITED = -1
BATCH = 32  # sources asked about at once by `fastest`
OFF_ROAD_M = 3000  # a point farther than this from any street is not on the network


@dataclass(frozen=True, slots=True)
class Leg:
    """A way's length in time and ground."""

    seconds: float
    metres: float


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of one street."""

    name: str
    seconds: float
    metres: float
    start: Point


@dataclass(frozen=True)
class Route:
    """A way, with its line and its stretches in order."""

    seconds: float
    metres: float
    line: list[Point]
    steps: list[Step]


@dataclass(frozen=True)
class NetworkInfo:
    """The network in use. `indicative`: drawn, not surveyed, so times are estimates of estimates."""

    version: str
    source: str
    indicative: bool
    top_speed_kmh: int


class NoNetwork(Refused):
    """There is no road network to route on."""


_lock = threading.Lock()
_loaded: tuple[str, Any] | None = None


def network() -> NetworkInfo:
    """The network in use. Raises NoNetwork when there is none, or when its files are not on this machine."""
    row = Network.objects.first()
    if row is None:
        raise NoNetwork("No road network has been built: load a city pack first (patriot city load).")
    if not builder.is_built(roads(), row.version):
        raise NoNetwork(
            f"The road network {row.version} is not on this machine: load the pack or the streets here again."
        )
    return NetworkInfo(row.version, row.source, row.indicative, row.top_speed_kmh)


def travel_times(
    sources: Sequence[Point], destination: Point, on: NetworkInfo | None = None
) -> list[Leg | None]:
    """The way from each source to one destination, in the sources' order; None where no road leads.

    `on`: the network, for who asks often. Raises NoNetwork; ValueError for a position that is none.
    """
    if not destination.is_valid or not all(source.is_valid for source in sources):
        raise ValueError("a position is not longitude, latitude in degrees")
    return times_on(_engine(on or network()), sources, destination) if sources else []


def times_on(engine: Any, sources: Sequence[Point], destination: Point) -> list[Leg | None]:
    """The same on an engine at hand: no look at the database."""
    asked = osrm.TableParameters(
        coordinates=[tuple(source) for source in sources] + [tuple(destination)],
        sources=list(range(len(sources))),
        destinations=[len(sources)],
        annotations=["duration", "distance"],
        generate_hints=False,
    )
    try:
        answer = engine.Table(asked)
    except RuntimeError:  # OSRM's word for a coordinate that lies off the map
        return [None] * len(sources)
    if float(answer["destinations"][0]["distance"]) > OFF_ROAD_M:
        return [None] * len(sources)
    return [
        _leg(duration[0], distance[0]) if float(start["distance"]) <= OFF_ROAD_M else None
        for duration, distance, start in zip(
            answer["durations"], answer["distances"], answer["sources"], strict=True
        )
    ]


def fastest(sources: Sequence[Point], destination: Point, count: int) -> list[tuple[int, Leg]]:
    """The `count` sources that are soonest at the destination, soonest first: index in `sources`, way.

    Exactly what sorting `travel_times` gives, without computing the ways of those that are too far even by
    air at the network's highest speed. Raises NoNetwork.
    """
    used = network()
    engine, top_speed = _engine(used), used.top_speed_kmh / 3.6
    order = sorted(range(len(sources)), key=lambda index: distance_m(sources[index], destination))
    found: list[tuple[float, int, Leg]] = []
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        soonest = distance_m(sources[batch[0]], destination) / top_speed
        if len(found) >= count and soonest > found[count - 1][0]:
            break
        legs = times_on(engine, [sources[index] for index in batch], destination)
        found += [(leg.seconds, index, leg) for index, leg in zip(batch, legs, strict=True) if leg]
        found.sort(key=lambda entry: entry[:2])
    return [(index, leg) for _seconds, index, leg in found[:count]]


def route(a: Point, b: Point) -> Route | None:
    """The fastest way from `a` to `b`, or None where no road leads. Raises NoNetwork."""
    asked = osrm.RouteParameters(
        coordinates=[tuple(a), tuple(b)],
        steps=True,
        geometries="geojson",
        overview="full",
        generate_hints=False,
    )
    try:
        answer = _engine(network()).Route(asked)
    except RuntimeError:  # "NoRoute", "NoSegment"
        return None
    if any(float(end["distance"]) > OFF_ROAD_M for end in answer["waypoints"]):
        return None
    found = answer["routes"][0]
    line = [Point(float(c[0]), float(c[1])) for c in found["geometry"]["coordinates"]]
    steps = [_step(step) for leg in found["legs"] for step in leg["steps"]]
    return Route(float(found["duration"]), float(found["distance"]), line, steps)


def roads() -> Path:
    """Where built networks lie."""
    return Path(settings.CONFIG.home) / "roads"


def _leg(seconds: Any, metres: Any) -> Leg | None:
    return None if seconds is None or metres is None else Leg(float(seconds), float(metres))


def _step(step: Mapping[str, Any]) -> Step:
    lon, lat = step["maneuver"]["location"]
    return Step(
        str(step["name"]), float(step["duration"]), float(step["distance"]), Point(float(lon), float(lat))
    )


def _engine(used: NetworkInfo) -> Any:
    """OSRM on the network in use; loaded when the network has changed since."""
    global _loaded
    version = used.version
    current = _loaded
    if current is None or current[0] != version:
        with _lock:
            if _loaded is None or _loaded[0] != version:
                _loaded = (version, _open(roads() / version / builder.NAME))
            current = _loaded
    return current[1]


def _open(path: Path) -> Any:
    return osrm.OSRM(
        algorithm="MLD",
        storage_config=str(path),
        use_shared_memory=False,
        max_locations_distance_table=UNLIMITED,
        max_locations_viaroute=UNLIMITED,
    )
