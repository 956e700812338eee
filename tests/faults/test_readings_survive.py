"""Sensors that publish without a pause, and `kill -9` of what takes their readings.

Every reading has a moment of its own. Whatever the broker acknowledged is stored once; what it did not
acknowledge may be stored, once, or not.
"""

import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import psycopg
import pytest

from tests.faults.test_kill_anything import seed
from tests.faults.wounds import database, database_away, kill
from tests.intake.broker import Device, packet, text
from tests.site.conftest import Installation

pytestmark = pytest.mark.fault

GAUGES = 10
BURST = 40  # messages on their way at once
WOUNDS = int(os.environ.get("PATRIOT_FAULT_WOUNDS", "6"))
AWAY_S = float(os.environ.get("PATRIOT_FAULT_AWAY_S", "12"))  # 300: as long as the specification says
PATIENCE = 120.0
VICTIMS = ("intake", "nats", "postgres")

MAKE = """
WITH thing AS (
    INSERT INTO sensing_thing (name, description, purpose, agency, area, public, simulated, created_at)
    VALUES (%(uid)s, '', '', '', '', false, true, now()) RETURNING id
), sensor AS (
    INSERT INTO sensing_sensor (name, description, encoding_type, metadata) VALUES ('', '', '', '{}')
    RETURNING id
), seen AS (
    INSERT INTO sensing_observedproperty (name, description, definition) VALUES ('', '', '') RETURNING id
), device AS (
    INSERT INTO sensing_device (uid, thing_id, secret_digest, enabled, simulated)
    SELECT %(uid)s, id, '', true, true FROM thing
)
INSERT INTO sensing_datastream (name, description, thing_id, sensor_id, observed_property_id, key,
                                observation_type, public, limits)
SELECT %(uid)s, '', thing.id, sensor.id, seen.id, 'v', '', false, '{}' FROM thing, sensor, seen RETURNING id
"""
TWICE = """
SELECT datastream_id, at, count(*) FROM sensing_observation WHERE datastream_id = ANY(%s)
GROUP BY 1, 2 HAVING count(*) > 1
"""


class Publisher(threading.Thread):
    """One sensor's connection: bursts of readings, each awaited; after a loss it connects again."""

    def __init__(self, center: Installation, uid: str) -> None:
        super().__init__(daemon=True)
        self.center, self.uid = center, uid
        self.acknowledged: list[int] = []  # ms of the readings
        self.sent = 0
        self.ends = threading.Event()
        self._last = int(time.time() * 1000)

    def run(self) -> None:
        """Publish until told to end."""
        device: Device | None = None
        while not self.ends.is_set():
            try:
                device = device or self._connect()
                if not self._burst(device):
                    device = None
            except OSError:
                device = None
                time.sleep(0.2)

    def _connect(self) -> Device:
        device = Device(self.center.config.mqtt_port, client_id=self.uid)
        if not device.accepted:
            raise OSError("not let in")
        return device

    def _burst(self, device: Device) -> bool:
        """False when the connection is gone. Only the acknowledged ones are remembered."""
        moments = [self._last + n for n in range(1, BURST + 1)]
        self._last = moments[-1]
        time.sleep(max(0.0, self._last / 1000 - time.time()))  # nobody speaks of the future
        topic = text(f"sensing/{self.uid}/v")
        packets = [
            packet(0x32, topic + struct.pack("!H", n + 1) + b'{"v": %d, "t": %d}' % (n, moment))
            for n, moment in enumerate(moments)
        ]
        self.sent += BURST
        device.link.sendall(b"".join(packets))
        answer = device.receive(4 * BURST)
        numbers = [struct.unpack("!H", answer[n + 2 : n + 4])[0] for n in range(0, len(answer) // 4 * 4, 4)]
        self.acknowledged += [moments[number - 1] for number in numbers]
        return len(numbers) == BURST


def made(center: Installation, name: str) -> dict[str, int]:
    """Fresh gauges: their datastreams by name."""
    with database(center) as link:
        uids = [f"{name}-{n}" for n in range(GAUGES)]
        return {uid: (link.execute(MAKE, {"uid": uid}).fetchone() or [0])[0] for uid in uids}


@contextmanager
def publishing(center: Installation, streams: dict[str, int]) -> Iterator[list[Publisher]]:
    """All gauges at work."""
    publishers = [Publisher(center, uid) for uid in streams]
    for one in publishers:
        one.start()
    try:
        yield publishers
    finally:
        for one in publishers:
            one.ends.set()
        for one in publishers:
            one.join(30)


def missing(center: Installation, streams: dict[str, int], publishers: list[Publisher]) -> int:
    """How many acknowledged readings are not stored."""
    lost = 0
    with database(center) as link:
        for one in publishers:
            rows = link.execute(
                "SELECT (extract(epoch FROM at) * 1000)::bigint FROM sensing_observation "
                "WHERE datastream_id = %s", [streams[one.uid]]
            ).fetchall()  # fmt: skip
            lost += len(set(one.acknowledged) - {row[0] for row in rows})
    return lost


def settled(look: Callable[[], int]) -> int:
    """What `look` says in the end: 0 as soon as it is."""
    end = time.monotonic() + PATIENCE
    while True:
        found = -1
        with suppress(psycopg.Error):
            found = look()
        if found == 0 or time.monotonic() > end:
            return found
        time.sleep(0.5)


def check(center: Installation, streams: dict[str, int], publishers: list[Publisher]) -> None:
    """Nothing acknowledged is lost, nothing is stored twice."""
    acknowledged = sum(len(one.acknowledged) for one in publishers)
    assert acknowledged > 1000
    lost = settled(lambda: missing(center, streams, publishers))
    with database(center) as link:
        twice: list[Any] = link.execute(TWICE, [list(streams.values())]).fetchall()
    sent = sum(one.sent for one in publishers)
    print(f"{acknowledged} acknowledged of {sent}; {lost} lost, {len(twice)} twice")
    assert lost == 0
    assert twice == []


def test_readings_survive_kills_at_any_moment(center: Installation) -> None:
    chance, streams = Random(seed()), made(center, "killed")
    with publishing(center, streams) as publishers:
        for n in range(WOUNDS):
            time.sleep(chance.uniform(0.5, 3))
            kill(center, VICTIMS[n] if n < len(VICTIMS) else chance.choice(VICTIMS))
        time.sleep(2)
    check(center, streams, publishers)


def test_readings_wait_while_the_database_is_away(center: Installation) -> None:
    streams = made(center, "waiting")
    with publishing(center, streams) as publishers:
        time.sleep(2)
        with database_away(center):
            before = sum(len(one.acknowledged) for one in publishers)
            time.sleep(AWAY_S)
            during = sum(len(one.acknowledged) for one in publishers)
        assert during > before, "the broker goes on taking readings"
        time.sleep(3)
    check(center, streams, publishers)
