"""A small map drawn from the city pack's own lines, for pages without JavaScript. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from patriot.kernel.geometry import Point

WIDTH, HEIGHT = 640, 320  # units of the picture
HALF_WIDTH_M = 700  # metres from the middle to the left edge
METRES_A_DEGREE = 111_195  # of latitude, on the mean sphere
MARGIN = 40  # a line this far outside the picture is still drawn: its stroke may reach in

type Line = list[tuple[float, float]]


@dataclass(frozen=True)
class Stroke:
    """One line: its path and what it is (`water`, `major`, `minor`)."""

    path: str
    kind: str


@dataclass(frozen=True)
class Frame:
    """From degrees to the picture's units, its middle at `centre`."""

    centre: Point

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """x to the right, y down."""
        scale = WIDTH / (2 * HALF_WIDTH_M) * METRES_A_DEGREE
        x = (lon - self.centre.lon) * cos(radians(self.centre.lat)) * scale
        return WIDTH / 2 + x, HEIGHT / 2 - (lat - self.centre.lat) * scale


MAJOR = frozenset({"motorway", "trunk", "primary", "secondary", "toll", "arterial", "national", "provincial"})


def draw(layers: Mapping[str, Any], centre: Point) -> list[Stroke]:
    """The waters and streets around a point, those below first."""
    frame = Frame(centre)
    waters = [Stroke(path, "water") for path in _paths(layers.get("waterways"), frame)]
    streets = [
        (path, _rank(feature)) for feature in _features(layers.get("streets")) for path in _of(feature, frame)
    ]
    minor = [Stroke(path, "minor") for path, rank in streets if rank == "minor"]
    return [*waters, *minor, *(Stroke(path, "major") for path, rank in streets if rank == "major")]


def _rank(feature: Mapping[str, Any]) -> str:
    kinds = {str(value) for value in (feature.get("properties") or {}).values()}
    return "major" if kinds & MAJOR else "minor"


def _features(layer: Any) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (layer or {}).get("features", [])
    return found


def _paths(layer: Any, frame: Frame) -> Iterator[str]:
    for feature in _features(layer):
        yield from _of(feature, frame)


def _of(feature: Mapping[str, Any], frame: Frame) -> Iterator[str]:
    geometry = feature.get("geometry") or {}
    for line in _lines(geometry):
        points = [frame.place(lon, lat) for lon, lat, *_height in line]
        if _touches(points):
            yield "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _lines(geometry: Mapping[str, Any]) -> Iterable[Any]:
    coordinates = geometry.get("coordinates", [])
    match geometry.get("type"):
        case "LineString":
            return [coordinates]
        case "MultiLineString" | "Polygon":
            return list(coordinates)
    return []


def _touches(points: Line) -> bool:
    """True when the line's box reaches into the picture."""
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return bool(points) and (
        min(xs) < WIDTH + MARGIN and max(xs) > -MARGIN and min(ys) < HEIGHT + MARGIN and max(ys) > -MARGIN
    )
