"""The standard's clients over MQTT: who signs in with a token, and what they may make, as over HTTP.

Requests as in FROST's Capability7Tests and OGC's; names of clients and topics as their helpers choose them.
"""

import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from patriot.api.sensorthings.live import messages
from patriot.intake import front
from patriot.intake.front import Front
from patriot.kernel.bus import Bus
from patriot.people import actions as people
from patriot.people.models import ApiToken
from patriot.people.rules import Role, digest
from patriot.sensing.models import Datastream, Quarantined, Thing
from patriot.sensing.models import Device as Registered
from patriot.sensing.sta.feed import Feed
from tests import factories
from tests.api.sensorthings.test_mqtt import at_work
from tests.intake.broker import Broker, Device, packet, text
from tests.intake.conftest import Running, free_port, gauge
from tests.intake.test_exactly_once import LONGEST_WAIT, publish
from tests.intake.test_readings import query, start_reading, until
from tests.intake.test_subscribers import heard

pytestmark = pytest.mark.django_db(transaction=True)

type Start = Callable[..., Running]
CLIENT = "TS-one-v1.1/Observations?$filter=result gt 4-0f8fad5b-d9cb-469f-a165-70867728950e"
SENSOR = {"name": "Fluxomatic", "description": "", "encodingType": "text/plain", "metadata": "Light flux"}
OBSERVED = {"name": "Luminous Flux", "description": "", "definition": "https://example.org/flux"}
STREAM: dict[str, Any] = {
    "name": "test datastream.", "description": "", "observationType": "OM_Measurement",
    "unitOfMeasurement": {"name": "Celsius", "symbol": "degC", "definition": "ucum:Cel"},
    "Thing": {"name": "Test Thing", "description": "This is a Test Thing"},
    "ObservedProperty": OBSERVED, "Sensor": SENSOR,
}  # fmt: skip
FEATURE = {"name": "A weather station.", "description": "", "encodingType": "application/vnd.geo+json",
           "feature": {"type": "Point", "coordinates": [-114.05, 51.05]}}  # fmt: skip
DEEP = {"phenomenonTime": "2015-03-01T00:00:00.000Z", "result": 7, "FeatureOfInterest": FEATURE,
        "Datastream": STREAM}  # fmt: skip


@dataclass
class Door:
    """Where the standard's clients come in."""

    port: int

    def client(self, user: str = "", password: str = "") -> Device:
        """One of them."""
        return Device(self.port, user, password, client_id=CLIENT)


