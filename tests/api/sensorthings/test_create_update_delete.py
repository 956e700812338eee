"""/req/create-update-delete/*."""

from typing import Any

import pytest
from django.db import connection

from patriot.ledger import actions as ledger
from patriot.sensing.models import Datastream
from tests.api.sensorthings.conftest import Sta, location, point, stream, thing


def test_it_creates_each_entity_by_itself_and_links_it_to_others(sta: Sta) -> None:
    owner = sta.make("Things", {"name": "Gauge", "description": "", "properties": {"a": [1, {"b": None}]}})
    place = sta.make("Locations", location() | {"Things": [{"@iot.id": owner}]})
    sensor = sta.make("Sensors", stream()["Sensor"])
    observed = sta.make("ObservedProperties", stream()["ObservedProperty"])
    links = {
        "Thing": {"@iot.id": owner},
        "Sensor": {"@iot.id": sensor},
        "ObservedProperty": {"@iot.id": observed},
    }
    made = sta.make("Datastreams", stream() | links)
    feature = sta.make("FeaturesOfInterest", {
        "name": "Reach", "description": "", "encodingType": "application/geo+json", "feature": point(107, -6),
    })  # fmt: skip
    observation = sta.make("Observations", {
        "result": 3, "Datastream": {"@iot.id": made}, "FeatureOfInterest": {"@iot.id": feature},
        "parameters": {"by": "hand"}, "resultQuality": [{"nameOfMeasure": "x"}],
        "validTime": "2026-01-01T00:00:00Z/2026-02-01T00:00:00Z", "resultTime": "2026-01-01T00:00:01Z",
    })  # fmt: skip
    past = sta.make("HistoricalLocations", {
        "time": "2020-01-01T00:00:00Z", "Thing": {"@iot.id": owner}, "Locations": [{"@iot.id": place}],
    })  # fmt: skip
    said = sta.get(f"Observations({observation})?$expand=FeatureOfInterest,Datastream/Thing/Locations").json
    assert said["FeatureOfInterest"]["name"] == "Reach"
    assert said["Datastream"]["Thing"]["Locations"][0]["@iot.id"] == place
    assert said["parameters"] == {"by": "hand"}
    assert said["resultQuality"] == [{"nameOfMeasure": "x"}]
    assert said["validTime"] == "2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z"
    assert sta.get(f"Things({owner})").json["properties"] == {"a": [1, {"b": None}]}
    assert sta.get(f"HistoricalLocations({past})/Thing").json["@iot.id"] == owner
    assert Datastream.objects.get(pk=made).key == "level"


def test_it_inserts_deeply_and_under_a_path(sta: Sta) -> None:
    observations = [{"result": n, "phenomenonTime": f"2026-11-21T0{n}:00:00Z"} for n in range(3)]
    body = thing(Datastreams=[stream(Observations=observations), stream("Rain")])
    key = sta.make("Things", body)
    assert sta.names(f"Things({key})/Datastreams") == ["Level", "Rain"]
    assert sta.names(f"Things({key})/Locations") == ["Place of Gauge"]
    first = sta.ids(f"Things({key})/Datastreams")[0]
    assert len(sta.ids(f"Datastreams({first})/Observations")) == 3
    again = sta.make(f"Things({key})/Datastreams", stream())
    assert Datastream.objects.get(pk=again).key == "level-2"
    assert sta.make(f"Things({key})/Datastreams({first})/Observations", {"result": 9})
    sensor = sta.ids("Sensors")[0]
    under = {name: kept for name, kept in stream("Third").items() if name != "Sensor"}
    third = sta.make(f"Sensors({sensor})/Datastreams", under | {"Thing": {"@iot.id": key}})
    assert sta.get(f"Datastreams({third})/Sensor").json["@iot.id"] == sensor
    moved = sta.make(f"Things({key})/Locations", location("Elsewhere"))
    assert sta.ids(f"Things({key})/Locations") == [moved]
    assert len(sta.ids(f"Things({key})/HistoricalLocations")) == 2


RESULTS = [12.5, -3, 0, 1e300, "wet", "", True, False, None, {"a": [1, "x", None]}, [1, 2], 2**53]


