import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
from patriot.site.nats import Nats
from tests.site.conftest import Installation
from tests.site.mqtt import Device


@contextmanager
def running(installation: Installation) -> Iterator[Nats]:
    server = Nats(installation.config)
    server.prepare()
    command = server.command()
    with (installation.home / "nats.log").open("w") as log:
        process = subprocess.Popen(command.argv, stdout=log, stderr=log, **command.options)
    installation.wait_for(lambda: "Server is ready" in (installation.home / "nats.log").read_text(), 10)
    yield server
    process.send_signal(command.stop)
    process.wait(10)


async def _heard(address: str, say: "object") -> list[str]:
    """Subjects a client of the house hears while `say()` runs."""
    client = await nats.connect(address)
    heard: list[str] = []

    async def hear(message: object) -> None:
        heard.append(message.subject)  # type: ignore[attr-defined]

    await client.subscribe(">", cb=hear)
    await client.flush()
    await asyncio.to_thread(say)  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    await client.close()
    return [subject for subject in heard if not subject.startswith(("$", "_"))]


def test_it_takes_a_devices_message_and_keeps_it_out_of_the_houses_own(installation: Installation) -> None:
    with running(installation) as server:
        device = Device(installation.config.mqtt_port)

        def say() -> None:
            assert device.publish("device/7/position", b"here")
            device.publish("ledger/sealed", b"a lie")
            device.publish("fleet/positions", b"a lie")

        assert asyncio.run(_heard(server.config.nats_address(), say)) == ["device.7.position"]


def test_it_keeps_its_port_so_that_clients_find_it_again(installation: Installation) -> None:
    server = Nats(installation.config)
    server.prepare()
    first = installation.config.nats_address()
    server.prepare()
    assert installation.config.nats_address() == first
    assert installation.config.nats_port_file.stat().st_mode & 0o077 == 0


def test_it_asks_devices_beyond_this_machine_for_a_password(installation: Installation) -> None:
    installation.env["PATRIOT_BIND"] = "0.0.0.0"
    with running(installation):
        port = installation.config.mqtt_port
        password = (installation.home / "mqtt_password").read_text()
        assert not Device(port).accepted
        assert not Device(port, "device", "guessed").accepted
        assert Device(port, "device", password).accepted


def test_it_writes_its_store_below_the_home(installation: Installation) -> None:
    with running(installation) as server:
        assert Path(server.folder / "store" / "jetstream").is_dir()
