"""QoS 2, as the conformance suites publish and subscribe (FROST's MqttHelper and OGC's: QOS = 2)."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from patriot.sensing.models import Datastream, Thing
from tests.intake.broker import Broker, Device, packet, text
from tests.intake.conftest import Running, gauge
from tests.intake.test_readings import start_reading
from tests.intake.test_subscribers import heard

pytestmark = pytest.mark.django_db(transaction=True)

type Start = Callable[..., Running]
CLIENT = "TS-one"
LONGEST_WAIT = 10


def publish(device: Device, topic: str, payload: bytes, number: int = 7) -> None:
    """All four packets of QoS 2."""
    identifier = struct.pack("!H", number)
    device.link.settimeout(LONGEST_WAIT)
    device.link.sendall(packet(0x34, text(topic) + identifier + payload))
    assert device.receive(4) == b"\x50\x02" + identifier
    device.link.sendall(b"\x62\x02" + identifier)
    assert device.receive(4) == b"\x70\x02" + identifier


def test_it_stores_what_is_said_exactly_once(
    start_intake: Start, broker: Broker, stored: Callable[..., list[tuple[Any, ...]]]
) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    start_reading(start_intake, broker)
    device = Device(broker.mqtt_port, client_id=CLIENT)
    publish(device, "sensing/gauge-1/level", b"1", 1)
    publish(device, f"v1.1/Datastreams({level})/Observations", b'{"result": 2}', 2)
    publish(device, "v1.1/Observations", b'{"result": 3, "Datastream": {"@iot.id": %d}}' % level, 3)
    assert sorted(row[2] for row in stored(3)) == [1.0, 2.0, 3.0]


def test_it_tells_who_wants_to_hear_exactly_once(start_intake: Start, broker: Broker) -> None:
    (level,) = gauge("gauge-1", "level", placed=True)
    Thing.objects.update(public=True)
    Datastream.objects.update(public=True)
    start_reading(start_intake, broker)
    device = Device(broker.mqtt_port, client_id=CLIENT)
    device.link.sendall(packet(0x82, b"\x00\x01" + text("v1.1/Observations") + b"\x02"))
    assert device.receive(5) == b"\x90\x03\x00\x01\x02"
    publish(Device(broker.mqtt_port), f"v1.1/Datastreams({level})/Observations", b'{"result": 5}')
    assert heard(device)["result"] == 5
