"""Distances and directions on the sphere. Positions are (lon, lat) in degrees, WGS 84, always in that
order.
"""

from math import asin, atan2, cos, degrees, radians, sin, sqrt
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


class Point(NamedTuple):
    """A position in degrees, WGS 84."""

    lon: float
    lat: float

    @property
    def is_valid(self) -> bool:
        """True when both are real degrees (NaN is not)."""
        return -180 <= self.lon <= 180 and -90 <= self.lat <= 90


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres, haversine formula."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.lon - a.lon) / 2
    h = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))


def bearing_deg(a: Point, b: Point) -> float:
    """Initial bearing from `a` to `b`, degrees clockwise from north, 0 ≤ bearing < 360."""
    lat_a, lat_b, d_lon = radians(a.lat), radians(b.lat), radians(b.lon - a.lon)
    y = sin(d_lon) * cos(lat_b)
    x = cos(lat_a) * sin(lat_b) - sin(lat_a) * cos(lat_b) * cos(d_lon)
    return degrees(atan2(y, x)) % 360
