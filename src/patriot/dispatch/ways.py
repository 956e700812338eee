"""The way to an assignment's incident and the streets around it: enough to draw a small map."""

from dataclasses import dataclass

from patriot.dispatch.queries import AssignmentRow
from patriot.fleet.queries import latest_positions
from patriot.kernel.geometry import Point
from patriot.places import queries as places
from patriot.places import routing

MARGIN = 0.004  # degrees around the way: some 450 m
SHORTEST_SIDE = 0.006

type Box = tuple[float, float, float, float]  # west, south, east, north


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of the way: along which street, how far."""

    name: str
    metres: float


@dataclass(frozen=True, slots=True)
class Way:
    """From where, to where, along which line. No line: no road is known; it goes by the straight one."""

    origin: Point
    destination: Point
    seconds: float | None
    metres: float | None
    line: list[Point]
    turns: list[Turn]
    streets: list[list[tuple[float, float]]]
    box: Box


def way_to(row: AssignmentRow, origin: Point | None = None) -> Way | None:
    """From `origin` (left out: where the vehicle was last seen) to the incident; None when nobody knows."""
    start = origin or _vehicle(row)
    if start is None:
        return None
    end = Point(row.lon, row.lat)
    try:
        route = routing.route(start, end)
    except routing.NoNetwork:
        route = None
    line = route.line if route else [start, end]
    box = _box([*line, start, end])
    turns = [Turn(step.name, step.metres) for step in route.steps if step.name] if route else []
    seconds, metres = (route.seconds, route.metres) if route else (None, None)
    return Way(start, end, seconds, metres, line, turns, _streets(box), box)


def _vehicle(row: AssignmentRow) -> Point | None:
    seen = latest_positions(vehicle_ids=[row.vehicle_id]) if row.vehicle_id else []
    return Point(seen[0].lon, seen[0].lat) if seen else None


def _box(points: list[Point]) -> Box:
    west, east = min(p.lon for p in points), max(p.lon for p in points)
    south, north = min(p.lat for p in points), max(p.lat for p in points)
    wide, high = max(0.0, SHORTEST_SIDE - (east - west)) / 2, max(0.0, SHORTEST_SIDE - (north - south)) / 2
    return west - wide - MARGIN, south - high - MARGIN, east + wide + MARGIN, north + high + MARGIN


def _streets(box: Box) -> list[list[tuple[float, float]]]:
    lines = (feature["geometry"]["coordinates"] for feature in places.map_layers()["streets"]["features"])
    return [line for line in lines if any(_inside(lon, lat, box) for lon, lat in line)]


def _inside(lon: float, lat: float, box: Box) -> bool:
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]
