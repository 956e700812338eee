"""What OGC's executable tests and FROST's suite ask, and the requirement classes leave open."""

import orjson
import pytest
from django.db import connection

from patriot.sensing.models import Datastream
from patriot.sensing.rules import Flag
from patriot.sensing.sta.model import QUALITY
from patriot.sensing.sta.present import quality
from tests.api.sensorthings.city import World, build
from tests.api.sensorthings.conftest import ROOT, Sta


@pytest.fixture
def world(sta: Sta) -> World:
    return build(sta)


def links(record: dict[str, object]) -> set[str]:
    """The relations that a record leads to."""
    return {name.removesuffix("@iot.navigationLink") for name in record if name.endswith("navigationLink")}


def test_an_expanded_entity_leads_nowhere_and_its_parent_still_does(sta: Sta, world: World) -> None:
    path = f"Things({world.things[1]})"
    said = sta.get(f"{path}?$expand=Locations,Datastreams($expand=Sensor;$select=name,Sensor)").json
    assert links(said) == {"Datastreams", "HistoricalLocations", "Locations"}
    assert links(said["Locations"][0]) == set()
    assert links(said["Datastreams"][0]) == {"Sensor"}
    assert links(said["Datastreams"][0]["Sensor"]) == set()
    assert links(sta.get(f"{path}?$select=name,Locations&$expand=Locations").json) == {"Locations"}
    assert links(sta.get(f"{path}?$select=name&$expand=Locations").json) == set()


@pytest.mark.parametrize("query", [
    "%24filter%3Dresult+eq+2+and+result+eq+1+or+result+eq+1", "$filter=result%20eq%201",
    "%24filter=result+eq+1", "%24filter%3Dresult%20eq%202%20sub%201",
])  # fmt: skip
def test_it_reads_options_that_were_encoded_as_a_whole(sta: Sta, world: World, query: str) -> None:
    said = orjson.loads(sta.client.get(f"{ROOT}/Observations?{query}").content)
    assert {each["result"] for each in said["value"]} == {1}


@pytest.mark.parametrize("number", [-4962768465676381896, 2**53, 2**53 + 1, 2**63 - 1, 12, -0.5, 1e20])
def test_it_keeps_every_digit_of_a_whole_number(sta: Sta, world: World, number: float) -> None:
    stream = f"Datastreams({world.streams[0]})"
    at = "2030-01-01T00:00:00Z"
    made = sta.make(f"{stream}/Observations", {"result": number, "phenomenonTime": at})
    assert sta.get(f"Observations({made})").json["result"] == number
    array = {"Datastream": {"@iot.id": world.streams[1]}, "components": ["phenomenonTime", "result"]}
    sta.ask("POST", "CreateObservations", [{**array, "dataArray": [[at, number]]}])
    newest = sta.get(
        f"Datastreams({world.streams[1]})/Observations?$orderby=phenomenonTime desc&$top=1"
    ).value
    assert newest[0]["result"] == number
    assert made in sta.ids(f"{stream}/Observations?$filter=result eq {str(number).replace('+', '%2B')}")
    assert sta.ids(f"{stream}/Observations?$orderby=phenomenonTime desc&$top=1") == [made]


def test_it_sorts_places_and_shapes_by_what_they_say(sta: Sta, world: World) -> None:
    for collection, name in (("Locations", "location"), ("FeaturesOfInterest", "feature")):
        said = [orjson.dumps(each[name]) for each in sta.get(f"{collection}?$orderby={name}").value]
        back = [orjson.dumps(each[name]) for each in sta.get(f"{collection}?$orderby={name} desc").value]
        assert back == said[::-1]
        assert len(set(said)) > 1
    by_number = sta.get("Things?$orderby=properties/field&$filter=properties/field gt 0").value
    fields = [each["properties"]["field"] for each in by_number]
    assert fields == sorted(fields)


def test_it_goes_into_lists_by_index(sta: Sta) -> None:
    lists = {"numbers": [8, 9, 10], "pairs": [[1, 2], [3, 4]], "objects": [{"word": "one"}]}
    thing = f"Things({sta.make('Things', {'name': 'a', 'description': '', 'properties': lists})})"
    assert sta.get(f"{thing}/properties/numbers[1]").json == {"numbers[1]": 9}
    assert sta.get(f"{thing}/properties/pairs[0][1]").json == {"pairs[0][1]": 2}
    assert sta.get(f"{thing}/properties/objects[0]/word").json == {"word": "one"}
    assert sta.client.get(f"{ROOT}/{thing}/properties/numbers%5B2%5D/$value").content == b"10"
    sta.get(f"{thing}/properties/numbers[7]", status=204)


@pytest.mark.parametrize("path", [
    "Things/name", "Things/Datastreams", "{thing}/Datastreams/name", "Things/$value", "{thing}/$value",
    "{thing}/name/x",
])  # fmt: skip
def test_a_path_that_leads_nowhere_is_not_found(sta: Sta, path: str) -> None:
    thing = sta.make("Things", {"name": "a", "description": ""})
    sta.get(path.format(thing=f"Things({thing})"), status=404)


