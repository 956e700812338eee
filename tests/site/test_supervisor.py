"""A whole installation: started, wounded, healed, stopped. One start serves several tests."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from patriot.site.postgres import Postgres, _alive
from patriot.site.standby import served
from tests.site.conftest import Installation, end, free_port
from tests.site.test_nats import running as running_nats

CHILDREN = ["web", "worker", "intake", "nats", "postgres"]

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def center() -> Iterator[tuple[Installation, "subprocess.Popen[str]"]]:
    """`patriot up` on a fresh home, ready."""
    home = Path(tempfile.mkdtemp(prefix="patriot-u-"))
    home.chmod(0o755)
    installation = Installation(home, {"PATRIOT_METRICS_TOKEN": "scrape-me"})
    process = installation.start("up")
    try:
        installation.wait_until_ready()
        yield installation, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        installation.clear()


type Center = tuple[Installation, "subprocess.Popen[str]"]


def _stopped(center: Center) -> Installation:
    """The installation, at rest: the tests above have stopped it already when all of them run."""
    installation, process = center
    if process.poll() is None:
        end(process)
    return installation


def test_it_is_ready_with_every_part_named(center: Center) -> None:
    installation, _process = center
    status, body = installation.get("/readyz")
    parts = json.loads(body)["parts"]
    assert status == 200
    assert {"database", "migrations", "nats", "worker", "intake", "ledger", "files", "roads", "city"} <= set(
        parts
    )
    assert installation.get("/healthz") == (200, "ok\n")


def test_it_gives_figures_to_this_machine_and_to_the_token_only(center: Center) -> None:
    installation, _process = center
    status, figures = installation.get("/metrics")
    assert status == 200
    assert "patriot_database_up 1.0" in figures
    assert 'patriot_processes{role="worker"} 1.0' in figures
    stranger = {"X-Forwarded-For": "203.0.113.7"}
    assert installation.get("/metrics", stranger)[0] == 403
    assert installation.get("/metrics", stranger | {"Authorization": "Bearer scrape-me"})[0] == 200


def test_it_refuses_a_second_start_on_the_same_home(center: Center) -> None:
    installation, process = center
    second = installation.run("up")
    assert second.returncode == 1
    assert f"already runs on {installation.home} (process {process.pid})" in second.stderr


def test_it_finds_nothing_wrong_and_a_whole_ledger_while_it_runs(center: Center) -> None:
    installation, _process = center
    doctor = installation.run("doctor")
    assert doctor.returncode == 0, doctor.stdout
    verify = installation.run("ledger", "verify")
    assert verify.returncode == 0, verify.stdout
    assert "The ledger is whole" in verify.stdout


@pytest.mark.parametrize("name", CHILDREN)
def test_it_heals_after_kill_9(center: Center, name: str) -> None:
    installation, _process = center
    installation.wait_until_ready()
    before = installation.pid(name)
    os.kill(before, signal.SIGKILL)
    installation.wait_for(lambda: installation.pid(name) not in (0, before), 60)
    installation.wait_until_ready()


def test_it_stops_everything_when_the_process_group_is_interrupted(center: Center) -> None:
    installation, process = center
    children = [installation.pid(name) for name in CHILDREN]
    assert all(children)
    seconds = end(process)
    assert process.returncode == 0
    assert seconds < 30
    assert not any(_alive(child) for child in children)


def test_it_refuses_a_demo_on_an_installation_in_real_use(center: Center) -> None:
    installation = _stopped(center)
    demo = installation.run("demo")
    assert demo.returncode == 1
    assert "is in real use" in demo.stdout + demo.stderr


def test_it_leaves_nothing_running_and_nothing_broken_when_it_is_killed_itself(center: Center) -> None:
    installation = _stopped(center)
    process = installation.start("up")
    installation.wait_until_ready()
    children = [installation.pid(name) for name in CHILDREN]
    process.kill()
    process.wait()
    installation.wait_for(lambda: not any(_alive(child) for child in children), 20)
    verify = installation.run("ledger", "verify")
    assert verify.returncode == 0, verify.stdout + verify.stderr


def test_it_can_be_interrupted_while_it_starts(installation: Installation) -> None:
    process = installation.start("up")
    installation.wait_for(lambda: installation.pid("postgres") != 0, 30)
    assert end(process) < 30
    assert process.returncode == 0


def test_it_says_which_port_is_taken(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.config.http_port))
        taken.listen()
        up = installation.run("up")
    assert up.returncode == 1
    assert "PATRIOT_HTTP_PORT" in up.stderr


def test_it_works_with_servers_that_run_elsewhere(installation: Installation) -> None:
    port = free_port()
    database = Postgres(installation.config, durable=False, listen=f"127.0.0.1:{port}")
    other = Installation(
        Path(tempfile.mkdtemp(prefix="patriot-o-")),
        {"DATABASE_URL": f"postgresql://patriot@127.0.0.1:{port}/patriot"},
    )
    try:
        with served(database), running_nats(installation) as broker:
            other.env["NATS_URL"] = broker.config.nats_address()
            process = other.start("up")
            other.wait_until_ready()
            end(process)
        assert not (other.home / "postgres").exists()
        assert not (other.home / "nats").exists()
    finally:
        other.clear()