def test_it_keeps_results_of_every_type(sta: Sta) -> None:
    key = sta.make("Things", thing())
    path = f"Things({key})/Datastreams({sta.ids(f'Things({key})/Datastreams')[0]})/Observations"
    for result in RESULTS:
        made = sta.make(path, {"result": result})
        assert sta.get(f"Observations({made})").json["result"] == result
    assert [each["result"] for each in sta.get(f"{path}?$filter=result eq 'wet'").value] == ["wet"]
    assert [each["result"] for each in sta.get(f"{path}?$filter=result eq true").value] == [True]
    assert len(sta.get(f"{path}?$filter=result eq null").value) == 1
    assert len(sta.get(f"{path}?$filter=result/a/1 eq 'x'").value) == 1


def test_it_makes_the_feature_of_interest_of_the_things_place_and_keeps_it_when_the_thing_moves(
    sta: Sta,
) -> None:
    key = sta.make("Things", thing())
    assert sta.ids("FeaturesOfInterest") == []  # nobody observed anything yet
    path = f"Things({key})/Datastreams({sta.ids(f'Things({key})/Datastreams')[0]})/Observations"
    first, second = sta.make(path, {"result": 1}), sta.make(path, {"result": 2})
    place = sta.get(f"Things({key})/Locations").value[0]
    feature = sta.get(f"Observations({first})/FeatureOfInterest").json
    assert feature["feature"] == place["location"]
    assert sta.get(f"Observations({second})/FeatureOfInterest").json == feature
    sta.make(f"Things({key})/Locations", location("Elsewhere", 106.0))
    third = sta.make(path, {"result": 3})
    assert sta.get(f"Observations({third})/FeatureOfInterest").json["feature"] == point(106.0, -6.25)
    assert sta.get(f"Observations({first})/FeatureOfInterest").json == feature
    assert sorted(sta.ids(f"FeaturesOfInterest({feature['@iot.id']})/Observations")) == [first, second]
    sta.ask("PATCH", f"Things({key})", {"Locations": [{"@iot.id": place["@iot.id"]}]})
    fourth = sta.make(path, {"result": 4})
    assert sta.get(f"Observations({fourth})/FeatureOfInterest").json["@iot.id"] == feature["@iot.id"]


def test_it_writes_history_when_a_thing_moves_and_moves_it_by_newest_history(sta: Sta) -> None:
    key = sta.make("Things", thing())
    old, new = sta.ids(f"Things({key})/Locations")[0], sta.make("Locations", location("New"))
    sta.ask("PATCH", f"Things({key})", {"Locations": [{"@iot.id": new}]})
    history = f"Things({key})/HistoricalLocations?$orderby=time desc&$expand=Locations"
    assert [each["Locations"][0]["@iot.id"] for each in sta.get(history).value] == [new, old]
    body = {"Thing": {"@iot.id": key}, "Locations": [{"@iot.id": old}]}
    sta.make("HistoricalLocations", body | {"time": "2001-01-01T00:00:00Z"})
    assert sta.ids(f"Things({key})/Locations") == [new]
    sta.make("HistoricalLocations", body | {"time": "2099-01-01T00:00:00Z"})
    assert sta.ids(f"Things({key})/Locations") == [old]


BROKEN: list[tuple[str, Any]] = [
    ("Things", {}), ("Things", []), ("Things", {"name": "x"}), ("Things", {"name": 3, "description": ""}),
    ("Things", {"name": "x", "description": "", "properties": 3}),
    ("Things", {"name": "", "description": ""}),
    ("Things", {"name": "x" * 300, "description": ""}), ("Things", {"name": "a\x00", "description": ""}),
    ("Things", {"name": "x", "description": "", "nosuch": 1}), ("Things", b"{"), ("Things", b""),
                                                                ("Things", b"\xff"),
    ("Things", {"name": "x", "description": "", "Locations": {"@iot.id": 1}}),
    ("Things", {"name": "x", "description": "", "Locations": [{"@iot.id": 987654}]}),
    ("Things", {"name": "x", "description": "", "Datastreams": [{"name": "half"}]}),
    ("Locations", location() | {"location": {"type": "Point"}}),
    ("Locations", location() | {"location": None}),
    ("Locations", location() | {"location": {"type": "Point", "coordinates": ["a", 1]}}),
    ("Datastreams", stream()), ("Datastreams", stream() | {"Thing": {"@iot.id": 987654}}),
    ("Datastreams", stream() | {"unitOfMeasurement": "cm", "Thing": {"@iot.id": 1}}),
    ("Observations", {"result": 1}), ("Observations", {"result": 1, "Datastream": {"@iot.id": 987654}}),
    ("Observations", {"result": 1, "Datastream": {"@iot.id": "x"}}),
    ("Observations", {"result": 1, "phenomenonTime": "yesterday", "Datastream": {"@iot.id": 1}}),
    ("HistoricalLocations", {"time": "2020-01-01T00:00:00Z"}), ("Sensors", {"name": "a", "description": ""}),
]  # fmt: skip


