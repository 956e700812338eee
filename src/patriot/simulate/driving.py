"""A vehicle on the road: where it is after so many seconds, as its tracker would say it. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from patriot.kernel.geometry import Point, bearing_deg, distance_m
from patriot.simulate.streets import Piece

GPS_ERROR = 0.00003  # degrees, about 3 m, one standard deviation
KMH_KNOTS = 1 / 1.852


@dataclass(frozen=True)
class Fix:
    """What a tracker says. `heading` is None while standing."""

    lon: float
    lat: float
    kmh: float
    heading: float | None

    def osmand(self, uid: str, at: float) -> dict[str, str]:
        """The parameters of an OsmAnd request: speed in knots, time in Unix seconds."""
        said = {"id": uid, "lat": f"{self.lat:.6f}", "lon": f"{self.lon:.6f}", "timestamp": f"{at:.0f}",
                "speed": f"{self.kmh * KMH_KNOTS:.1f}", "accuracy": "6"}  # fmt: skip
        return said if self.heading is None else {**said, "bearing": f"{self.heading:.0f}"}


@dataclass
class Drive:
    """A vehicle's movement along the ways it was given."""

    at: Point
    chance: Random
    pieces: deque[Piece] = field(default_factory=deque)
    heading: float | None = None
    kmh: float = 0.0

    @property
    def is_moving(self) -> bool:
        """True until the end of the way."""
        return bool(self.pieces)

    @property
    def metres_left(self) -> float:
        """How far it still is."""
        if not self.pieces:
            return 0.0
        return distance_m(self.at, self.pieces[0].end) + sum(piece.metres for piece in list(self.pieces)[1:])

    def follow(self, way: Iterable[Piece]) -> None:
        """Drive along a new way from here, in place of the old one."""
        self.pieces = deque(way)

    def advance(self, seconds: float) -> None:
        """Move on for so many seconds; stands still at the end of the way."""
        while seconds > 0 and self.pieces:
            piece = self.pieces[0]
            kmh = piece.kmh * self.chance.uniform(0.75, 1.1)
            left = distance_m(self.at, piece.end)
            reach = kmh / 3.6 * seconds
            self.heading, self.kmh = bearing_deg(piece.start, piece.end), kmh
            if reach < left:
                self.at = _between(self.at, piece.end, reach / left)
                return
            seconds -= left / (kmh / 3.6)
            self.at = self.pieces.popleft().end
        if not self.pieces:
            self.kmh = 0.0

    def fix(self) -> Fix:
        """What the tracker says now, with the error trackers have."""
        error = GPS_ERROR if self.is_moving else GPS_ERROR / 4
        lon, lat = (value + self.chance.gauss(0, error) for value in self.at)
        return Fix(lon, lat, self.kmh, self.heading if self.is_moving else None)


def _between(a: Point, b: Point, share: float) -> Point:
    return Point(a.lon + (b.lon - a.lon) * share, a.lat + (b.lat - a.lat) * share)