def test_it_answers_the_id_by_both_its_names(sta: Sta) -> None:
    thing = sta.make("Things", {"name": "a", "description": ""})
    assert sta.get(f"Things({thing})/id").json == {"id": thing}
    assert sta.get(f"Things({thing})/@iot.id/$value").raw == str(thing).encode()


def test_a_part_of_a_batch_may_begin_with_the_version(sta: Sta) -> None:
    thing = sta.make("Things", {"name": "a", "description": ""})
    requests = [{"id": "1", "method": "get", "url": f"/v1.1/Things({thing})?$select=name"}]
    said = sta.ask("POST", "$batch", {"requests": requests}).json
    assert said["responses"][0]["body"] == {"name": "a"}


@pytest.mark.parametrize("place", [{"type": "nonsense"}, "Jalan Ahmad Yani", {"type": "Point"}])
def test_a_change_of_a_place_is_checked_as_a_new_one_is(sta: Sta, world: World, place: object) -> None:
    path = f"Locations({world.locations[0]})"
    assert sta.ask("PATCH", path, {"location": place}).status == 400
    assert sta.ask("PATCH", path, {"location": {"type": "Point", "coordinates": [107, -6]}}).status == 200
    assert sta.ask("PATCH", path, {"location": place, "encodingType": "text/plain"}).status == 200


def test_it_says_asks_and_sorts_by_the_same_quality(sta: Sta, world: World) -> None:
    stream = world.streams[0]
    silent = sta.make(f"Datastreams({stream})/Observations", {"result": None})
    path = f"Datastreams({stream})/Observations"
    own = [{"nameOfMeasure": "by hand"}]
    told = sta.make(path, {"result": 4, "resultQuality": own})
    said = sta.get(f"Observations({silent})").json["resultQuality"]
    assert said == [{"nameOfMeasure": "patriot:missing", "DQ_Result": {"pass": False}}]
    assert sta.ids(f"{path}?$filter=resultQuality/0/nameOfMeasure eq 'patriot:missing'") == [silent]
    assert sta.ids(f"{path}?$filter=resultQuality ne null&$orderby=id") == [silent, told]
    past = sta.make(path, {"result": 3, "phenomenonTime": "2015-03-01T00:00:00Z"})
    assert "resultQuality" not in sta.get(f"Observations({past})").json  # how late it came is no fault of it
    for key, kept in ((silent, None), (told, own)):
        whole = sta.get(f"Observations({key})").json
        assert sta.ask("PUT", f"Observations({key})", whole).status == 200
        with connection.cursor() as cursor:
            cursor.execute("SELECT quality::text FROM sensing_observation WHERE id = %s", [key])
            [(quality,)] = cursor.fetchall()
        assert quality == (None if kept is None else orjson.dumps(kept).decode().replace(":", ": "))


def test_an_area_that_only_comes_back_is_not_kept(sta: Sta, world: World) -> None:
    path = f"Datastreams({world.streams[0]})"
    whole = sta.get(path).json
    assert whole["observedArea"]
    for method in ("PUT", "PATCH"):
        assert sta.ask(method, path, whole).status == 200
        assert Datastream.objects.get(pk=world.streams[0]).observed_area is None
    own = {"type": "Point", "coordinates": [1, 2]}
    for method in ("PATCH", "PUT"):
        assert sta.ask(method, path, whole | {"observedArea": own}).status == 200
        assert Datastream.objects.get(pk=world.streams[0]).observed_area == own


@pytest.mark.parametrize(("filter_", "expected"), [
    ("Datastreams/any(d:d/name eq 'Datastream 3')", ["Thing 1"]),
    ("Datastreams/any(d:d/name eq 'Datastream 2') and Datastreams/any(e:e/name eq 'Datastream 3')",
     ["Thing 1"]),
    ("Datastreams/any(d:d/name eq 'Datastream 2' and d/name eq 'Datastream 3')", []),
    ("Datastreams/any(d:d/Observations/any(o:o/result eq 34 and d/name eq 'Datastream 3'))", ["Thing 1"]),
    ("Datastreams/any(d:d/Sensor/name eq 'nosuch')", []),
    ("Locations/any() and not Datastreams/any(d:d/id gt 0)", None),
    ("Datastreams/any(d:d/Thing/name eq 'Thing 1')", ["Thing 1"]),
    ("Datastreams/any(d:name eq 'Thing 1')", ["Thing 1"]),
    ("Datastreams/any(d:name eq 'Datastream 3')", []),
])  # fmt: skip
def test_it_asks_for_some_that_are_linked(
    sta: Sta, world: World, filter_: str, expected: list[str] | None
) -> None:
    names = sta.names(f"Things?$filter={filter_}")
    with_streams = set(sta.names("Things?$filter=Datastreams/id gt 0"))
    assert names == expected if expected is not None else not with_streams & set(names)


