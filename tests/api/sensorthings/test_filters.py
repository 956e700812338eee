"""/req/request-data/filter, built-in-filter-operations, built-in-query-functions."""

import pytest

from tests.api.sensorthings.city import World, build
from tests.api.sensorthings.conftest import Sta


@pytest.fixture
def world(sta: Sta) -> World:
    return build(sta)


THINGS = {
    # comparison, logic, grouping, precedence
    "name eq 'Thing 1'": [1],
    "name ne 'Thing 1'": [0, 2, 3],
    "name gt 'Thing 1'": [2, 3],
    "name ge 'Thing 1' and name lt 'Thing 3'": [1, 2],
    "name eq 'Thing 0' or name eq 'Thing 1' and name eq 'Thing 2'": [0],
    "(name eq 'Thing 0' or name eq 'Thing 1') and name eq 'Thing 1'": [1],
    "not name eq 'Thing 1'": [0, 2, 3],
    "not (name eq 'Thing 1' or name eq 'Thing 2')": [0, 3],
    "not startswith(name, 'Thing')": [],
    "true": [0, 1, 2, 3],
    # properties inside JSON, of every type
    "properties/field eq 3": [2],
    "properties/field gt 2.5": [2],
    "properties/field add 1 eq 3": [1],
    "properties/string eq 'one'": [1],
    "properties/on eq true": [2],
    "properties/on": [2],
    "properties/deep/list[1] eq 8": [1],
    "properties/deep/list/0 eq 7": [1],
    "properties/since lt 2026-02-01T00:00:00Z": [2],
    "properties/field eq null": [0, 3],
    "properties/field ne null": [1, 2],
    "properties/missing/deeper eq 3": [],
    "properties/string gt 3": [],
    # over links to one and to many, there and back
    "Locations/name eq 'Location 2'": [2],
    "startswith(HistoricalLocations/Locations/name, 'Location 1')": [1],
    "HistoricalLocations/Locations/properties/field eq properties/field": [],
    "Locations/properties/field add 1 eq properties/field": [1, 2],
    "Datastreams/id eq null": [3],
    "Datastreams/id ne null": [0, 1, 2],
    "Datastreams/Observations/result gt 43": [2],
    "Datastreams/Observations/result gt 12 and Datastreams/Observations/result lt 14": [0],
    "Datastreams/Observations/result gt 14 and Datastreams/Observations/result lt 20": [],
    "Datastreams/Sensor/name eq 'Sensor 0' and Datastreams/ObservedProperty/name eq 'ObservedProperty 1'": [],
    "Datastreams/Observations/FeatureOfInterest/name eq 'Location 1'": [1],
    "Datastreams/Thing/Datastreams/name eq 'Datastream 3'": [1],
    # texts
    "substringof('g 2', name)": [2],
    "contains(name, 'g 2')": [2],
    "endswith(name, ' 3')": [3],
    "startswith(description, 'The')": [0, 1, 2, 3],
    "length(name) eq 7": [0, 1, 2, 3],
    "indexof(name, 'ing') eq 3": [0, 1, 2, 3],
    "indexof(name, 'zzz') eq 0": [0, 1, 2, 3],
    "substring(name, 4) eq 'g 3'": [3],
    "substring(name, 4, 1) eq 'g'": [0, 1, 2, 3],
    "substring(properties/string, 1) eq 'wo'": [2],
    "tolower(name) eq 'thing 1'": [1],
    "toupper(name) eq 'THING 1'": [1],
    "trim(concat('  ', name)) eq 'Thing 1'": [1],
    "concat(concat(name, ', '), description) eq 'Thing 1, The thing number 1.'": [1],
    "name eq 'it''s'": [],
}


def test_it_filters_by_every_operator_and_text_function_and_path(sta: Sta, world: World) -> None:
    for filter_, expected in THINGS.items():
        found = sta.ids(f"Things?$filter={filter_}")
        assert [world.things.index(key) for key in found] == expected, filter_