@pytest.fixture
def door(transactional_db: None, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The door by itself, with the feed that tells of what is made."""
    monkeypatch.setattr(front, "LOOK_S", 0.2)
    monkeypatch.setattr(front, "SETTLE_S", 0.0)
    found = Door(free_port())
    config = replace(broker.config, sta_port=found.port)
    bus = Bus(config.nats_address, "test")
    told = Feed(bus, "http://x/v1.1", work=messages)
    with at_work(told, bus, Front(config)):
        until(lambda: bus.connected and _listens(found))
        yield found


def _listens(door: Door) -> bool:
    try:
        return door.client().accepted
    except OSError:
        return False


def token(role: Role, agency: str = "") -> str:
    user = factories.user(role, agency, username=f"mqtt.{role}.{agency}")
    return people.create_token(user.pk, "suite", actor="system:test")


def refused() -> list[tuple[str, str]]:
    return sorted(Quarantined.objects.values_list("uid", "reason"))


def test_an_administrator_makes_over_mqtt_what_they_may_make_over_http(door: Door) -> None:
    device = door.client("suite", token(Role.ADMINISTRATOR))
    publish(device, "v1.1/Observations", orjson.dumps(DEEP))
    assert Datastream.objects.get().name == "test datastream."
    assert query("SELECT value FROM sensing_observation") == [(7.0,)]
    assert query("SELECT DISTINCT actor FROM ledger_entry WHERE kind = 'sensing.entity_changed'") == [
        (f"user:{factories.User.objects.get(username='mqtt.administrator.').pk}",)
    ]


def test_what_is_acknowledged_is_there(door: Door) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    device = door.client("suite", token(Role.ADMINISTRATOR))
    assert device.publish((f"v1.1/Datastreams({level})/Observations", b'{"result": 4}')) == 1
    assert query("SELECT value FROM sensing_observation") == [(4.0,)]


def test_an_agency_makes_what_is_its_own_and_nothing_else(door: Door) -> None:
    (foreign,) = gauge("gauge-1", "level", placed=True)
    device = door.client("suite", token(Role.STAFF, "dlh"))
    publish(device, f"v1.1/Datastreams({foreign})/Observations", b'{"result": 666}', 1)
    publish(device, "v1.1/Observations", orjson.dumps(DEEP), 2)
    assert query("SELECT value FROM sensing_observation") == [(7.0,)]
    assert Thing.objects.get(name="Test Thing").agency == "dlh"
    user = factories.User.objects.get(username="mqtt.staff.dlh")
    assert refused() == [(f"user:{user.pk}", "not_created")]


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.OPERATOR])
def test_who_may_write_nothing_over_http_makes_nothing(door: Door, role: Role) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    device = door.client("suite", token(role))
    publish(device, f"v1.1/Datastreams({level})/Observations", b'{"result": 666}', 1)
    publish(device, "v1.1/Observations", orjson.dumps(DEEP), 2)
    assert query("SELECT count(*) FROM sensing_observation") == [(0,)]


def test_a_wrong_token_does_not_come_in(door: Door) -> None:
    token(Role.ADMINISTRATOR)
    assert not door.client("mqtt.administrator.", "guessed").accepted
    assert not door.client("mqtt.administrator.", "").accepted


def test_a_devices_secret_opens_the_other_door_only(door: Door) -> None:
    gauge("gauge-1", "level")
    Registered.objects.update(secret_digest=digest("secret"))
    assert not door.client("gauge-1", "secret").accepted


def test_a_token_that_is_revoked_makes_nothing_more(door: Door) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    device = door.client("suite", token(Role.ADMINISTRATOR))
    ApiToken.objects.all().delete()
    assert device.publish((f"v1.1/Datastreams({level})/Observations", b'{"result": 666}')) == 0
    assert query("SELECT count(*) FROM sensing_observation") == [(0,)]


def test_whoever_is_on_this_machine_makes_observations_and_no_datastreams(door: Door) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    device = door.client()
    publish(device, "v1.1/Observations", b'{"result": 3, "Datastream": {"@iot.id": %d}}' % level, 1)
    publish(device, "v1.1/Observations", orjson.dumps(DEEP), 2)
    publish(device, "v1.1/Things", b'{"name": "x", "description": ""}', 3)
    publish(device, "sensing/gauge-1/level", b"666", 4)
    assert query("SELECT value FROM sensing_observation") == [(3.0,)]
    assert Datastream.objects.count() == Thing.objects.count() == 1
    assert refused() == [("device", "not_created")] * 3


def test_what_is_sent_twice_with_qos_2_is_made_once(door: Door) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    device = door.client("suite", token(Role.ADMINISTRATOR))
    body = text(f"v1.1/Datastreams({level})/Observations") + b"\x00\x07" + b'{"result": 4}'
    device.link.settimeout(LONGEST_WAIT)
    device.link.sendall(packet(0x34, body) + packet(0x3C, body) + b"\x62\x02\x00\x07")
    assert device.receive(12) == b"\x50\x02\x00\x07\x50\x02\x00\x07\x70\x02\x00\x07"
    assert query("SELECT value FROM sensing_observation") == [(4.0,)]


def subscribe(device: Device, topic: str, qos: int = 2, number: int = 1) -> int:
    """The broker's word: the granted QoS, or 128."""
    device.link.settimeout(LONGEST_WAIT)
    device.link.sendall(packet(0x82, struct.pack("!H", number) + text(topic) + bytes([qos])))
    return device.receive(5)[4]


TOPICS = (
    "v1.1/Observations?$filter=result gt 4",  # FROST's MqttExtraTests, with its spaces
    "v1.1/Observations?$filter=startswith(Datastream/Thing/name,'Station') and result eq 5",
    "v1.1/Observations?$select=result,phenomenonTime", "v1.1/Observations", "v1.1/#",
)  # fmt: skip


def test_it_tells_under_the_topic_as_it_was_written(start_intake: Start, broker: Broker) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    Thing.objects.update(public=True, name="Station")
    Datastream.objects.update(public=True)
    door = Door(free_port())
    start_reading(start_intake, broker, PATRIOT_STA_PORT=str(door.port))
    until(lambda: _listens(door))
    devices = [door.client() for _ in TOPICS]
    assert [subscribe(*pair) for pair in zip(devices, TOPICS, strict=True)] == [2] * len(TOPICS)
    Device(broker.mqtt_port).publish((f"v1.1/Datastreams({level})/Observations", b'{"result": 5}'))
    assert [heard(device)["result"] for device in devices] == [5] * len(TOPICS)


def test_it_tells_who_subscribed_of_what_a_token_made(door: Door) -> None:
    device = door.client()
    assert subscribe(device, "v1.1/Things") == 2
    body = {"name": "New", "description": "", "properties": {"public": True}}
    publish(door.client("suite", token(Role.ADMINISTRATOR)), "v1.1/Things", orjson.dumps(body))
    assert heard(device)["name"] == "New"


def test_who_signed_in_hears_what_they_may_see_and_nobody_else_does(door: Door) -> None:
    administrator = token(Role.ADMINISTRATOR)
    clients = [
        door.client("suite", administrator),
        door.client("suite", token(Role.STAFF, "dlh")),
        door.client(),
    ]
    assert [subscribe(client, "v1.1/Things") for client in clients] == [2, 2, 2]
    maker = door.client("suite", administrator)
    for number, (agency, public) in enumerate((("dbmsda", False), ("dlh", False), ("dbmsda", True)), 1):
        factories.agency(agency)
        said = {"name": f"{number}", "description": "", "properties": {"agency": agency, "public": public}}
        publish(maker, "v1.1/Things", orjson.dumps(said), number)
    assert [heard(clients[0])["name"] for _ in range(3)] == ["1", "2", "3"]
    assert [heard(clients[1])["name"] for _ in range(2)] == ["2", "3"]
    assert heard(clients[2])["name"] == "3"


def test_what_changed_before_the_subscription_is_not_told(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "SETTLE_S", 0.5)
    word = token(Role.ADMINISTRATOR)
    maker, device = door.client("suite", word), door.client("suite", word)
    for number, name in enumerate(("before", "after"), 1):
        publish(maker, "v1.1/Things", orjson.dumps({"name": name, "description": ""}), number)
        if name == "before":
            assert subscribe(device, "v1.1/Things") == 2
    assert heard(device)["name"] == "after"


@pytest.mark.parametrize("topic", ["seen/#", "seen/+/v1.1/Things", "#"])
def test_a_device_cannot_hear_what_others_may_see(broker: Broker, topic: str) -> None:
    assert subscribe(Device(broker.mqtt_port), topic) == 0x80


def test_a_new_datastream_is_told_as_it_was_made(door: Door) -> None:
    administrator = token(Role.ADMINISTRATOR)
    device, chosen = door.client("suite", administrator), door.client("suite", administrator)
    assert subscribe(device, "v1.1/Datastreams") == 2
    assert subscribe(chosen, "v1.1/Datastreams?$select=name,phenomenonTime") == 2
    publish(door.client("suite", administrator), "v1.1/Observations", orjson.dumps(DEEP))
    told = heard(device)
    assert told.keys().isdisjoint({"phenomenonTime", "resultTime", "observedArea"})
    assert heard(chosen) == {"name": "test datastream.", "phenomenonTime": None}


def test_a_subscriber_whose_token_is_revoked_is_put_out(door: Door) -> None:
    device = door.client("suite", token(Role.ADMINISTRATOR))
    assert subscribe(device, "v1.1/Things") == 2
    ApiToken.objects.all().delete()
    device.link.settimeout(LONGEST_WAIT)
    assert device.receive(1) == b""


@pytest.mark.parametrize("topic", [
    "#", "seen/x/v1.1/Things", "said/v1.1/Things", "$SYS/#", "sensing/gauge-1/level", "v1.1//Things",
    "v1.1/#/Things", "v1.1/>", "v1.1/Things\t", "v1.0/Things", f"v1.1/Things?$filter=name eq '{'x' * 3000}'",
])  # fmt: skip
def test_it_tells_of_the_standards_topics_only(door: Door, topic: str) -> None:
    assert subscribe(door.client(), topic) == 0x80


def test_it_answers_pings_and_forgets_a_topic(door: Door) -> None:
    device = door.client()
    assert subscribe(device, "v1.1/Things") == 2
    device.link.sendall(packet(0xA2, b"\x00\x02" + text("v1.1/Things")) + b"\xc0\x00")
    assert device.receive(6) == b"\xb0\x02\x00\x02\xd0\x00"


@pytest.mark.parametrize("rubbish", [
    b"", b"\x10\x00", b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff\xff\xff", b"\x10\x7f",
    b"\x82\x03\x00\x01\x00",
])  # fmt: skip
def test_rubbish_ends_one_connection_and_nothing_else(door: Door, rubbish: bytes) -> None:
    stranger = door.client()
    stranger.link.sendall(rubbish + b"\xff" * 10)
    stranger.close()
    assert door.client().accepted


def test_another_version_is_told_so(door: Door) -> None:
    device = Device.__new__(Device)
    device.link = socket.create_connection(("127.0.0.1", door.port), timeout=10)
    device.link.sendall(packet(0x10, text("MQTT") + b"\x05\x02\x00\x3c" + text("x")))
    assert device.receive(4) == b"\x20\x02\x00\x01"


def test_a_greeting_as_long_as_a_message_is_not_waited_for(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=5) as link:
        link.sendall(b"\x10\xff\xff\x7f")  # two megabytes are announced
        assert link.recv(1) == b""
