"""A small map drawn from the city pack's own lines, for pages without JavaScript. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from patriot.kernel.geometry import Point

WIDTH, HEIGHT = 640, 320  # units of the picture
HALF_WIDTH_M = 700  # metres from the middle to the left edge
METRES_A_DEGREE = 111_195  # of latitude, on the mean sphere

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


MAJOR = frozenset({"motorway", "motorway_link", "trunk", "primary", "secondary"})
_DEGREES_WIDE = 2 * HALF_WIDTH_M / METRES_A_DEGREE  # at the equator, and a little more than enough near it


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of the city with the box around it, in degrees: (west, south, east, north)."""

    kind: str
    box: tuple[float, float, float, float]
    line: Line


def prepare(layers: Mapping[str, Any]) -> list[Piece]:
    """The waters and streets of the city's map, those that lie below first."""
    waters = [Piece("water", _box(line), line) for line in _lines(layers, "waterways", lambda _kind: True)]
    minor = [
        Piece("minor", _box(line), line) for line in _lines(layers, "streets", lambda kind: kind not in MAJOR)
    ]
    major = [
        Piece("major", _box(line), line) for line in _lines(layers, "streets", lambda kind: kind in MAJOR)
    ]
    return [*waters, *minor, *major]


def draw(pieces: Iterable[Piece], centre: Point) -> list[Stroke]:
    """What lies around a point, in the order of the pieces."""
    frame, reach = Frame(centre), _DEGREES_WIDE
    west, south, east, north = centre.lon - reach, centre.lat - reach, centre.lon + reach, centre.lat + reach
    return [
        Stroke(_path(piece.line, frame), piece.kind) for piece in pieces
        if piece.box[0] < east and piece.box[2] > west and piece.box[1] < north and piece.box[3] > south
    ]  # fmt: skip


def _path(line: Line, frame: Frame) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in (frame.place(lon, lat) for lon, lat in line))


def _lines(layers: Mapping[str, Any], layer: str, wanted: Callable[[str], bool]) -> Iterator[Line]:
    for feature in (layers.get(layer) or {}).get("features", []):
        geometry = feature["geometry"]
        if geometry["type"] == "LineString" and wanted(str(feature["properties"].get("class", ""))):
            yield [(lon, lat) for lon, lat, *_height in geometry["coordinates"]]


def _box(line: Line) -> tuple[float, float, float, float]:
    lons, lats = [lon for lon, _lat in line], [lat for _lon, lat in line]
    return min(lons), min(lats), max(lons), max(lats)