def test_it_refuses_what_is_broken_with_words_and_leaves_nothing(sta: Sta) -> None:
    for path, body in BROKEN:
        said = sta.ask("POST", path, body)
        assert said.status in (400, 404), (path, body, said.raw)
        assert len(said.json["message"]) > 10
    for path in ("Things", "Locations", "Sensors", "ObservedProperties", "Datastreams"):
        assert sta.ids(path) == [], path


def test_it_changes_only_what_a_patch_says(sta: Sta) -> None:
    key = sta.make("Things", thing())
    said = sta.ask("PATCH", f"Things({key})", {"name": "Other", "properties": {"x": 1}})
    assert said.status == 200
    assert (said.json["name"], said.json["description"]) == ("Other", "Gauge at the river")
    assert said.json["properties"] == {"x": 1}
    stream_ = sta.ids(f"Things({key})/Datastreams")[0]
    unit = {"name": "metre", "symbol": "m", "definition": "ucum:m"}
    assert (
        sta.ask("PATCH", f"Things({key})/Datastreams({stream_})", {"unitOfMeasurement": unit}).status == 200
    )
    assert sta.get(f"Datastreams({stream_})").json["unitOfMeasurement"] == unit
    sensor = sta.make("Sensors", stream("New")["Sensor"])
    sta.ask("PATCH", f"Datastreams({stream_})", {"Sensor": {"@iot.id": sensor}})
    assert sta.get(f"Datastreams({stream_})/Sensor").json["@iot.id"] == sensor
    made = sta.make(f"Datastreams({stream_})/Observations", {"result": 1})
    assert sta.ask("PATCH", f"Observations({made})", {"result": "dry"}).json["result"] == "dry"
    assert sta.ask("PATCH", f"Observations({made})", {"result": 7}).json["result"] == 7
    assert sta.ask("PATCH", "Things(987654)", {"name": "x"}).status == 404
    assert sta.ask("PATCH", f"Things({key})", {"name": None}).status == 400
    assert sta.ask("PATCH", f"Things({key})", {"Datastreams": [stream()]}).status == 400
    assert sta.ask("PATCH", "Things", {"name": "x"}).status == 405


def test_it_replaces_by_put_and_patches_by_json_patch(sta: Sta) -> None:
    key = sta.make("Things", thing())
    said = sta.ask("PUT", f"Things({key})", {"name": "Whole", "description": "new"})
    assert said.status == 200
    assert "properties" not in said.json
    assert sta.ask("PUT", f"Things({key})", {"name": "Half"}).status == 400
    patch = [{"op": "add", "path": "/properties", "value": {"a": 1}},
             {"op": "add", "path": "/properties/b", "value": 2},
             {"op": "replace", "path": "/name", "value": "Patched"}]  # fmt: skip
    kind = "application/json-patch+json"
    said = sta.ask("PATCH", f"Things({key})", patch, kind)
    assert (said.json["name"], said.json["properties"]) == ("Patched", {"a": 1, "b": 2})
    said = sta.ask("PATCH", f"Things({key})", [{"op": "remove", "path": "/properties/a"}], kind)
    assert said.json["properties"] == {"b": 2}
    for bad in (
        [{"op": "remove", "path": "/nosuch"}],
        {"op": 1},
        [{"op": "test", "path": "/name", "value": 1}],
        3,
    ):
        assert sta.ask("PATCH", f"Things({key})", bad, kind).status == 400


