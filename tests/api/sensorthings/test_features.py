"""Features of interest that nobody named: made of the thing's place, begun by the first observation, kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson
import pytest
from django.db import connection

from patriot.intake.features import begin
from patriot.people.rules import Role
from patriot.sensing.actions import Reading, store
from patriot.sensing.models import Datastream, FeatureOfInterest
from patriot.sensing.sta import feed as feeds
from patriot.sensing.sta import model, mqtt
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.feed import Feed
from patriot.sensing.sta.topics import topics
from tests.api.sensorthings.conftest import Sta, location, point, stream, thing, token
from tests.api.sensorthings.test_live_server import serving

TEXT = {"name": "Behind the school", "description": "", "encodingType": "text/plain", "location": "there"}
FEATURE = {"name": "Reach", "description": "", "encodingType": "application/geo+json", "feature": point(1, 1)}
CHAIN = ("Observations", "Datastreams", "Sensors", "ObservedProperties", "Things", "Locations")


def gauge(sta: Sta, **more: Any) -> tuple[int, str]:
    """A thing; its only datastream's observations."""
    key = sta.make("Things", thing(**more))
    return key, f"Datastreams({sta.ids(f'Things({key})/Datastreams')[0]})/Observations"


def feature_of(sta: Sta, observation: int) -> dict[str, Any]:
    """The feature that an observation is about."""
    found: dict[str, Any] = sta.get(f"Observations({observation})/FeatureOfInterest").json
    return found


def place(sta: Sta, key: int) -> str:
    """The path of a thing's first location."""
    return f"Locations({sta.ids(f'Things({key})/Locations')[0]})"


def heard(path: str, value: float = 1.0) -> int:
    """A reading on the device's own topic: an observation's id."""
    datastream = int(path.partition("(")[2].partition(")")[0])
    return store([Reading(datastream, value)], source="mqtt").ids[0]


@contextmanager
def listening() -> Iterator[list[feeds.Change]]:
    """What subscribers of this process would be told of."""
    told, changes = Feed(bus=None, base=""), []  # type: ignore[arg-type, var-annotated]
    told.tell = changes.extend  # type: ignore[method-assign]
    feeds.attach(told)
    try:
        yield changes
    finally:
        feeds.detach(told)


# What has no place is observed about something that is named.


def test_it_refuses_observations_about_nothing(sta: Sta) -> None:
    key, path = gauge(sta, Locations=[])
    datastream = int(path.partition("(")[2].partition(")")[0])
    by_body = {"result": 1, "Datastream": {"@iot.id": datastream}}
    loose = thing("Other", Locations=[], Datastreams=[stream(Observations=[{"result": 1}])])
    for target, body in ((path, {"result": 1}), ("Observations", by_body), ("Things", loose),
                         (f"Things({key})/Datastreams", stream("Rain", Observations=[{"result": 1}])),
                         ("Observations", {"result": 1, "Datastream": stream(Thing=loose)})):  # fmt: skip
        said = sta.ask("POST", target, body)
        assert said.status == 400, target
        assert "Location" in said.json["message"]
    assert sta.ids("Observations") == []
    assert sta.names("Things") == ["Gauge"]  # nothing is left of what was refused
    named = sta.make(path, {"result": 1, "FeatureOfInterest": FEATURE})
    assert feature_of(sta, named)["name"] == "Reach"
    sta.make(f"Things({key})/Locations", location())
    assert feature_of(sta, sta.make(path, {"result": 2}))["feature"] == point(107.0, -6.25)


def test_it_marks_rows_about_nothing_in_data_arrays(sta: Sta) -> None:
    _, placed = gauge(sta)
    _, placeless = gauge(sta, name="Loose", Locations=[])
    reach = sta.make("FeaturesOfInterest", FEATURE)
    streams = [{"@iot.id": int(path.partition("(")[2].partition(")")[0])} for path in (placed, placeless)]
    plain = {"components": ["phenomenonTime", "result"], "dataArray": [["2026-11-21T00:00:00Z", 1]]}
    named = {"components": ["result", "FeatureOfInterest/id"], "dataArray": [[1, None], [2, reach]]}
    said = sta.ask("POST", "CreateObservations", [
        {"Datastream": one} | array for one in streams for array in (plain, named)
    ])  # fmt: skip
    assert said.status == 201
    assert [link == "error" for link in said.json] == [False, False, False, True, True, False]


def test_it_refuses_observations_about_nothing_over_mqtt(sta: Sta) -> None:
    _, path = gauge(sta, Locations=[])
    with pytest.raises(Fault, match="no Location"):
        mqtt.create(path, b'{"result": 1}')
    reach = sta.make("FeaturesOfInterest", FEATURE)
    assert mqtt.create(path, orjson.dumps({"result": 1, "FeatureOfInterest": {"@iot.id": reach}}))


