"""/req/request-data/built-in-query-functions: geometry."""

import pytest

from patriot.sensing.sta import geo
from tests.api.sensorthings.city import World, build
from tests.api.sensorthings.conftest import Sta, point


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


# Two stored geometries. Thing n is at (8, 51 + n), where its datastreams 2n and 2n + 1 observed; 3 has none.


@pytest.fixture
def moved(sta: Sta, world: World) -> World:
    """Thing 1 has moved to where thing 2 is, and observed there with datastream 3."""
    sta.ask("PATCH", f"Locations({world.locations[1]})", {"location": point(8, 53)})
    sta.make(f"Datastreams({world.streams[3]})/Observations", {"result": 1})
    return world


TWICE = {
    "Things?$filter=geo.distance(Locations/location, Datastreams/observedArea) gt 0.5": ["Thing 1"],
    "Things?$filter=geo.distance(Locations/location, Datastreams/observedArea) eq 0":
        ["Thing 0", "Thing 1", "Thing 2"],
    "Things?$filter=st_within(Locations/location, Datastreams/observedArea) and Datastreams/id gt 0":
        ["Thing 0", "Thing 2"],
    "Things?$filter=not geo.intersects(Locations/location, Datastreams/observedArea)": ["Thing 1"],
    "Datastreams?$filter=st_equals(observedArea, Thing/Locations/location)":
        ["Datastream 0", "Datastream 1", "Datastream 4", "Datastream 5"],
    "Datastreams?$filter=st_touches(Thing/Locations/location, observedArea)": ["Datastream 3"],
    "Datastreams?$filter=st_intersects(Thing/Locations/location, observedArea) and id gt 0&$skip=4":
        ["Datastream 5"],
    "Datastreams?$filter=st_relate(observedArea, Thing/Locations/location, 'FF10F0FF2')": ["Datastream 3"],
    "Datastreams?$filter=st_disjoint(observedArea, Thing/Locations/location)": ["Datastream 2"],
    "Datastreams?$filter=st_equals(observedArea, observedArea)": [f"Datastream {n}" for n in range(6)],
    "Datastreams?$filter=geo.distance(observedArea, Observations/FeatureOfInterest/feature) eq 0"
    "&$orderby=geo.distance(observedArea, Thing/Locations/location) desc,name&$top=1": ["Datastream 2"],
    "Things?$filter=Datastreams/any(d:st_disjoint(d/observedArea, d/Thing/Locations/location))": ["Thing 1"],
    "Locations?$filter=geo.distance(location, Things/Datastreams/observedArea) eq 1": ["Location 1"],
    "Locations?$filter=geo.distance(location, Things/Locations/location) eq 0":
        [f"Location {n}" for n in range(4)],
    "Locations?$filter=st_equals(location, Things/HistoricalLocations/Locations/location)":
        [f"Location {n}" for n in range(4)],
}  # fmt: skip


@pytest.mark.parametrize("query", TWICE)
def test_it_compares_stored_geometries(sta: Sta, moved: World, query: str) -> None:
    assert sta.names(query) == TWICE[query]


def test_it_compares_what_observations_are_about_with_where_their_things_are(sta: Sta, moved: World) -> None:
    asked = "geo.distance(FeatureOfInterest/feature, Datastream/Thing/Locations/location) gt 0.5"
    found = sta.get(f"Observations?$filter={asked}&$count=true&$expand=Datastream($select=name)").json
    assert found["@iot.count"] == 10
    assert {each["Datastream"]["name"] for each in found["value"]} == {"Datastream 2", "Datastream 3"}


def test_it_compares_them_in_an_expansion(sta: Sta, moved: World) -> None:
    asked = "Datastreams($filter=st_disjoint(observedArea, Thing/Locations/location);$select=name)"
    said = sta.get(f"Things?$expand={asked}").value
    assert [[one["name"] for one in each["Datastreams"]] for each in said] == [[], ["Datastream 2"], [], []]


def test_it_compares_only_what_the_viewer_may_see(sta: Sta, nobody: Sta, moved: World) -> None:
    query = "Things?$filter=geo.distance(Locations/location, Datastreams/observedArea) ge 0"
    for n in (0, 1):
        sta.ask("PATCH", f"Things({moved.things[n]})", {"properties": {"public": True}})
    sta.ask("PATCH", f"Datastreams({moved.streams[2]})", {"properties": {"public": True}})
    assert nobody.names(query) == ["Thing 1"]


@pytest.mark.parametrize("limit", ["MOST_PAIRS", "MOST_CORNERS"])
def test_it_says_when_there_is_too_much_to_compare(
    sta: Sta, moved: World, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(geo, limit, 2)
    said = sta.ask("GET", "Datastreams?$filter=st_equals(observedArea, Thing/Locations/location)")
    assert said.status == 400
    assert "write one of them out" in said.json["message"]


def test_what_is_the_same_for_all_is_an_order_as_well(sta: Sta, world: World) -> None:
    same = "st_equals(geography'POINT(1 1)', geography'POINT(1 1)')"
    assert sta.names(f"Things?$orderby={same},name desc&$top=1") == ["Thing 3"]
