"""/req/request-data/built-in-query-functions: geometry."""

import pytest

from tests.api.sensorthings.city import World, build
from tests.api.sensorthings.conftest import Sta


@pytest.fixture
def world(sta: Sta) -> World:
    return build(sta)


SQUARE = "geography'POLYGON((7.5 51.5, 8.5 51.5, 8.5 53.5, 7.5 53.5, 7.5 51.5))'"
LOCATIONS = {
    "geo.distance(location, geography'POINT(8 54.1)') lt 1.05": [3],
    "geo.distance(geography'POINT(8 54.1)', location) lt 1.5": [2, 3, 4],
    "geo.length(location) gt 0.5": [5, 6],
    "geo.length(location) eq 4": [6],
    "geo.length(location) eq 0": [0, 1, 2, 3, 4],
    f"geo.intersects(location, {SQUARE})": [1, 2, 4, 6],
    f"st_within(location, {SQUARE})": [1, 2],
    f"not st_within(location, {SQUARE})": [0, 3, 4, 5, 6],
    "st_equals(location, geography'POINT(8 53)')": [2],
    f"st_disjoint(location, {SQUARE})": [0, 3, 5],
    "st_touches(geography'POLYGON((8 53, 7.5 54.5, 8.5 54.5, 8 53))', location)": [2, 4],
    "st_overlaps(location, geography'POLYGON((7.2 52, 9 52, 9 54, 7.2 54, 7.2 52))')": [4],
    "st_crosses(location, geography'LINESTRING(7.5 51, 7.5 53.5)')": [4, 6],
    "st_intersects(location, geography'LINESTRING(7.5 51, 7.5 53.5)')": [4, 6],
    "st_contains(location, geography'POINT(7.2 52.8)')": [4],
    "st_contains(geography'POLYGON((7 50, 9 50, 9 51.5, 7 51.5, 7 50))', location)": [0],
    "st_relate(location, geography'POLYGON((7 50, 9 50, 9 51.5, 7 51.5, 7 50))', 'T********')": [0],
    "st_equals(geography'POINT(1 1)', geography'POINT(1 1)') and geo.distance(geography'POINT(0 0)', "
    "geography'POINT(3 4)') eq 5": [0, 1, 2, 3, 4, 5, 6],
}  # fmt: skip


def test_it_answers_every_geometry_function(sta: Sta, world: World) -> None:
    for filter_, expected in LOCATIONS.items():
        found = sta.ids(f"Locations?$filter={filter_}")
        assert [world.locations.index(key) for key in found] == expected, filter_


def test_it_takes_geometry_over_links_and_sorts_by_distance(sta: Sta, world: World) -> None:
    filter_ = f"st_within(Locations/location, {SQUARE}) and Datastreams/Observations/result gt 0"
    assert sta.names(f"Things?$filter={filter_}") == ["Thing 1", "Thing 2"]
    near = "FeatureOfInterest/feature, geography'POINT(8 53.01)'"
    assert len(sta.ids(f"Observations?$filter=geo.distance({near}) lt 0.1&$top=100")) == 10
    assert sta.names("Locations?$orderby=geo.distance(location, geography'POINT(8 54)')&$top=2") == [
        "Location 3", "Location 2",
    ]  # fmt: skip
    assert sta.get("Locations?$filter=geo.distance(location, geography'POINT(-122, 43)') gt 1").value
