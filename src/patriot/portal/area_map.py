"""A warning's place as a picture without JavaScript: ground, waters, main streets, what is warned. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

WIDTH, HEIGHT = 640, 420  # units of the picture
MARGIN = 0.18  # of the warned box, on each side
SMALLEST = 0.02  # degrees a side: a single block is shown with its neighbourhood
MAJOR = frozenset({"motorway", "trunk", "primary", "secondary"})
MOST_LABELS = 14

type Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """A place's name in the picture."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Picture:
    """Paths in the picture's units, those below first."""

    areas: list[str]
    waters: list[str]
    streets: list[str]
    warned: list[str]
    labels: list[Label]


@dataclass(frozen=True)
class Frame:
    """From degrees to the picture's units: the box in the middle, as large as fits."""

    west: float
    north: float
    across: float  # units a degree of longitude
    down: float

    @classmethod
    def around(cls, box: Box) -> "Frame":
        """The frame that shows a box and some of what lies around it."""
        west, south, east, north = box
        squeeze = cos(radians((south + north) / 2))
        wide = max(east - west, SMALLEST) * (1 + 2 * MARGIN) * squeeze
        high = max(north - south, SMALLEST) * (1 + 2 * MARGIN)
        scale = min(WIDTH / wide, HEIGHT / high)
        middle_x, middle_y = (west + east) / 2, (south + north) / 2
        return cls(
            middle_x - WIDTH / 2 / (scale * squeeze), middle_y + HEIGHT / 2 / scale, scale * squeeze, scale
        )

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """x to the right, y down."""
        return (lon - self.west) * self.across, (self.north - lat) * self.down

    def path(self, line: Iterable[Sequence[float]]) -> str:
        """A line as SVG has it."""
        return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in (self.place(one[0], one[1]) for one in line))

    def sees(self, line: Iterable[Sequence[float]]) -> bool:
        """True when some of a line may be in the picture."""
        spots = [self.place(one[0], one[1]) for one in line]
        xs, ys = [x for x, _y in spots], [y for _x, y in spots]
        return bool(xs) and min(xs) < WIDTH and max(xs) > 0 and min(ys) < HEIGHT and max(ys) > 0


def draw(layers: Mapping[str, Any], warned: Sequence[Mapping[str, Any]]) -> Picture | None:
    """The picture of GeoJSON polygons on the city's map; None when there is nothing to show."""
    rings = [ring for geometry in warned for ring in rings_of(geometry)]
    if not rings:
        return None
    frame = Frame.around(_box(rings))
    areas = [one for one in _features(layers, "areas") if one["properties"].get("level") == "kelurahan"]
    outlines = [(one, rings_of(one["geometry"])) for one in areas]
    shown = [(one, found) for one, found in outlines if any(frame.sees(ring) for ring in found)]
    waters = [one["geometry"]["coordinates"] for one in _features(layers, "waterways")]
    streets = [
        one["geometry"]["coordinates"] for one in _features(layers, "streets")
        if one["properties"].get("class") in MAJOR
    ]  # fmt: skip
    return Picture(
        [frame.path(ring) + "Z" for _one, found in shown for ring in found],
        [frame.path(line) for line in waters if frame.sees(line)],
        [frame.path(line) for line in streets if frame.sees(line)],
        [frame.path(ring) + "Z" for ring in rings],
        list(_labels(frame, shown)),
    )


def _labels(frame: Frame, shown: Sequence[tuple[Mapping[str, Any], list[Any]]]) -> Iterator[Label]:
    """Names of the largest areas whose middle is in the picture."""
    sized = []
    for one, rings in shown:
        xs, ys = zip(*(frame.place(lon, lat) for lon, lat, *_ in max(rings, key=len)), strict=True)
        middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        if 40 < middle[0] < WIDTH - 40 and 12 < middle[1] < HEIGHT - 8:
            sized.append(((max(xs) - min(xs)) * (max(ys) - min(ys)), *middle, one["properties"]["name"]))
    for _size, x, y, name in sorted(sized, reverse=True)[:MOST_LABELS]:
        yield Label(round(x), round(y), name)


def rings_of(geometry: Mapping[str, Any]) -> list[Any]:
    """The outer rings of a polygon or several."""
    coordinates = geometry.get("coordinates") or []
    if geometry.get("type") == "Polygon":
        return coordinates[:1]
    if geometry.get("type") == "MultiPolygon":
        return [part[0] for part in coordinates if part]
    return []


def _features(layers: Mapping[str, Any], name: str) -> list[Any]:
    found: list[Any] = (layers.get(name) or {}).get("features", [])
    return found


def _box(rings: Iterable[Any]) -> Box:
    points = [point for ring in rings for point in ring]
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    return min(lons), min(lats), max(lons), max(lats)
