"""FROST's MqttCoreTests and OGC's Capability8Test: what is made or changed over HTTP is told as it is."""

import time
from itertools import batched
from typing import Any

import orjson
import pytest

from patriot.people.rules import Role
from patriot.sensing.sta.model import BY_PLURAL
from tests.api.sensorthings.conftest import ROOT, Sta, location, stream
from tests.intake.broker import Device
from tests.intake.test_front import Door, door, subscribe, token
from tests.intake.test_subscribers import heard

__all__ = ["door"]
pytestmark = pytest.mark.django_db(transaction=True)

ORDER = ("Things", "Locations", "Sensors", "ObservedProperties", "FeaturesOfInterest", "Datastreams",
         "Observations", "HistoricalLocations")  # fmt: skip
CHANGES: dict[str, dict[str, Any]] = {
    "Things": {"name": "New", "description": "new", "properties": {"field": 5}},
    "Locations": {"name": "New", "location": {"type": "Point", "coordinates": [-114.05, 50]}},
    "Sensors": {"metadata": "new", "encodingType": "text/plain"},
    "ObservedProperties": {"definition": "https://example.org/new", "description": "new"},
    "FeaturesOfInterest": {"feature": {"type": "Point", "coordinates": [0, 1]}, "description": "new"},
    "Datastreams": {
        "name": "New",
        "unitOfMeasurement": {"name": "new", "symbol": "n", "definition": "ucum:n"},
    },
    "Observations": {"result": 99, "phenomenonTime": "2015-08-01T00:40:00.000Z", "parameters": {"a": "b"}},
    "HistoricalLocations": {"time": "2015-08-01T00:00:00.000Z"},
}


def bodies(made: dict[str, int]) -> dict[str, dict[str, Any]]:
    """What is made of each type, linked to what was made before."""
    whole = stream("Flux")
    links = {name: {"@iot.id": made.get(plural, 0)} for name, plural in (
        ("Thing", "Things"), ("Sensor", "Sensors"), ("ObservedProperty", "ObservedProperties"))}  # fmt: skip
    return {
        "Things": {"name": "Test Thing", "description": "This is a Test Thing"},
        "Locations": location() | {"Things": [links["Thing"]]}, "Sensors": whole["Sensor"],
        "ObservedProperties": whole["ObservedProperty"],
        "FeaturesOfInterest": {"name": "A weather station.", "description": "",
                               "encodingType": "application/vnd.geo+json",
                               "feature": {"type": "Point", "coordinates": [8, 50]}},
        "Datastreams": whole | links,
        "Observations": {
            "result": 8, "phenomenonTime": "2015-03-01T00:40:00.000Z",
            "validTime": "2016-01-01T02:01:01Z/2016-01-02T00:59:59Z",
            "Datastream": {"@iot.id": made.get("Datastreams", 0)},
            "FeatureOfInterest": {"@iot.id": made.get("FeaturesOfInterest", 0)},
        },
        "HistoricalLocations": {"time": "2015-03-01T00:00:00Z", "Thing": links["Thing"],
                                "Locations": [{"@iot.id": made.get("Locations", 0)}]},
    }  # fmt: skip


class Suite:
    """Somebody with a token over both ways."""

    def __init__(self, door: Door) -> None:
        self.word = token(Role.ADMINISTRATOR)
        self.door, self.sta, self.made = door, Sta(self.word), {}

    def make(self, plural: str) -> None:
        """One more of them."""
        self.made[plural] = self.sta.make(plural, bodies(self.made)[plural])

    def make_all(self, *plurals: str) -> None:
        """One of each; all of it was told when this returns."""
        for plural in plurals:
            self.make(plural)
        time.sleep(0.6)

    def listen(self, topic: str) -> Device:
        """Somebody who subscribed."""
        device = self.door.client("suite", self.word)
        assert subscribe(device, f"v1.1/{topic}") == 2
        return device

    def get(self, path: str) -> Any:
        """As HTTP says it, with the addresses that MQTT says."""
        raw = self.sta.get(path).raw.replace(f"http://testserver{ROOT}".encode(), b"http://x/v1.1")
        return orjson.loads(raw)


@pytest.fixture
def suite(door: Door) -> Suite:
    return Suite(door)


