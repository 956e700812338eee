"""/req/datamodel/*, /req/resource-path/*, /req/request-data/*: reading."""

import pytest

from patriot.sensing.models import Thing
from patriot.sensing.sta.model import ENTITIES
from tests.api.sensorthings.city import World, build
from tests.api.sensorthings.conftest import Sta

MANDATORY = {
    "Things": ["name", "description"],
    "Locations": ["name", "description", "encodingType", "location"],
    "HistoricalLocations": ["time"],
    "Datastreams": ["name", "description", "unitOfMeasurement", "observationType"],
    "Sensors": ["name", "description", "encodingType", "metadata"],
    "ObservedProperties": ["name", "definition", "description"],
    "Observations": ["phenomenonTime", "result", "resultTime"],
    "FeaturesOfInterest": ["name", "description", "encodingType", "feature"],
}
RELATIONS = {
    "Things": ["Locations", "HistoricalLocations", "Datastreams"],
    "Locations": ["Things", "HistoricalLocations"],
    "HistoricalLocations": ["Thing", "Locations"],
    "Datastreams": ["Thing", "Sensor", "ObservedProperty", "Observations"],
    "Sensors": ["Datastreams"],
    "ObservedProperties": ["Datastreams"],
    "Observations": ["Datastream", "FeatureOfInterest"],
    "FeaturesOfInterest": ["Observations"],
}


@pytest.fixture
def world(sta: Sta) -> World:
    return build(sta)


def test_it_lists_its_entity_sets_and_what_it_conforms_to(sta: Sta) -> None:
    root = sta.get("").json
    assert {each["name"] for each in root["value"]} == set(MANDATORY)
    for each in root["value"]:
        assert each["url"] == f"http://testserver/sensorthings/v1.1/{each['name']}"
    listed = root["serverSettings"]["conformance"]
    base = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
    for name in ("datamodel/thing/properties", "request-data/filter", "create-update-delete/deep-insert",
                 "batch-request/batch-request", "data-array/data-array"):  # fmt: skip
        assert base + name in listed
    assert root["serverSettings"][f"{base}receive-updates-via-mqtt/receive-updates"]["endpoints"]


def test_it_shows_every_entity_with_its_properties_links_and_control_information(
    sta: Sta, world: World
) -> None:  # fmt: skip
    for plural, properties in MANDATORY.items():
        value = sta.get(f"{plural}?$top=2").value
        assert value, plural
        for each in value:
            assert each["@iot.selfLink"].endswith(f"/{plural}({each['@iot.id']})")
            assert sta.get(each["@iot.selfLink"]).json == each
            for name in properties:
                assert name in each, (plural, name)
            for name in RELATIONS[plural]:
                link = each[f"{name}@iot.navigationLink"]
                assert link == f"{each['@iot.selfLink']}/{name}"
                assert sta.get(link).status == 200


def test_it_follows_paths_of_any_depth(sta: Sta, world: World) -> None:
    thing, stream, observation = world.things[1], world.streams[2], world.observations[10]
    assert sta.get(f"Things({thing})/Datastreams({stream})/Observations({observation})").json["result"] == 20
    assert sta.names(f"Observations({observation})/Datastream/Thing/Locations") == ["Location 1"]
    path = f"Observations({observation})/Datastream/Thing/HistoricalLocations"
    assert sta.names(f"{path}({sta.ids(path)[0]})/Locations") == ["Location 1"]
    assert sta.get(f"Datastreams({stream})/Thing({thing})").json["name"] == "Thing 1"
    assert sta.get("FeaturesOfInterest?$count=true&$top=0").json["@iot.count"] == 3


