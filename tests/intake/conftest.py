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

import httpx
import pytest
from django.db import connection

from patriot.fleet.models import Device, Vehicle
from patriot.kernel.config import Config

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
        deadline = time.monotonic() + 15
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

    def start(database_url: str | None = None) -> Running:
        port = free_port()
        name = connection.settings_dict["NAME"]
        url = database_url or f"postgresql://patriot@/{name}?host={postgres.run_folder}"
        env = os.environ | {"DATABASE_URL": url, "PATRIOT_OSMAND_PORT": str(port), "NATS_URL": ""}
        started.append(subprocess.Popen([sys.executable, RUNNER], env=env))
        running = Running(started[-1], f"http://127.0.0.1:{port}")
        running.wait_until(200)
        return running

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE fleet_position")