CASCADES = {
    "Things": {"Datastreams": 0, "Observations": 0, "HistoricalLocations": 0, "Locations": 1, "Sensors": 1},
    "Locations": {"HistoricalLocations": 0, "Things": 1, "Datastreams": 1, "Observations": 1},
    "Datastreams": {"Observations": 0, "Things": 1, "Sensors": 1, "ObservedProperties": 1},
    "Sensors": {"Datastreams": 0, "Observations": 0, "Things": 1, "ObservedProperties": 1},
    "ObservedProperties": {"Datastreams": 0, "Observations": 0, "Sensors": 1},
    "Observations": {"Datastreams": 1, "Things": 1},
    "FeaturesOfInterest": {"Observations": 0, "Datastreams": 1, "Things": 1},
    "HistoricalLocations": {"Things": 1, "Locations": 1},
}


@pytest.mark.parametrize("plural", CASCADES)
def test_it_deletes_an_entity_and_what_cannot_be_without_it(sta: Sta, plural: str) -> None:
    key = sta.make("Things", thing())
    stream_ = sta.ids(f"Things({key})/Datastreams")[0]
    sta.make(f"Datastreams({stream_})/Observations", {"result": 1})
    victim = sta.ids(plural)[0]
    assert sta.ask("DELETE", f"{plural}({victim})").status == 200
    assert sta.ask("GET", f"{plural}({victim})").status == 404
    assert sta.ask("DELETE", f"{plural}({victim})").status == 404
    for other, left in CASCADES[plural].items():
        assert len(sta.ids(other)) == left, other
    assert len(sta.ids("FeaturesOfInterest")) == (plural != "FeaturesOfInterest")
    assert sta.ids(plural) == []
    if "Datastreams" not in (plural, *[n for n, left in CASCADES[plural].items() if not left]):
        said = sta.ask("POST", f"Datastreams({stream_})/Observations", {"result": 2})
        assert said.status == (400 if plural == "Locations" else 201)


def test_it_lets_the_latest_value_follow_changes_and_deletions(sta: Sta) -> None:
    def latest() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM sensing_latest")
            return [row[0] for row in cursor.fetchall()]

    key = sta.make("Things", thing())
    path = f"Datastreams({sta.ids(f'Things({key})/Datastreams')[0]})/Observations"
    first, second = sta.make(path, {"result": 1}), sta.make(path, {"result": 2})
    assert latest() == [2]
    sta.ask("PATCH", f"Observations({second})", {"result": 5})
    assert latest() == [5]
    sta.ask("DELETE", f"Observations({second})")
    assert latest() == [1]
    sta.ask("DELETE", f"Observations({first})")
    assert latest() == []


def test_it_writes_the_ledger(sta: Sta) -> None:
    key = sta.make("Things", {"name": "Gauge", "description": ""})
    sta.ask("PATCH", f"Things({key})", {"name": "Other"})
    sta.ask("DELETE", f"Things({key})")
    told = [each.body for each in ledger.seal() if each.kind == "sensing.entity_changed"]
    assert [(each["entity_id"], each["change"], each["name"]) for each in told] == [
        (key, "created", "Gauge"), (key, "updated", "Other"), (key, "deleted", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "Things(1)"), ("DELETE", "Things"), ("PUT", "Things"), ("POST", ""), ("BREW", "Things"),
    ("DELETE", ""), ("PATCH", ""), ("GET", "$batch"),
])  # fmt: skip
def test_it_has_405_for_methods_that_make_no_sense(sta: Sta, method: str, path: str) -> None:
    said = sta.ask(method, path, {})
    assert said.status == 405, said.raw
    assert "PATCH" in said.headers["Allow"]


def test_a_datastream_may_go_to_a_thing_that_has_one_of_its_key(sta: Sta) -> None:
    one, other = sta.make("Things", thing("One")), sta.make("Things", thing("Other"))
    moving = sta.ids(f"Things({one})/Datastreams")[0]
    said = sta.ask("PATCH", f"Datastreams({moving})", {"Thing": {"@iot.id": other}})
    assert said.status == 200, said.raw
    assert sta.names(f"Things({other})/Datastreams") == ["Level", "Level"]
    assert sorted(Datastream.objects.values_list("key", flat=True)) == ["level", "level-2"]


def test_a_thing_may_take_datastreams_of_a_key_it_has(sta: Sta) -> None:
    one, other = sta.make("Things", thing("One")), sta.make("Things", thing("Other"))
    streams = [{"@iot.id": key} for key in sta.ids("Datastreams")]
    assert sta.ask("PATCH", f"Things({other})", {"Datastreams": streams}).status == 200
    assert sta.ids(f"Things({one})/Datastreams") == []