def test_it_answers_properties_values_and_references(sta: Sta, world: World) -> None:
    thing = f"Things({world.things[1]})"
    assert sta.get(f"{thing}/name").json == {"name": "Thing 1"}
    assert sta.get(f"{thing}/name/$value").raw == b"Thing 1"
    assert sta.get(f"{thing}/properties/string").json == {"string": "one"}
    assert sta.get(f"{thing}/properties/deep/list/1/$value").raw == b"8"
    assert sta.get(f"{thing}/properties/$value").json["field"] == 2
    assert sta.get(f"Observations({world.observations[3]})/result/$value").raw == b"3"
    assert sta.get(f"Things({world.things[0]})/properties", status=204).raw == b""
    assert sta.get(f"Things({world.things[0]})/properties/$value", status=204).raw == b""
    refs = sta.get(f"{thing}/Datastreams/$ref").value
    assert [set(each) for each in refs] == [{"@iot.selfLink"}] * 2
    assert sta.get(refs[0]["@iot.selfLink"]).json["name"] == "Datastream 2"
    assert sta.get(f"Observations({world.observations[0]})/Datastream/$ref").json["@iot.selfLink"]


@pytest.mark.parametrize("path", [
    "Nothing", "Things(987654)", "Things(987654)/Datastreams", "Things(abc)", "Things('x')", "Things(1",
                                                                                                     "Things()",
    "Things({thing})/nosuch", "Things({thing})/Datastreams({other})", "Things({thing})/name/nosuch/$value/x",
    "Observations({observation})/Datastream({other})", "Things(-1)", "Things(99999999999999999999999999)",
    "Things(0)", "Things({thing})/Datastreams(987654)/Observations", "Locations({thing})/Thing",
])  # fmt: skip
def test_it_has_404_for_what_is_not_there(sta: Sta, path: str) -> None:
    thing = sta.make("Things", {"name": "a", "description": ""})
    said = sta.ask("GET", path.format(thing=thing, other=987655, observation=987656))
    assert said.status == 404, said.raw
    assert said.json["code"] == 404
    assert said.json["message"]


@pytest.mark.parametrize("query", [
    "$top=-1", "$top=x", "$skip=1.5", "$count=maybe", "$nosuch=1", "$expand=Nothing", "$select=nosuch",
    "$orderby=nosuch", "$orderby=name down", "$expand=Datastreams($nosuch=1)", "$expand=Datastreams($top=1",
    "$filter=name eq 'a'&$filter=name eq 'b'", "$resultFormat=csv", "$resultFormat=dataArray", "$skiptoken=x",
    "$expand=Datastreams($filter=nosuch eq 1)", "$select=", "$filter=",
    "$expand=Locations(x)",
])  # fmt: skip
def test_it_has_400_for_what_it_cannot_read(sta: Sta, query: str) -> None:
    assert sta.ask("GET", f"Things?{query}").status == 400


def test_it_expands_nested_with_options_and_by_slashes(sta: Sta, world: World) -> None:
    expand = (
        "Datastreams($select=name;$orderby=id desc;$expand=Observations($top=2;$orderby=phenomenonTime desc;"
        "$select=result;$count=true),ObservedProperty($select=name)),Locations/HistoricalLocations/Thing"
    )
    said = sta.get(f"Things({world.things[1]})?$expand={expand}").json
    first, second = said["Datastreams"]
    assert (first["name"], second["name"]) == ("Datastream 3", "Datastream 2")
    assert [each["result"] for each in first["Observations"]] == [34, 33]
    assert first["Observations@iot.count"] == 5
    assert set(first) == {"name", "Observations", "Observations@iot.count", "Observations@iot.nextLink",
                          "ObservedProperty"}  # fmt: skip
    more = sta.get(first["Observations@iot.nextLink"]).json
    assert [each["result"] for each in more["value"]] == [32, 31]
    assert [set(each) for each in more["value"]] == [{"result"}] * 2
    assert more["@iot.count"] == 5
    assert first["ObservedProperty"] == {"name": "ObservedProperty 0"}
    assert said["Locations"][0]["HistoricalLocations"][0]["Thing"]["name"] == "Thing 1"
    assert said["Datastreams@iot.navigationLink"] == f"{said['@iot.selfLink']}/Datastreams"
    filtered = sta.get("Things?$expand=Datastreams($filter=Observations/result gt 33)").value
    assert [[each["name"] for each in thing["Datastreams"]] for thing in filtered] == [
        [], ["Datastream 3"], ["Datastream 4", "Datastream 5"], [],
    ]  # fmt: skip


