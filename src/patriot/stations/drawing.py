"""The list's map: the city's outline and waters with the stations on it, as paths and points. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, radians
from typing import Any

WIDTH = 1000.0
TALLEST = 900.0
MARGIN = 36.0

type Box = tuple[float, float, float, float]
type Line = list[list[float]]


@dataclass(frozen=True)
class Frame:
    """From degrees to the picture's units: the box of (west, south, east, north), as large as it fits."""

    box: Box

    @property
    def scale(self) -> float:
        """Units a degree of latitude."""
        west, south, east, north = self.box
        wide = max(1e-6, (east - west) * self.narrow)
        return min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / max(1e-6, north - south))

    @property
    def narrow(self) -> float:
        """How much shorter a degree of longitude is."""
        return cos(radians((self.box[1] + self.box[3]) / 2))

    @property
    def height(self) -> float:
        """Of the picture."""
        return round((self.box[3] - self.box[1]) * self.scale + 2 * MARGIN, 1)

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """x to the right, y down; the box in the middle."""
        west, _, east, north = self.box
        left = (WIDTH - (east - west) * self.narrow * self.scale) / 2
        return (
            round(left + (lon - west) * self.narrow * self.scale, 1),
            round(MARGIN + (north - lat) * self.scale, 1),
        )

    def path(self, line: Line) -> str:
        """A line as an SVG path."""
        return "M" + "L".join("{} {}".format(*self.place(*point[:2])) for point in line)


def frame(points: Iterable[tuple[float, float]]) -> Frame | None:
    """One that shows all of these places. None: there are none."""
    found = list(points)
    if not found:
        return None
    lons, lats = [lon for lon, _ in found], [lat for _, lat in found]
    room = 0.01
    return Frame((min(lons) - room, min(lats) - room, max(lons) + room, max(lats) + room))


def waters(layers: Mapping[str, Any], into: Frame) -> list[str]:
    """The waters as paths."""
    return [into.path(line) for line in _lines(layers, "waterways")]


def areas(layers: Mapping[str, Any], into: Frame, level: str = "kecamatan") -> list[str]:
    """The outlines of the areas of one level as paths."""
    return [into.path(line) + "Z" for line in _lines(layers, "areas", level)]


def _lines(layers: Mapping[str, Any], layer: str, level: str = "") -> Iterator[Line]:
    for feature in (layers.get(layer) or {}).get("features", []):
        if level and feature["properties"].get("level") != level:
            continue
        geometry = feature["geometry"]
        depth = {"LineString": 0, "MultiLineString": 1, "Polygon": 1, "MultiPolygon": 2}.get(geometry["type"])
        if depth is not None:
            yield from _flat(geometry["coordinates"], depth)


def _flat(coordinates: Any, depth: int) -> Iterator[Line]:
    if depth == 0:
        yield coordinates
        return
    for part in coordinates:
        yield from _flat(part, depth - 1)
