"""Readings, told to who subscribed over MQTT: the real broker, the real database, a real intake process."""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest

from patriot.intake.asked import MOST_WAITING, Asker
from patriot.kernel.bus import Bus
from patriot.sensing.models import Datastream, Thing
from patriot.sensing.sta.asked import Told
from patriot.sensing.sta.feed import Feed
from patriot.sensing.sta.topics import topics
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


def heard(device: Device) -> dict[str, Any]:
    """The next message."""
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
    found: dict[str, Any] = orjson.loads(body[2 + topic :])
    return found


def result(device: Device) -> float:
    """The next message's result."""
    found: float = heard(device)["result"]
    return found


@pytest.fixture
def level() -> int:
    """The public datastream of gauge-1, which has a secret one as well."""
    (level, secret) = gauge("gauge-1", "level", "secret")
    Thing.objects.update(public=True)
    Datastream.objects.filter(pk=level).update(public=True)
    Datastream.objects.filter(pk=secret).update(public=False)
    return level


def test_it_tells_of_a_reading_right_after_the_subscription(
    start_intake: Start, broker: Broker, level: int
) -> None:
    start_reading(start_intake, broker)
    gateway = Device(broker.mqtt_port)
    own = f"v1.1/Datastreams({level})/Observations"
    for number, topic in enumerate((own, "v1.1/Observations", f"{own}?$select=result"), 1):
        device = subscriber(broker, topic)
        gateway.publish(("sensing/gauge-1/secret", b"666"), ("sensing/gauge-1/level", b"%d" % number))
        assert result(device) == number
        device.close()


def test_it_tells_topics_that_take_a_question(start_intake: Start, broker: Broker, level: int) -> None:
    thing = Datastream.objects.get(pk=level).thing_id
    start_reading(start_intake, broker)
    gateway = Device(broker.mqtt_port)
    wanted = (
        "v1.1/Observations?$filter=result%20gt%204", "v1.1/Observations?$expand=Datastream($select=name)",
        f"v1.1/Things({thing})/Datastreams({level})/Observations",
        f"v1.1/Datastreams({level})/Observations?$filter=Datastream/Thing/id%20eq%20{thing}",
    )  # fmt: skip
    found = []
    for number, topic in enumerate(wanted, 5):
        device = subscriber(broker, topic)
        gateway.publish(("sensing/gauge-1/secret", b"666"), ("sensing/gauge-1/level", b"3"))
        gateway.publish(("sensing/gauge-1/level", b"%d" % number))
        first = heard(device)
        found.append(first if first["result"] == number else heard(device))
        device.close()
    assert [each["result"] for each in found] == [5, 6, 7, 8]
    assert found[1]["Datastream"] == {"name": Datastream.objects.get(pk=level).name}


class Named(Asker):
    """What was asked about."""

    def __init__(self) -> None:
        feed = Feed(
            Bus(lambda: "", "test"), "http://x", asked=topics("v1//1.Observations?$expand=Datastream")
        )
        feed.open = frozenset({1, 2})
        super().__init__(feed.bus, feed)


def flood(count: int) -> Told:
    """So many readings of datastreams 1, 2 and 3."""
    return Told(np.arange(count), np.arange(count) % 3 + 1, np.full(count, 10**15))


def test_a_flood_is_looked_up_in_part_and_the_rest_counted(caplog: pytest.LogCaptureFixture) -> None:
    asker = Named()
    for _ in range(3):
        asker.take(flood(9000))
    asker._complain()
    assert asker._readings == MOST_WAITING
    assert "8000 readings were too many" in caplog.text


def test_only_the_datastreams_that_topics_name_are_looked_up() -> None:
    asker = Named()
    asker.feed.asked = topics("v1//1.Datastreams(2).Observations?$filter=result%20gt%201")
    asker.take(flood(9))
    assert np.concatenate([each.streams for each in asker._waiting]).tolist() == [2, 2, 2]