@pytest.mark.django_db(transaction=True)
def test_it_refuses_them_on_the_short_way_as_on_the_long_one(transactional_db: None) -> None:
    word = token(Role.ADMINISTRATOR)
    sta = Sta(word)
    key, path = gauge(sta)
    array = {"Datastream": {"@iot.id": int(path.partition("(")[2].partition(")")[0])},
             "components": ["phenomenonTime", "result"],
             "dataArray": [["2026-11-21T00:00:00Z", 1]]}  # fmt: skip
    headers = {"Authorization": f"Bearer {word}"}
    with serving() as root, httpx.Client(headers=headers, trust_env=False, timeout=30) as client:
        with listening() as changes:
            assert client.post(f"{root}/{path}", json={"result": 1}).status_code == 201
            assert client.post(f"{root}/CreateObservations", json=[array]).json() != ["error"]
        (feature,) = sta.ids("FeaturesOfInterest")
        assert [change for change in changes if change[0] is model.FEATURE] == [
            (model.FEATURE, feature, None)
        ]
        assert sta.ask("DELETE", place(sta, key)).status == 200
        assert client.post(f"{root}/{path}", json={"result": 2}).status_code == 400
        assert client.post(f"{root}/CreateObservations", json=[array]).json() == ["error"]
        assert len(sta.ids(path)) == 2


DEEP: list[tuple[str, dict[str, Any]]] = [
    ("Locations", location() | {"Things": [thing(Locations=[], Datastreams=[
        stream(Observations=[{"result": 1}])])]}),
    ("HistoricalLocations", {"time": "2026-01-01T00:00:00Z", "Locations": [location()],
                             "Thing": thing(Locations=[], Datastreams=[
                                 stream(Observations=[{"result": 1}])])}),
    ("Things", thing(Locations=[], Datastreams=[stream(Observations=[{"result": 1}])],
                     HistoricalLocations=[{"time": "2026-01-01T00:00:00Z", "Locations": [location()]}])),
    ("Observations", {"result": 1, "Datastream": stream(Thing=thing(Datastreams=[]))}),
    ("Sensors", stream()["Sensor"] | {"Datastreams": [
        {name: said for name, said in stream(Observations=[{"result": 1}]).items() if name != "Sensor"}
        | {"Thing": thing(Datastreams=[])}]}),
]  # fmt: skip


@pytest.mark.parametrize(("collection", "body"), DEEP)
def test_a_place_in_the_same_deep_insert_counts_wherever_it_stands(
    sta: Sta, collection: str, body: dict[str, Any]
) -> None:
    sta.make(collection, orjson.loads(orjson.dumps(body)))
    (observation,) = sta.ids("Observations")
    assert feature_of(sta, observation)["feature"] == point(107.0, -6.25)
    assert len(sta.ids("FeaturesOfInterest")) == 1


# A feature begins with the first observation and stays.


@pytest.mark.parametrize("plural", CHAIN)
def test_a_feature_stays_when_what_was_observed_about_it_is_deleted(sta: Sta, plural: str) -> None:
    _, path = gauge(sta)
    feature = feature_of(sta, sta.make(path, {"result": 1}))
    assert sta.ask("DELETE", f"{plural}({sta.ids(plural)[0]})").status == 200
    assert sta.get(f"FeaturesOfInterest({feature['@iot.id']})").json == feature
    assert sta.ids("FeaturesOfInterest") == [feature["@iot.id"]]


@pytest.mark.parametrize("plural", CHAIN)
def test_one_that_only_a_device_read_about_stays_as_well(sta: Sta, plural: str) -> None:
    _, path = gauge(sta)
    feature = feature_of(sta, heard(path))
    assert sta.ask("DELETE", f"{plural}({sta.ids(plural)[0]})").status == 200
    assert sta.ids("FeaturesOfInterest") == [feature["@iot.id"]]


def test_it_is_gone_when_it_is_deleted_itself_and_begins_anew_with_the_next(sta: Sta) -> None:
    _, path = gauge(sta)
    first = feature_of(sta, sta.make(path, {"result": 1}))["@iot.id"]
    assert sta.ask("DELETE", f"FeaturesOfInterest({first})").status == 200
    assert sta.ids("FeaturesOfInterest") == sta.ids("Observations") == []
    second = feature_of(sta, sta.make(path, {"result": 2}))["@iot.id"]
    assert second != first
    for plural in (*CHAIN, "FeaturesOfInterest"):
        for key in sta.ids(plural):
            assert sta.ask("DELETE", f"{plural}({key})").status == 200
    assert not FeatureOfInterest.objects.exists()


def test_a_place_that_nobody_observed_leaves_no_feature_behind(sta: Sta) -> None:
    key, path = gauge(sta)
    assert sta.ask("DELETE", place(sta, key)).status == 200
    assert sta.ids("FeaturesOfInterest") == []
    assert not FeatureOfInterest.objects.exists()
    assert Datastream.objects.get().feature_id is None
    assert sta.ask("POST", path, {"result": 1}).status == 400


