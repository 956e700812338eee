"""Where a point lies, what a place is called, what the map shows."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from gzip import compress
from hashlib import sha256
from typing import Any

import orjson
from shapely.geometry import Point as ShapelyPoint

from patriot.kernel.geometry import Point
from patriot.places.editions import stamps
from patriot.places.held import DEGREE_M, AreaRef, ground, names, roads
from patriot.places.layers import read_layers
from patriot.places.models import Area
from patriot.places.search import PlaceHit
from patriot.places.shapes import Geometry, from_geojson

__all__ = [
    *("AreaRef", "MapFile", "PlaceHit", "RoadRef"),
    *("area", "area_at", "areas", "areas_touching", "find_place", "map_file", "map_layers", "nearest_road"),
    *("nearest_street", "shapes"),
]

NOT_STOOD_ON = ("motorway", "motorway_link", "rail")  # nobody reports from these if another street is near
FARTHEST_M = 400  # a street beyond this does not name a place
EVEN_IF_NEARER_M = 60  # by which a toll road or railway may be nearer than the street that is meant


@dataclass(frozen=True, slots=True)
class RoadRef:
    """A street near a point, whose road it is, and how far off it lies."""

    name: str
    kind: str
    authority: str
    metres: float


def area_at(point: Point) -> AreaRef | None:
    """The lowest area (kelurahan) a point lies in; None outside the city."""
    held = ground()
    code = held.index.at(point)
    return held.refs[code] if code else None


def areas(level: str) -> list[AreaRef]:
    """All areas of a level ("city", "kecamatan", "kelurahan"), by code."""
    return [ref for ref in ground().refs.values() if ref.level == level]


def area(code: str) -> AreaRef | None:
    """One area by its code."""
    return ground().refs.get(code)


def shapes(codes: Collection[str]) -> dict[str, Geometry]:
    """The polygons of these areas, by code, in degrees; codes that are no area are left out."""
    rows = Area.objects.filter(code__in=codes).values_list("code", "geometry")
    return {code: from_geojson(geometry) for code, geometry in rows}


def areas_touching(geometry: Geometry, least: float = 0.005) -> set[str]:
    """Codes of the lowest areas of which at least the share `least` lies in a polygon, and of what they are
    part of, below the city.
    """
    held = ground()
    found: set[str] = set()
    for index in held.index.tree.query(geometry, predicate="intersects") if held.index.codes else ():
        shape = held.index.tree.geometries[index]
        if shape.intersection(geometry).area >= least * shape.area or geometry.area < least * shape.area:
            ref = held.refs[held.index.codes[int(index)]]
            found |= {ref.code, ref.parent}
    return found - {ref.code for ref in areas("city")}


def nearest_road(point: Point) -> RoadRef | None:
    """The street a report from here is about: the nearest; a toll road or railway only where it is alone."""
    held = roads()
    if not held.rows or not point.is_valid:
        return None
    spot = ShapelyPoint(point.lon * held.squeeze * DEGREE_M, point.lat * DEGREE_M)
    found = held.tree.query(spot.buffer(FARTHEST_M), predicate="intersects")
    near = sorted(
        (
            spot.distance(held.tree.geometries[i]) + EVEN_IF_NEARER_M * (held.rows[i][1] in NOT_STOOD_ON),
            int(i),
        )
        for i in found
    )
    if not near:
        return None
    name, kind, authority = held.rows[near[0][1]]
    return RoadRef(name, kind, authority, spot.distance(held.tree.geometries[near[0][1]]))


def nearest_street(point: Point) -> str:
    """The name of the street here, "" where none is near."""
    road = nearest_road(point)
    return road.name if road else ""


def find_place(text: str, limit: int = 8) -> list[PlaceHit]:
    """Places these words may mean, best first: streets, well-known places, areas. Forgives slips."""
    return names().find(text, limit)


def map_layers() -> dict[str, Any]:
    """What maps draw: GeoJSON collections of areas, streets, waterways, grounds and facilities."""
    return read_layers()


@dataclass(frozen=True, slots=True)
class MapFile:
    """The layers as they go out, with a tag that changes when they do."""

    tag: str
    json: bytes
    gzipped: bytes


def map_file() -> MapFile:
    """The layers in force, ready to send."""
    return _map_file(tuple(sorted(stamps().items())))


@lru_cache(maxsize=1)
def _map_file(_stamps: tuple[tuple[str, str], ...]) -> MapFile:
    body = orjson.dumps(read_layers())
    return MapFile(sha256(body).hexdigest()[:20], body, compress(body, 6))
