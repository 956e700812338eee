"""Distances and bearings against known places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patriot.kernel.geometry import Point, bearing_deg, distance_m

BEKASI_STATION = Point(106.9993, -6.2360)
points = st.builds(Point, st.floats(-180, 180), st.floats(-90, 90))


def test_it_measures_one_degree_of_latitude_as_111_km() -> None:
    assert distance_m(Point(107, -6), Point(107, -7)) == pytest.approx(111_195, abs=1)


@given(points, points)
def test_it_measures_the_same_both_ways_and_never_beyond_half_the_earth(a: Point, b: Point) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), abs=1e-3)
    assert 0 <= distance_m(a, b) <= 20_015_200


@pytest.mark.parametrize(
    ("d_lon", "d_lat", "bearing"), [(0, 0.01, 0), (0.01, 0, 90), (0, -0.01, 180), (-0.01, 0, 270)]
)
def test_it_points_clockwise_from_north(d_lon: float, d_lat: float, bearing: float) -> None:
    there = Point(BEKASI_STATION.lon + d_lon, BEKASI_STATION.lat + d_lat)
    assert bearing_deg(BEKASI_STATION, there) == pytest.approx(bearing, abs=0.01)


@pytest.mark.parametrize("point", [Point(181, 0), Point(0, -91), Point(float("nan"), 0)])
def test_it_knows_what_is_no_position(point: Point) -> None:
    assert not point.is_valid