OBSERVATIONS = {
    "result eq 3": [3],
    "result ne 3 and Datastream/name eq 'Datastream 0'": [0, 1, 2, 4],
    "result le 1 or result ge 54": [0, 1, 29],
    "result sub 5 gt 48": [29],
    "result add 5 eq 8": [3],
    "result mul 2 eq 6": [3],
    "result div 2 eq 1.5": [3],
    "result mod 20 eq 3": [3, 13, 23],
    "result div 0 eq 1": [],
    "-result lt -53": [29],
    "(result add 1) mul 2 eq 8": [3],
    "result add 1 mul 2 eq 5": [3],
    "round(result div 2) eq 2": [3, 4],
    "floor(result div 2) eq 1": [2, 3],
    "ceiling(result div 2) eq 2": [3, 4],
    "Datastream/Thing/name eq 'Thing 2' and result mod 10 eq 4": [24, 29],
    "FeatureOfInterest/name eq 'Location 0' and result lt 1": [0],
    "Datastream/ObservedProperty/Datastreams/name eq 'Datastream 3' and result lt 2": [0, 1],
    "phenomenonTime gt 2026-11-20T03:00:00Z and result lt 20": [4, 9],
    "phenomenonTime lt 2026-11-20T08:00:00+07:00 and result lt 3": [0],
    "year(phenomenonTime) eq 2026 and month(phenomenonTime) eq 11": list(range(30)),
    "day(phenomenonTime) eq 20": list(range(30)),
    "hour(phenomenonTime) eq 4 and minute(phenomenonTime) eq 0 and second(phenomenonTime) eq 0": [4, 9, 14,
                                                                                                  19, 24, 29],
    "fractionalseconds(phenomenonTime) eq 0": list(range(30)),
    "totaloffsetminutes(phenomenonTime) eq 0": list(range(30)),
    "date(phenomenonTime) eq 2026-11-20": list(range(30)),
    "date(phenomenonTime) ne date(phenomenonTime)": [],
    "time(phenomenonTime) gt 03:30:00 and result lt 10": [4],
    "phenomenonTime lt now() and result eq 0": [0],
    "phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime() and result eq 0": [0],
    "phenomenonTime sub duration'PT1H' ge 2026-11-20T03:00:00Z and result lt 10": [4],
    "phenomenonTime sub 2026-11-20T00:00:00Z eq duration'PT4H' and result lt 10": [4],
    "resultTime eq null and result lt 2": [0, 1],
    "parameters eq null and result eq 0": [0],
    "result eq '3'": [3],
}  # fmt: skip


def test_it_filters_by_arithmetic_times_and_results(sta: Sta, world: World) -> None:
    for filter_, expected in OBSERVATIONS.items():
        found = sta.ids(f"Observations?$filter={filter_}")
        assert sorted(world.observations.index(key) for key in found) == expected, filter_


def test_it_filters_by_ids_as_numbers_and_as_texts(sta: Sta, world: World) -> None:
    key = world.streams[1]
    for filter_ in (f"id eq {key}", f"@iot.id eq {key}", f"id eq '{key}'"):
        assert sta.ids(f"Datastreams?$filter={filter_}") == [key], filter_
    for filter_ in (f"Datastream/id eq {key}", f"Datastream/@iot.id eq '{key}'"):
        assert len(sta.ids(f"Observations?$filter={filter_}")) == 5, filter_


def test_it_filters_by_a_units_parts_and_a_datastreams_times(sta: Sta, world: World) -> None:
    assert len(sta.ids("Datastreams?$filter=unitOfMeasurement/name eq 'degree Celsius'")) == 6
    assert sta.ids("Datastreams?$filter=unitOfMeasurement/symbol ne '°C'") == []
    assert len(sta.ids("Datastreams?$filter=phenomenonTime lt 2026-11-21T00:00:00Z")) == 6
    assert sta.ids("Datastreams?$filter=phenomenonTime gt 2026-11-20T02:00:00Z") == []


BAD = [
    "name eq", "eq 3", "name eq 'x", "nosuch eq 3", "nosuch(name)", "startswith(name)", "name eq 'a' and",
    "(name eq 'a'", "name eq 'a')", "name", "name eq 3 3", "name lt true", "Datastreams/name/x eq 1",
    "description/x eq 1", "st_within(name, geography'POINT(1 1)')", "st_within(Locations/location, 3)",
    "geo.distance(Locations/location, geography'NOTHING') lt 1", ("st_relate(Locations/location, "
    "geography'POINT(1 1)', 'XX')"), "year('yesterday') eq 1", "id eq 'abc'", "name mul 2 eq 3",
    "properties/x eq 2026-13-45T00:00:00Z", "not", "-name eq 1", "during(now(), now())", "§", "name eq \x00",
]  # fmt: skip


def test_it_says_what_is_wrong_with_a_filter(sta: Sta) -> None:
    for filter_ in BAD:
        said = sta.ask("GET", f"Things?$filter={filter_}")
        assert said.status == 400, (filter_, said.raw)
        assert len(said.json["message"]) > 10, filter_
