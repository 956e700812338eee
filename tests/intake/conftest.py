"""An intake process on a real port, over the test database."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from patriot.fleet.models import Device, Vehicle
from patriot.kernel.config import Config
from patriot.sensing.models import Datastream, Location, ObservedProperty, Sensor, Thing
from patriot.sensing.models import Device as SensingDevice
from tests.intake.broker import Broker

READINGS = """
SELECT v.uid, s.key, o.value, o.flags FROM sensing_observation o
JOIN sensing_datastream s ON s.id = o.datastream_id
JOIN sensing_device v ON v.thing_id = s.thing_id ORDER BY o.id
"""
RUNNER = Path(__file__).with_name("run_intake.py")


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def device(uid: str, simulated: bool = True) -> Device:
    """A registered device on a vehicle of its own."""
    vehicle = Vehicle.objects.create(
        plate=uid, kind="baktor", agency="kebersihan", callsign=uid, simulated=simulated
    )
    return Device.objects.create(uid=uid, vehicle=vehicle, simulated=simulated)


@dataclass
class Running:
    """A started intake."""

    process: "subprocess.Popen[bytes]"
    url: str

    def wait_until(self, status: int) -> None:
        """Wait for `/healthz` to answer so."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                if httpx.get(self.url + "/healthz", timeout=2).status_code == status:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail(f"the intake never answered {status}")


@pytest.fixture
def start_intake(transactional_db: None, postgres: Config) -> Iterator[Callable[..., Running]]:
    """Start intake processes; all are gone after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(database_url: str | None = None, **more: str) -> Running:
        port = free_port()
        name = connection.settings_dict["NAME"]
        url = database_url or f"postgresql://patriot@/{name}?host={postgres.run_folder}"
        env = os.environ | {"DATABASE_URL": url, "PATRIOT_OSMAND_PORT": str(port), "NATS_URL": "",
                            "PATRIOT_STA_PORT": str(free_port())} | more  # fmt: skip
        started.append(subprocess.Popen([sys.executable, RUNNER], env=env))
        running = Running(started[-1], f"http://127.0.0.1:{port}")
        running.wait_until(200)
        return running

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait(5)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A running broker with the house's settings."""
    made = Broker().start()
    yield made
    made.clear()


@pytest.fixture
def stored() -> Callable[[int], list[tuple[Any, ...]]]:
    """Wait for so many stored readings: (uid, key, value, flags), in the order of storing."""

    def wait(count: int, patience: float = 20) -> list[tuple[Any, ...]]:
        end = time.monotonic() + patience
        rows: list[tuple[Any, ...]] = []
        while time.monotonic() < end:
            with connection.cursor() as cursor:
                cursor.execute(READINGS)
                rows = cursor.fetchall()
            if len(rows) >= count:
                return rows
            time.sleep(0.05)
        return pytest.fail(f"{len(rows)} readings were stored, not {count}")

    return wait


def gauge(uid: str, *keys: str, enabled: bool = True, placed: bool = False) -> list[int]:
    """A thing with a device and datastreams; the datastreams' ids. `placed`: it has a location."""
    thing = Thing.objects.create(name=uid, purpose="water_level")
    if placed:
        point = {"type": "Point", "coordinates": [107.0, -6.2]}
        thing.locations.add(Location.objects.create(name=uid, location=point, lon=107.0, lat=-6.2))
    sensor = Sensor.objects.create(name=uid, encoding_type="text/html", metadata="")
    seen = ObservedProperty.objects.create(name="level", definition="")
    SensingDevice.objects.create(uid=uid, thing=thing, enabled=enabled)
    return [
        Datastream.objects.create(
            name=f"{uid} {key}",
            thing=thing,
            sensor=sensor,
            observed_property=seen,
            key=key,
            observation_type="",
        ).pk
        for key in keys
    ]
