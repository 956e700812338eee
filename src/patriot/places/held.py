"""Copies of the map in this process, read anew when an edition has changed, whichever process changed it."""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from shapely import STRtree
from shapely.geometry import LineString

from patriot.kernel.geometry import EARTH_RADIUS_M, Point
from patriot.places.editions import stamps
from patriot.places.models import Area, Facility, Street
from patriot.places.search import Entry, PlaceIndex
from patriot.places.shapes import AreaIndex, Geometry, from_geojson

DEGREE_M = radians(1) * EARTH_RADIUS_M
NAMED_ONCE = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
)  # long roads; others are named with their kelurahan


@dataclass(frozen=True, slots=True)
class AreaRef:
    """An area, and the one it is part of."""

    code: str
    name: str
    parent: str
    parent_name: str
    level: str
    lon: float
    lat: float
    official: bool


@dataclass(frozen=True)
class Ground:
    """The areas, held."""

    refs: dict[str, AreaRef]
    index: AreaIndex


@dataclass(frozen=True)
class Roads:
    """The named streets, held in metres."""

    squeeze: float
    rows: list[tuple[str, str, str]]
    tree: STRtree


_lock = threading.RLock()  # names are read with the areas at hand
_held: dict[str, tuple[tuple[str, ...], Any]] = {}


def _hold[T](name: str, parts: tuple[str, ...], read: Callable[[], T]) -> T:
    """What `read` gave for the editions in force of these parts."""
    known = stamps()
    stamp = tuple(known.get(part, "") for part in parts)
    held = _held.get(name)
    if held is None or held[0] != stamp:
        with _lock:
            held = (stamp, read())
            _held[name] = held
    found: T = held[1]
    return found


def ground() -> Ground:
    """The areas in force."""
    return _hold("ground", ("areas",), _read_ground)


def roads() -> Roads:
    """The named streets in force."""
    return _hold("roads", ("streets",), _read_roads)


def names() -> PlaceIndex:
    """All names in force."""
    return _hold("names", ("areas", "places", "streets"), _read_names)


def _read_ground() -> Ground:
    rows = list(Area.objects.all())
    names = {row.code: row.name for row in rows}
    parents = {row.parent for row in rows}
    shapes: dict[str, Geometry] = {
        row.code: from_geojson(row.geometry) for row in rows if row.code not in parents
    }
    refs = {
        row.code: AreaRef(
            row.code, row.name, row.parent, names.get(row.parent, ""), row.level, row.lon, row.lat,
            row.source == "official",
        )
        for row in rows
    }  # fmt: skip
    return Ground(refs, AreaIndex.of(shapes))


def _read_roads() -> Roads:
    rows = list(Street.objects.exclude(name="").values_list("name", "kind", "authority", "line"))
    squeeze = cos(radians(rows[0][3][0][1])) if rows else 1.0
    lines = [
        LineString([(lon * squeeze * DEGREE_M, lat * DEGREE_M) for lon, lat in line]) for *_, line in rows
    ]
    return Roads(squeeze, [(name, kind, authority) for name, kind, authority, _line in rows], STRtree(lines))


def _read_names() -> PlaceIndex:
    return PlaceIndex.of([*_area_entries(), *_facility_entries(), *_street_entries()])


def _area_entries() -> list[Entry]:
    return [
        Entry(name, row.name, row.level, row.lon, row.lat, 0.05)
        for row in Area.objects.exclude(level="city")
        for name in (row.name, *row.aliases)
    ]


def _facility_entries() -> list[Entry]:
    return [
        Entry(name, row.name, row.kind, row.lon, row.lat, 0.02)
        for row in Facility.objects.all()
        for name in (row.name, *row.aliases)
    ]


def _street_entries() -> list[Entry]:
    """Main streets once, at their middle; small ones once for each kelurahan, which tells namesakes apart."""
    held = ground()
    pieces: dict[tuple[str, str, str], list[list[Any]]] = defaultdict(list)
    for name, kind, line in (
        Street.objects.exclude(name="").exclude(kind="rail").values_list("name", "kind", "line")
    ):
        middle = line[len(line) // 2]
        home = "" if kind in NAMED_ONCE else held.index.at(Point(*middle)) or ""
        pieces[name, home, "street"].append(middle)
    found = []
    for (name, home, kind), middles in pieces.items():
        lon, lat = middles[len(middles) // 2]
        label = f"{name}, {held.refs[home].name}" if home else name
        found.append(Entry(name, label, kind, lon, lat, 0.0 if home else 0.04))
    return found
