"""Polygons of areas: derived from points, united, searched. Pure; positions are (lon, lat) in degrees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from shapely import MultiPoint, STRtree, affinity, make_valid, voronoi_polygons
from shapely.geometry import MultiPolygon, Polygon, mapping, shape
from shapely.geometry import Point as ShapelyPoint
from shapely.ops import unary_union

from patriot.kernel.geometry import Point

SEAM = 1e-9  # degrees, a tenth of a millimetre: rounding may leave such a gap between neighbours

type Geometry = Polygon | MultiPolygon


def cells(points: Mapping[str, Point], ring: Sequence[tuple[float, float]]) -> dict[str, Geometry]:
    """Share the ground inside `ring` among named points: each gets what lies nearer to it than to the others.

    Raises ValueError when the ring crosses itself or a point has no ground in it.
    """
    outline = Polygon(ring)
    if not outline.is_valid:
        raise ValueError("the outline crosses itself")
    squeeze = cos(radians(outline.centroid.y))  # nearness is measured in metres, not in degrees
    flat = {code: ShapelyPoint(point.lon * squeeze, point.lat) for code, point in points.items()}
    frame = affinity.scale(outline, squeeze, 1, origin=(0, 0))
    found = voronoi_polygons(MultiPoint(list(flat.values())), extend_to=frame.buffer(1)).geoms
    tree = STRtree(list(found))
    shares = {}
    for code, point in flat.items():
        cell = found[int(tree.query(point, predicate="intersects")[0])]
        share = polygons(affinity.scale(cell, 1 / squeeze, 1, origin=(0, 0)).intersection(outline))
        if share is None:
            raise ValueError(f"{code} has no ground inside the outline")
        shares[code] = share
    return shares


def polygons(geometry: Any) -> Geometry | None:
    """The part of a geometry that has an area, mended where it crosses itself; None when there is none."""
    sound = geometry if geometry.is_valid else make_valid(geometry)
    parts = [part for part in getattr(sound, "geoms", [sound]) if isinstance(part, (Polygon, MultiPolygon))]
    whole = unary_union([part for part in parts if not part.is_empty])
    return None if whole.is_empty else whole


def united(geometries: Iterable[Geometry]) -> Geometry:
    """One shape of several; what neighbours' rounding left between them is closed."""
    whole = unary_union([geometry.buffer(SEAM, join_style="mitre") for geometry in geometries])
    return whole.buffer(-SEAM, join_style="mitre")


def to_geojson(geometry: Geometry) -> dict[str, Any]:
    """As plain JSON values."""
    return dict(mapping(geometry))


def from_geojson(body: Mapping[str, Any]) -> Geometry:
    """The reverse. Raises ValueError when it is no polygon or has no area."""
    if body.get("type") not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"{body.get('type')!r} is no polygon")
    found = polygons(shape(body))
    if found is None:
        raise ValueError("it has no area")
    return found


@dataclass(frozen=True)
class AreaIndex:
    """Finds the area a point lies in."""

    codes: tuple[str, ...]
    tree: STRtree

    @classmethod
    def of(cls, areas: Mapping[str, Geometry]) -> "AreaIndex":
        """Of areas by code."""
        codes = tuple(sorted(areas))
        return cls(codes, STRtree([areas[code] for code in codes]))

    def at(self, point: Point) -> str | None:
        """The code of the area the point lies in or on the border of (the smallest code wins there)."""
        if not self.codes or not point.is_valid:
            return None
        spot = ShapelyPoint(point.lon, point.lat)
        hits = self.tree.query(spot, predicate="intersects")
        if not len(hits):
            hits = self.tree.query(spot, predicate="dwithin", distance=SEAM)
        return min((self.codes[int(hit)] for hit in hits), default=None)
