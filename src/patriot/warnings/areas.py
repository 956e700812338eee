"""Where a warning holds: chosen areas, a drawn polygon, a circle, as one shape. Degrees, lon before lat."""

from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import Any

from django.utils.translation import gettext
from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry import Point as ShapelyPoint
from shapely.ops import unary_union

from patriot.kernel.errors import Invalid
from patriot.places import queries as places
from patriot.places.shapes import Geometry, from_geojson, polygons, to_geojson
from patriot.warnings.cap import Area, Ring

DEGREE_KM = 111.195
FINE, COARSE = 0.00005, 0.0006  # degrees a line may deviate: in messages 5 m, on maps 60 m
MOST_CORNERS = 500  # of what a person drew
LARGEST_KM = 100


def shape_of(
    codes: Sequence[str], drawn: Mapping[str, Any] | None, circle: Sequence[float] | None
) -> Geometry | None:
    """All of it as one shape; None when there is nothing."""
    parts: list[Geometry] = list(places.shapes(codes).values()) if codes else []
    if drawn:
        parts.append(from_geojson(drawn))
    if circle:
        parts.append(disc(*circle))
    return polygons(unary_union(parts)) if parts else None


def disc(lon: float, lat: float, km: float) -> Geometry:
    """A circle on the ground as a polygon."""
    round_one = ShapelyPoint(0, 0).buffer(km / DEGREE_KM, quad_segs=16)
    wide = affinity.scale(round_one, 1 / max(0.05, cos(radians(lat))), 1, origin=(0, 0))
    moved: Geometry = affinity.translate(wide, lon, lat)
    return moved


def for_maps(shape: Geometry | None) -> dict[str, object] | None:
    """As GeoJSON with few corners, for events and screens."""
    if shape is None:
        return None
    rough = polygons(shape.simplify(COARSE)) or shape
    return {"type": rough.geom_type, "coordinates": _short(to_geojson(rough)["coordinates"])}


def _short(coordinates: Any) -> Any:
    if isinstance(coordinates, (int, float)):
        return round(coordinates, 5)
    return [_short(part) for part in coordinates]


def for_message(codes: Sequence[str], desc: str, drawn: Mapping[str, Any] | None,
                circle: Sequence[float] | None) -> tuple[Area, ...]:  # fmt: skip
    """CAP's areas: one for each chosen area with its code, one for what was drawn."""
    shapes = places.shapes(codes) if codes else {}
    found = [_chosen(code, shapes[code]) for code in sorted(shapes)]
    if drawn or circle:
        rings = rings_of(from_geojson(drawn)) if drawn else ()
        found.append(Area(desc, rings, ((circle[0], circle[1], circle[2]),) if circle else ()))
    return tuple(found)


def _chosen(code: str, shape: Geometry) -> Area:
    ref = places.area(code)
    name = f"{ref.name}, {ref.parent_name}" if ref and ref.parent_name else (ref.name if ref else code)
    return Area(name, rings_of(shape), geocodes=(("KEMENDAGRI", code),))


def rings_of(shape: Geometry) -> tuple[Ring, ...]:
    """The outer rings, closed, five decimals. CAP knows no holes: what lies in one is warned, too."""
    fine = polygons(shape.simplify(FINE)) or shape
    parts = fine.geoms if isinstance(fine, MultiPolygon) else [fine]
    return tuple(ring for part in parts if len(ring := _ring(part)) >= 4)


def _ring(part: Polygon) -> Ring:
    points = [(round(lon, 5), round(lat, 5)) for lon, lat, *_height in part.exterior.coords]
    kept = [point for index, point in enumerate(points) if index == 0 or point != points[index - 1]]
    return tuple(kept if kept[0] == kept[-1] else [*kept, kept[0]])


def drawn_of(body: Any) -> dict[str, Any] | None:
    """What a person drew, as GeoJSON of one polygon or several, checked. Raises Invalid."""
    if not body:
        return None
    try:
        if not isinstance(body, dict) or body.get("type") not in ("Polygon", "MultiPolygon"):
            raise ValueError("no polygon")
        if _count(body.get("coordinates")) > MOST_CORNERS:
            raise ValueError("too many corners")
        shape = from_geojson(body)
        west, south, east, north = shape.bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise ValueError("not on Earth")
        return {"type": shape.geom_type, "coordinates": _short(to_geojson(shape)["coordinates"])}
    except Exception:  # whatever shapely says of it: it cannot be drawn
        raise Invalid({"areas": _fault()}) from None


def _count(coordinates: Any) -> int:
    if isinstance(coordinates, (int, float)):
        return 0
    if (
        isinstance(coordinates, list)
        and coordinates
        and all(isinstance(c, (int, float)) for c in coordinates)
    ):
        return 1
    return sum(_count(part) for part in coordinates or ())


def circle_of(lon: object, lat: object, km: object) -> list[float] | None:
    """A circle out of a form's three texts; None when all are empty. Raises Invalid."""
    texts = [str(text or "").strip().replace(",", ".") for text in (lon, lat, km)]
    if not any(texts):
        return None
    try:
        x, y, radius = (float(text) for text in texts)
    except ValueError:
        raise Invalid({"areas": _fault()}) from None
    if not (-180 <= x <= 180 and -90 <= y <= 90 and 0 < radius <= LARGEST_KM):
        raise Invalid({"areas": _fault()})
    return [round(x, 5), round(y, 5), round(radius, 3)]


def _fault() -> str:
    return gettext("This cannot be drawn: give a polygon of the city, or a circle of at most 100 km.")


def touched(shape: Geometry | None) -> set[str]:
    """Codes of the areas a warning concerns, not counting slivers along a border."""
    return places.areas_touching(shape) if shape is not None else set()


def covers(shape: Geometry | None, lon: float, lat: float, radius_m: float = 0) -> bool:
    """True when a point, or some of the circle around it, lies in the shape."""
    if shape is None:
        return False
    spot = disc(lon, lat, radius_m / 1000) if radius_m else ShapelyPoint(lon, lat)
    return bool(shape.intersects(spot))