def test_a_thing_without_its_last_place_observes_about_it_no_more(sta: Sta) -> None:
    key, path = gauge(sta)
    sent, read = sta.make(path, {"result": 1}), heard(path)
    before = feature_of(sta, sent)
    assert sta.ask("DELETE", place(sta, key)).status == 200
    assert feature_of(sta, sent) == feature_of(sta, read) == before
    assert sta.ask("POST", path, {"result": 2}).status == 400
    alone = heard(path)  # a device is heard wherever it is
    sta.get(f"Observations({alone})/FeatureOfInterest", 404)
    sta.make(f"Things({key})/Locations", location("Elsewhere", 106.0))
    assert feature_of(sta, alone)["name"] == "Elsewhere"
    assert feature_of(sta, sent) == before


# Of which place it is made.


def test_it_is_made_of_the_place_that_has_a_geometry(sta: Sta) -> None:
    _, path = gauge(sta, Locations=[TEXT, location("Weir"), TEXT | {"name": "Over there"}])
    assert feature_of(sta, sta.make(path, {"result": 1}))["name"] == "Weir"
    key, path = gauge(sta, name="Loose", Locations=[TEXT], Datastreams=[stream("Rain")])
    before = sta.make(path, {"result": 1})
    assert feature_of(sta, before)["feature"] == "there"
    ids = [*sta.ids(f"Things({key})/Locations"), sta.make("Locations", location("Bridge"))]
    sta.ask("PATCH", f"Things({key})", {"Locations": [{"@iot.id": one} for one in ids]})
    assert feature_of(sta, sta.make(path, {"result": 2}))["name"] == "Bridge"
    assert feature_of(sta, before)["feature"] == "there"


def test_a_place_that_is_changed_gives_a_new_feature(sta: Sta) -> None:
    key, path = gauge(sta)
    sent, read = sta.make(path, {"result": 1}), heard(path)
    before = feature_of(sta, sent)
    where = place(sta, key)
    assert sta.ask("PATCH", where, {"location": point(106.0, -6.0)}).status == 200
    after = sta.make(path, {"result": 2})
    assert feature_of(sta, after)["feature"] == point(106.0, -6.0)
    assert feature_of(sta, sent) == feature_of(sta, read) == before
    assert len(sta.ids("FeaturesOfInterest")) == 2
    sta.ask("PATCH", where, {"description": "only", "location": point(106.0, -6.0)})  # is where it was
    again = sta.make(path, {"result": 3})
    assert feature_of(sta, again)["@iot.id"] == feature_of(sta, after)["@iot.id"]


def test_a_place_that_is_changed_before_anything_is_observed_is_the_feature_as_it_is_then(sta: Sta) -> None:
    key, path = gauge(sta)
    sta.ask("PATCH", place(sta, key), {"location": point(106.0, -6.0)})
    sta.ask("PATCH", place(sta, key), {"name": "Corrected"})
    feature = feature_of(sta, sta.make(path, {"result": 1}))
    assert (feature["name"], feature["feature"]) == ("Corrected", point(106.0, -6.0))
    assert FeatureOfInterest.objects.count() == 1


def test_a_datastream_that_goes_to_another_thing_observes_at_its_place(sta: Sta) -> None:
    _, path = gauge(sta)
    first = sta.make(path, {"result": 1})
    other, _ = gauge(sta, name="Other", Locations=[location("Elsewhere")], Datastreams=[stream("Rain")])
    moved = sta.ask("PATCH", path.removesuffix("/Observations"), {"Thing": {"@iot.id": other}})
    assert moved.status == 200
    assert feature_of(sta, sta.make(path, {"result": 2}))["name"] == "Elsewhere"
    assert feature_of(sta, first)["name"] == "Place of Gauge"


# Subscribers hear of it when it begins.


def test_it_tells_of_a_feature_when_it_begins(sta: Sta, django_capture_on_commit_callbacks: Any) -> None:
    _, path = gauge(sta)
    told, heard_of = [], []
    for send in (lambda: sta.make(path, {"result": 1}), lambda: mqtt.create(path, b'{"result": 2}'),
                 lambda: sta.make(path, {"result": 3})):  # fmt: skip
        with listening() as changes, django_capture_on_commit_callbacks(execute=True):
            send()
        told.append([entity.name for entity, _, _ in changes])
        heard_of += feeds.messages(topics("v1//1.FeaturesOfInterest"), changes, "http://x")
    assert told == [["Observation", "FeatureOfInterest"], ["Observation"], ["Observation"]]
    assert [orjson.loads(payload)["name"] for _, payload in heard_of] == ["Place of Gauge"]


@pytest.mark.django_db(transaction=True)
def test_it_begins_what_devices_read_about_and_tells_of_it(transactional_db: None) -> None:
    sta = Sta(token(Role.ADMINISTRATOR))
    gauge(sta, name="Silent")
    _, path = gauge(sta)
    observation = heard(path)
    with listening() as changes:
        begin()
        begin()
    feature = feature_of(sta, observation)["@iot.id"]
    assert changes == [(model.FEATURE, feature, None)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM sensing_featureofinterest WHERE begun")
        assert cursor.fetchall() == [(feature,)]