def halves(plural: str) -> list[str]:
    """Two $selects that have all properties between them."""
    names = [found.name for found in BY_PLURAL[plural].properties]
    return [f"$select={','.join(part)}" for part in batched(names, (len(names) + 1) // 2, strict=False)]


def test_what_is_made_is_told_as_it_is(suite: Suite) -> None:
    for plural in ORDER:
        queries = ["", *(f"?{query}" for query in halves(plural))]
        devices = [suite.listen(plural + query) for query in queries]
        suite.make(plural)
        said = [suite.get(f"{plural}({suite.made[plural]}){query}") for query in queries]
        assert [heard(device) for device in devices] == said


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_is_changed_is_told_under_every_topic(suite: Suite, method: str) -> None:
    suite.make_all(*ORDER)
    for plural in ORDER:
        path = f"{plural}({suite.made[plural]})"
        single = {name: f"{path}/{name}" for name in CHANGES[plural]}
        queries = [f"{plural}?{query}" for query in halves(plural)]
        changed = CHANGES[plural].keys()
        queries = [query for query in queries if changed & set(query.partition("=")[2].split(","))]
        devices = [suite.listen(topic) for topic in (plural, path, *single.values(), *queries)]
        whole = suite.sta.get(path).json if method == "PUT" else {}
        assert suite.sta.ask(method, path, whole | CHANGES[plural]).status == 200
        said = suite.get(path)
        wanted = [said, said, *({name: said[name]} for name in single),
                  *(suite.get(f"{path}?{query.partition('?')[2]}") for query in queries)]  # fmt: skip
        assert [heard(device) for device in devices] == wanted


RELATIVE = {
    "Things": ["Datastreams({Datastreams})/Thing", "Observations({Observations})/Datastream/Thing",
               "HistoricalLocations({HistoricalLocations})/Thing", "Locations({Locations})/Things"],
    "Datastreams": ["Observations({Observations})/Datastream", "Sensors({Sensors})/Datastreams",
                    "Observations({Observations})/Datastream/Thing/Datastreams",
                    "HistoricalLocations({HistoricalLocations})/Thing/Datastreams"],
    "Sensors": ["Observations({Observations})/Datastream/Sensor"],
    "Locations": ["Observations({Observations})/Datastream/Thing/Locations", "Things({Things})/Locations"],
    "FeaturesOfInterest": ["Observations({Observations})/FeatureOfInterest"],
    "Observations": ["Datastreams({Datastreams})/Observations",
                     "FeaturesOfInterest({FeaturesOfInterest})/Observations"],
    "HistoricalLocations": ["Datastreams({Datastreams})/Thing/HistoricalLocations"],
}  # fmt: skip


def test_it_is_told_under_relative_topics(suite: Suite) -> None:
    suite.make_all(*ORDER)
    for plural, topics in RELATIVE.items():
        devices = [suite.listen(topic.format_map(suite.made)) for topic in topics]
        path = f"{plural}({suite.made[plural]})"
        assert suite.sta.ask("PATCH", path, CHANGES[plural]).status == 200
        assert [heard(device) for device in devices] == [suite.get(path)] * len(topics)


def test_a_deep_insert_is_told_under_every_set(suite: Suite) -> None:
    devices = {plural: suite.listen(plural) for plural in ORDER}
    deep = bodies({})
    observation = deep["Observations"] | {
        "Datastream": stream("Flux") | {"Thing": deep["Things"] | {"Locations": [location()]}},
        "FeatureOfInterest": deep["FeaturesOfInterest"],
    }  # fmt: skip
    suite.sta.make("Observations", observation)
    told = {plural: heard(device) for plural, device in devices.items()}
    said = {plural: suite.get(f"{plural}({suite.sta.ids(plural)[0]})") for plural in ORDER}
    for generated in ("phenomenonTime", "observedArea"):  # "are not coming through in the MQTT message"
        del said["Datastreams"][generated]
    assert told == said


def test_a_thing_that_moves_is_told_as_a_new_historical_location(suite: Suite) -> None:
    other = suite.sta.make("Locations", location("Elsewhere"))
    suite.make_all(*ORDER)
    device = suite.listen("HistoricalLocations")
    thing = f"Things({suite.made['Things']})"
    assert suite.sta.ask("PATCH", thing, {"Locations": [{"@iot.id": other}]}).status == 200
    newest = suite.get(f"{thing}/HistoricalLocations?$orderby=id desc&$top=1")["value"][0]
    assert heard(device) == newest


def test_a_feature_that_begins_is_told_with_its_observation(suite: Suite) -> None:
    suite.make_all(*ORDER[:-2])
    devices = [suite.listen(plural) for plural in ("Observations", "FeaturesOfInterest")]
    made = suite.sta.make(f"Datastreams({suite.made['Datastreams']})/Observations", {"result": 1})
    path = f"Observations({made})"
    assert [heard(device) for device in devices] == [suite.get(path), suite.get(f"{path}/FeatureOfInterest")]
