"""The pack's streets as a graph to drive on: small, in plain Python, good enough to look true."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from random import Random

from patriot.kernel.geometry import Point, distance_m
from patriot.kernel.pack import Pack

KMH = {  # what vehicles do in a city's day, not what signs allow
    "motorway": 70,
    "motorway_link": 35,
    "trunk": 42,
    "primary": 36,
    "secondary": 30,
    "tertiary": 26,
    "residential": 20,
    "living_street": 14,
    "service": 14,
}
FASTEST = max(KMH.values())
CELL = 0.004  # degrees, about 440 m: the grid in which the nearest crossing is looked for


@dataclass(frozen=True, slots=True)
class Piece:
    """A straight piece of a way, driven at one speed."""

    start: Point
    end: Point
    kmh: float
    name: str

    @property
    def metres(self) -> float:
        """Its length."""
        return distance_m(self.start, self.end)


type Edge = tuple[int, float, float, str]  # to which crossing, metres, km/h, street's name


class Streets:
    """Crossings and the pieces between them."""

    def __init__(self, lines: Iterable[tuple[list[Point], str, str]]) -> None:
        """`lines`: each street's points, class and name."""
        self.points: list[Point] = []
        self.edges: list[list[Edge]] = []
        self.named: dict[str, list[int]] = {}
        numbers: dict[Point, int] = {}
        for points, kind, name in lines:
            self._add([self._number(point, numbers) for point in points], KMH[kind], name)
        self._cells = self._grid()

    @classmethod
    def of(cls, pack: Pack) -> "Streets":
        """The streets of a city pack."""
        return cls(_drivable(pack))

    def _number(self, point: Point, numbers: dict[Point, int]) -> int:
        if point not in numbers:
            numbers[point] = len(self.points)
            self.points.append(point)
            self.edges.append([])
        return numbers[point]

    def _add(self, nodes: list[int], kmh: float, name: str) -> None:
        for a, b in pairwise(nodes):
            metres = distance_m(self.points[a], self.points[b])
            self.edges[a].append((b, metres, kmh, name))
            self.edges[b].append((a, metres, kmh, name))
        if name:
            self.named.setdefault(name, []).extend(nodes)

    def _grid(self) -> dict[tuple[int, int], list[int]]:
        cells: dict[tuple[int, int], list[int]] = {}
        for node, point in enumerate(self.points):
            cells.setdefault(_cell(point), []).append(node)
        return cells

    def nearest(self, point: Point) -> int:
        """The crossing nearest to a point."""
        x, y = _cell(point)
        for reach in range(1, 60):
            around = range(-reach, reach + 1)
            near = [node for i in around for j in around for node in self._cells.get((x + i, y + j), ())]
            if near:
                return min(near, key=lambda node: distance_m(self.points[node], point))
        return min(range(len(self.points)), key=lambda node: distance_m(self.points[node], point))

    def somewhere(self, chance: Random) -> int:
        """Any crossing."""
        return chance.randrange(len(self.points))

    def street_at(self, node: int) -> str:
        """The name of a street at a crossing, empty when none there has one."""
        return next((name for _to, _metres, _kmh, name in self.edges[node] if name), "")

    def way(self, start: int, goal: int) -> list[Piece]:
        """The quickest way, empty when there is none (or nothing to drive). A* by time."""
        if start == goal:
            return []
        came: dict[int, tuple[int, float, str]] = {}
        best = {start: 0.0}
        open_: list[tuple[float, int]] = [(0.0, start)]
        while open_:
            _guess, node = heappop(open_)
            if node == goal:
                return list(self._back(came, start, goal))
            for to, metres, kmh, name in self.edges[node]:
                cost = best[node] + metres / kmh
                if cost < best.get(to, float("inf")):
                    best[to] = cost
                    came[to] = (node, kmh, name)
                    heappush(open_, (cost + distance_m(self.points[to], self.points[goal]) / FASTEST, to))
        return []

    def _back(self, came: dict[int, tuple[int, float, str]], start: int, goal: int) -> Iterator[Piece]:
        pieces = []
        while goal != start:
            node, kmh, name = came[goal]
            pieces.append(Piece(self.points[node], self.points[goal], kmh, name))
            goal = node
        return reversed(pieces)


def _cell(point: Point) -> tuple[int, int]:
    return int(point.lon // CELL), int(point.lat // CELL)


def _drivable(pack: Pack) -> Iterator[tuple[list[Point], str, str]]:
    for _line, feature in pack.geojson("streets"):
        said = feature["properties"]
        if said.get("class") in KMH:
            points = [Point(lon, lat) for lon, lat, *_more in feature["geometry"]["coordinates"]]
            yield points, said["class"], said.get("name") or ""
