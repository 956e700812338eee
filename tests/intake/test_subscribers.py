"""Readings, told to who subscribed over MQTT: the real broker, the real database, a real intake process."""

import struct
from collections.abc import Callable

import orjson
import pytest

from patriot.sensing.models import Datastream, Thing
from tests.intake.broker import Broker, Device, packet, text
from tests.intake.conftest import Running, gauge
from tests.intake.test_readings import start_reading

pytestmark = pytest.mark.django_db(transaction=True)

type Start = Callable[..., Running]


def subscriber(broker: Broker, topic: str) -> Device:
    """Somebody who subscribed this moment, with QoS 0."""
    device = Device(broker.mqtt_port)
    device.link.sendall(packet(0x82, b"\x00\x01" + text(topic) + b"\x00"))
    assert device.receive(5) == b"\x90\x03\x00\x01\x00"
    return device


def result(device: Device) -> float:
    """The next message's result."""
    length, shift = 0, 0
    assert device.receive(1) == b"\x30", "nothing came"
    while True:
        (byte,) = device.receive(1)
        length |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            break
    body = device.receive(length)
    (topic,) = struct.unpack("!H", body[:2])
    found: float = orjson.loads(body[2 + topic :])["result"]
    return found


def test_it_tells_of_a_reading_right_after_the_subscription(start_intake: Start, broker: Broker) -> None:
    (level, secret) = gauge("gauge-1", "level", "secret")
    Thing.objects.update(public=True)
    Datastream.objects.filter(pk=level).update(public=True)
    Datastream.objects.filter(pk=secret).update(public=False)
    start_reading(start_intake, broker)
    gateway = Device(broker.mqtt_port)
    own = f"v1.1/Datastreams({level})/Observations"
    for number, topic in enumerate((own, "v1.1/Observations", f"{own}?$select=result"), 1):
        device = subscriber(broker, topic)
        gateway.publish(("sensing/gauge-1/secret", b"666"), ("sensing/gauge-1/level", b"%d" % number))
        assert result(device) == number
        device.close()