@pytest.mark.parametrize("filter_", [
    "Datastreams/any(d:d)", "Datastreams/any(d:e/name eq 'x')", "name/any(x:x eq 1)", "Datastreams/any(",
    "Datastreams/any(d)", "Datastreams/any(d:)", "any(d:d/name eq 'x')", "Datastreams/any(1:1 eq 1)",
])  # fmt: skip
def test_it_says_what_is_wrong_with_any(sta: Sta, filter_: str) -> None:
    assert sta.ask("GET", f"Things?$filter={filter_}").status == 400


def test_it_deletes_what_fits_a_filter(sta: Sta, world: World) -> None:
    path = f"Datastreams({world.streams[0]})/Observations"
    before = sta.ids(path)
    gone = sta.ids(f"{path}?$filter=result lt 2")
    assert sta.ask("DELETE", f"{path}?$filter=result lt 2").status == 200
    assert sta.ids(path) == [key for key in before if key not in gone]
    assert gone
    assert sta.ask("DELETE", path).status == 405
    assert sta.ask("DELETE", f"Datastreams({world.streams[0]})?$filter=id gt 0").status == 405
    assert Sta().ask("DELETE", f"{path}?$filter=result gt 0").status == 401


def test_the_address_and_the_body_name_one_datastream(sta: Sta, world: World) -> None:
    path = f"Datastreams({world.streams[0]})/Observations"
    assert sta.ask("POST", path, {"result": 1, "Datastream": {"@iot.id": world.streams[1]}}).status == 400
    assert sta.ask("POST", path, {"result": 1, "Datastream": {"@iot.id": world.streams[0]}}).status == 201


# FROST's BatchTests 06 and 07: what was made or changed is not said again.


def asked(sta: Sta, *requests: dict[str, object]) -> list[dict[str, object]]:
    """The answers to a JSON batch, without what the suite does not look at."""
    numbered = [{"id": str(n), **request} for n, request in enumerate(requests)]
    said = sta.ask("POST", "$batch", {"requests": numbered}).json["responses"]
    return [{name: text for name, text in each.items() if name != "headers"} for each in said]


def test_a_json_batch_says_only_what_was_asked_for(sta: Sta) -> None:
    thing = sta.make("Things", {"name": "Patched", "description": ""})
    new = {"name": "New", "description": "Thing"}
    said = asked(
        sta,
        {"method": "get", "url": f"Things({thing})?$select=name"},
        {"atomicityGroup": "group1", "method": "post", "url": "Things", "body": new},
        {"atomicityGroup": "group1", "method": "patch", "url": f"Things({thing})", "body": {"name": "New"}},
        {"method": "get", "url": "Things(null)"},
    )  # fmt: skip
    (newest,) = sta.ids("Things?$orderby=id desc&$top=1")
    assert [{**each, "body": None} if each["status"] == 404 else each for each in said] == [
        {"id": "0", "status": 200, "body": {"name": "Patched"}},
        {"id": "1", "status": 201, "location": f"http://testserver{ROOT}/Things({newest})"},
        {"id": "2", "status": 200},
        {"id": "3", "status": 404, "body": None},
    ]


def test_a_json_batch_says_more_to_who_prefers_so(sta: Sta) -> None:
    thing = {"name": "New", "description": "Thing"}
    headers = {"Prefer": "return=representation"}
    [made] = asked(sta, {"method": "post", "url": "Things", "headers": headers, "body": thing})
    assert isinstance(made["body"], dict)
    assert made["body"]["name"] == "New"


def test_the_links_of_data_arrays_are_said_in_a_batch(sta: Sta, world: World) -> None:
    array = {"Datastream": {"@iot.id": world.streams[0]}, "components": ["result"], "dataArray": [[1]]}
    [made] = asked(sta, {"method": "post", "url": "CreateObservations", "body": [array]})
    assert isinstance(made["body"], list)


def test_the_quality_that_is_asked_for_is_the_one_that_is_said_for_every_flag(db: None) -> None:
    every = max(Flag) * 2
    with connection.cursor() as cursor:
        said = QUALITY.replace("{a}", "o")
        cursor.execute(
            f"SELECT flags, ({said})::text FROM (SELECT flags, NULL::jsonb AS quality "
            f"FROM generate_series(0, {every - 1}) AS flags) AS o ORDER BY flags"
        )
        found = [None if text is None else orjson.loads(text) for _flags, text in cursor.fetchall()]
    assert found == [quality(flags) for flags in range(every)]


def test_nothing_is_posted_below_what_is_not_where_the_path_says(sta: Sta, world: World) -> None:
    other = f"Things({world.things[1]})/Datastreams({world.streams[0]})/Observations"
    assert sta.ask("POST", other, {"result": 300}).status == 404
    own = f"Things({world.things[0]})/Datastreams({world.streams[0]})/Observations"
    assert sta.ask("POST", own, {"result": 300}).status == 201


def test_options_are_the_same_in_upper_and_lower_case(sta: Sta, world: World) -> None:
    said = sta.get("Things?$orderBy=id desc&$Top=1&$SELECT=id").json
    assert [each["@iot.id"] for each in said["value"]] == [world.things[3]]
    assert [each["@iot.id"] for each in sta.get(said["@iot.nextLink"]).value] == [world.things[2]]
    assert sta.ask("GET", "Things?$top=1&$Top=2").status == 400