def test_it_selects(sta: Sta, world: World) -> None:
    assert sta.get("Things?$select=name&$top=1").value == [{"name": "Thing 0"}]
    assert set(sta.get("Things?$select=id,name,Datastreams&$top=1").value[0]) == {
        "@iot.id", "name", "Datastreams@iot.navigationLink",
    }  # fmt: skip
    assert sta.get("Things?$select=properties/string,name&$filter=properties/field eq 2").value == [
        {"name": "Thing 1", "properties": {"string": "one"}}
    ]
    chosen = sta.get(f"Datastreams({world.streams[0]})?$select=name&$expand=Thing($select=name)").json
    assert chosen == {"name": "Datastream 0", "Thing": {"name": "Thing 0"}}


def test_it_sorts_by_several_terms_by_paths_and_by_expressions(sta: Sta, world: World) -> None:
    assert sta.names("Things?$orderby=name desc") == ["Thing 3", "Thing 2", "Thing 1", "Thing 0"]
    names = sta.names("Datastreams?$orderby=ObservedProperty/name desc,Thing/name asc,id desc")
    assert names == [f"Datastream {n}" for n in (2, 5, 1, 4, 0, 3)]
    assert sta.names("Things?$orderby=properties/field desc&$top=2") == ["Thing 2", "Thing 1"]
    results = [
        each["result"] for each in sta.get("Observations?$orderby=result mod 10 desc,result&$top=3").value
    ]
    assert results == [4, 14, 24]
    assert sta.names("Things?$orderby=Datastreams/name desc&$top=1") == ["Thing 2"]


def test_it_pages_without_gaps_or_repeats_also_while_the_collection_changes(sta: Sta, world: World) -> None:
    for query in ("Observations?$top=7", "Observations?$top=7&$orderby=result desc",
                  "Observations?$top=4&$orderby=Datastream/name desc,phenomenonTime&$select=id",
                  "Observations?$top=7&$orderby=resultTime,validTime desc,id desc"):  # fmt: skip
        page = sta.get(f"{query}&$count=true").json
        seen = [each["@iot.id"] for each in page["value"]]
        while "@iot.nextLink" in page:
            page = sta.get(page["@iot.nextLink"]).json
            assert page["@iot.count"] == 30
            seen += [each["@iot.id"] for each in page["value"]]
        assert sorted(seen) == sorted(world.observations), query
    page = sta.get("Things?$top=2").json
    sta.ask("DELETE", f"Things({world.things[0]})")
    assert [each["name"] for each in sta.get(page["@iot.nextLink"]).value] == ["Thing 2", "Thing 3"]


def test_it_counts_skips_and_tops(sta: Sta, world: World) -> None:
    said = sta.get("Things?$count=true&$top=0").json
    assert (said["@iot.count"], said["value"]) == (4, [])
    assert "@iot.count" not in sta.get("Things?$count=false").json
    assert sta.names("Things?$skip=1&$top=2") == ["Thing 1", "Thing 2"]
    assert sta.names("Things?$skip=9") == []
    assert sta.get("Things?$count=true&$filter=name eq 'Thing 1'").json["@iot.count"] == 1
    assert "@iot.nextLink" not in sta.get("Things?$top=4").json
    assert "$top=2" in sta.get("Things?$top=2").json["@iot.nextLink"]


def test_it_shows_simulated_things_as_simulated(sta: Sta, world: World) -> None:
    Thing.objects.filter(pk=world.things[0]).update(simulated=True)
    assert sta.get(f"Things({world.things[0]})").json["properties"] == {"simulated": True}
    assert sta.get(f"Datastreams({world.streams[0]})").json["properties"] == {"simulated": True}
    assert sta.names("Things?$filter=properties/simulated eq true") == ["Thing 0"]


def test_it_describes_the_standards_eight_entities_and_no_more() -> None:
    assert {entity.plural for entity in ENTITIES} == set(MANDATORY)
    for entity in ENTITIES:
        assert {link.name for link in entity.links} == set(RELATIONS[entity.plural])
