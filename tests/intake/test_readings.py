"""Readings over MQTT: the real broker, the real database, a real intake process."""

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from patriot.sensing.models import Device as SensingDevice
from patriot.sensing.models import Quarantined
from tests.intake.broker import Broker, Device
from tests.intake.conftest import Running, gauge

pytestmark = pytest.mark.django_db(transaction=True)

type Start = Callable[..., Running]
type Stored = Callable[..., list[tuple[Any, ...]]]


def ready(broker: Broker) -> Device:
    """A gateway's connection, once an intake listens (before that the broker keeps nothing for it)."""
    return Device(broker.mqtt_port)


def query(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def until(ready: Callable[[], object], patience: float = 15) -> None:
    end = time.monotonic() + patience
    while not ready():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def lane_taken() -> bool:
    return bool(query("SELECT FROM sensing_lane WHERE name = 'patriot-sensing'"))


def start_reading(start_intake: Start, broker: Broker, **more: str) -> Running:
    running = start_intake(NATS_URL=broker.url, PATRIOT_HOME=str(broker.home), **more)
    until(lane_taken)
    return running


def test_it_stores_what_devices_say_in_every_form(
    start_intake: Start, broker: Broker, stored: Stored
) -> None:
    (level, rain) = gauge("gauge-1", "level", "rain")
    start_reading(start_intake, broker)
    said = [
        ("sensing/gauge-1/level", b"12.5"),
        ("sensing/gauge-1/level", b'{"v": 13, "t": "2026-11-21T03:00:00Z"}'),
        ("sensing/gauge-1/rain", b'[{"v": 1, "t": 1795309353}, [1795309354000, 2], [1795309355000, null]]'),
        (f"v1.1/Datastreams({rain})/Observations", b'{"result": 3.5}'),
    ]
    assert ready(broker).publish(*said) == 4
    rows = stored(6)
    assert [row[:3] for row in rows if row[1] == "level"] == [
        ("gauge-1", "level", 12.5),
        ("gauge-1", "level", 13.0),
    ]
    assert sorted(row[2] or 0 for row in rows if row[1] == "rain") == [0, 1, 2, 3.5]
    assert query(f"SELECT value FROM sensing_latest WHERE datastream_id = {level}") == [(12.5,)]
    assert query("SELECT count(*) FROM sensing_quarantined") == [(0,)]
