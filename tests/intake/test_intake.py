"""The intake process over real PostgreSQL: acknowledged means stored, whatever happens next."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patriot.fleet.models import Latest, Quarantined
from patriot.fleet.rules import Flag
from patriot.kernel.config import Config
from patriot.site.postgres import Postgres
from tests.intake.conftest import Running, device

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]
type Start = Callable[..., Running]


def stored() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.uid, p.lon, p.lat, p.claimed_at, p.flags FROM fleet_position p "
            "JOIN fleet_device d ON d.id = p.device_id ORDER BY p.claimed_at"
        )
        return cursor.fetchall()


def epoch(seconds_ago: float = 0) -> float:
    return round(time.time() - seconds_ago, 3)


def test_it_answers_after_commit_and_moves_the_vehicle(start_intake: Start) -> None:
    device("b1")
    url = start_intake().url
    at = epoch()
    answer = httpx.get(
        url, params={"id": "b1", "lat": -6.24, "lon": 107.01, "timestamp": at, "speed": 10, "bearing": 90}
    )
    assert answer.status_code == 200
    assert [(row[0], row[1], row[2], row[3].timestamp(), row[4]) for row in stored()] == [
        ("b1", 107.01, -6.24, at, 0)
    ]
    latest = Latest.objects.get()
    assert (latest.lon, latest.heading, round(latest.speed_kmh or 0, 2)) == (107.01, 90, 18.52)


def test_it_keeps_a_repeat_once_and_history_as_history(start_intake: Start) -> None:
    device("b1")
    url = start_intake().url

    def send(seconds_ago: float, lat: float) -> int:
        return httpx.get(
            url, params={"id": "b1", "lat": lat, "lon": 107, "timestamp": at - seconds_ago}
        ).status_code

    at = epoch()
    assert [send(0, -6.2), send(0, -6.2), send(60, -6.3), send(60, -6.3), send(30, -6.25)] == [200] * 5
    rows = stored()
    assert [row[2] for row in rows] == [-6.3, -6.25, -6.2]
    assert [row[4] for row in rows] == [Flag.LATE, Flag.LATE, 0]
    assert Latest.objects.get().lat == -6.2


def test_it_flags_wrong_clocks_and_jumps_and_drops_nothing(start_intake: Start) -> None:
    device("b1")
    url = start_intake().url
    year = timedelta(days=365)
    now = datetime.now(UTC)
    for at, lat in [
        (now - 60 * year, -6.1),
        (now - timedelta(seconds=1), -6.2),
        (now, -7.9),
        (now + 40 * year, -6.2),
    ]:
        sent = httpx.get(url, params={"id": "b1", "lat": lat, "lon": 107, "timestamp": at.isoformat()})
        assert sent.status_code == 200
    assert [row[4] for row in stored()] == [Flag.CLOCK_BEHIND, 0, Flag.JUMP, Flag.CLOCK_AHEAD]
    assert Latest.objects.get().lat == -6.2
    assert Latest.objects.get().fixed_at < datetime.now(UTC)


def test_it_keeps_what_it_cannot_use_in_quarantine_and_says_why(start_intake: Start) -> None:
    device("b1")
    url = start_intake().url
    frames = {
        "id=nobody&lat=1&lon=2": 404,
        "id=b1&lat=95&lon=2": 400,
        "id=b1&lat=0&lon=0": 400,
        "lat=1&lon=2": 400,
        "id=b1&lat=x&lon=2": 400,
    }
    for frame, status in frames.items():
        answer = httpx.get(f"{url}/?{frame}")
        assert answer.status_code == status
        assert answer.text
    kept = {row.frame: row.reason for row in Quarantined.objects.all()}
    assert set(kept) == set(frames)
    assert kept["id=nobody&lat=1&lon=2"] == "unknown_device"
    assert stored() == []


def test_it_knows_a_device_soon_after_it_is_registered(start_intake: Start) -> None:
    url = start_intake().url
    assert httpx.get(f"{url}/?id=new&lat=1&lon=2").status_code == 404
    device("new")
    time.sleep(1.1)
    assert httpx.get(f"{url}/?id=new&lat=1&lon=2").status_code == 200


def test_it_wants_the_secret_of_a_device_that_has_one(start_intake: Start) -> None:
    from patriot.intake.osmand import digest  # noqa: PLC0415 - one use

    guarded = device("b1")
    guarded.secret_digest = digest("s3cret")
    guarded.save()
    url = start_intake().url
    assert httpx.get(f"{url}/?id=b1&lat=1&lon=2").status_code == 403
    assert httpx.get(f"{url}/?id=b1&lat=1&lon=2&secret=s3cret").status_code == 200


async def _pour(url: str, uids: list[str], seconds: float, acknowledged: list[tuple[str, int]]) -> None:
    limits = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(limits=limits, timeout=5) as client:

        async def one(uid: str) -> None:
            ends, n = time.monotonic() + seconds, 0
            base = int(time.time() * 1000)
            while time.monotonic() < ends:
                n += 1
                at = base + n
                try:
                    answer = await client.get(
                        url, params={"id": uid, "lat": -6.2, "lon": 107, "timestamp": at}
                    )
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    acknowledged.append((uid, at))

        await asyncio.gather(*(one(uid) for uid in uids))


def test_it_loses_nothing_acknowledged_when_it_is_killed(start_intake: Start) -> None:
    uids = [f"b{n}" for n in range(20)]
    for uid in uids:
        device(uid)
    for _ in range(3):
        running = start_intake()
        acknowledged: list[tuple[str, int]] = []

        async def kill_in_the_middle(
            running: Running = running, acks: list[tuple[str, int]] = acknowledged
        ) -> None:
            pouring = asyncio.create_task(_pour(running.url, uids, 60, acks))
            while len(acks) < 100 and not pouring.done():
                await asyncio.sleep(0.005)
            os.kill(running.process.pid, signal.SIGKILL)
            await pouring

        asyncio.run(kill_in_the_middle())
        assert len(acknowledged) >= 100
        kept = {(row[0], round(row[3].timestamp() * 1000)) for row in stored()}
        assert set(acknowledged) <= kept


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A PostgreSQL of its own, to be taken away."""
    home = Path(subprocess.check_output(["mktemp", "-d", "/tmp/patriot-own-XXXX"], text=True).strip())
    home.chmod(0o755)
    config = Config.from_env({"PATRIOT_HOME": str(home)})
    server = Postgres(config, durable=True)
    server.prepare()
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        running.append(server.start())
        for _ in range(200):
            try:
                psycopg.connect(host=str(config.run_folder), user="patriot", dbname="postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return

    def stop(how: signal.Signals) -> None:
        running[-1].send_signal(how)
        running[-1].wait(20)

    start()
    yield config, start, stop
    if running[-1].poll() is None:
        stop(signal.SIGINT)
    subprocess.run(["rm", "-rf", str(home)], check=False)


def test_it_answers_503_while_the_database_is_away_and_recovers_alone(
    own_postgres: Any, start_intake: Start
) -> None:
    config, start_server, stop_server = own_postgres
    where = f"host={config.run_folder} user=patriot"
    with psycopg.connect(f"{where} dbname=postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE fleet")
    schema = _schema()
    with psycopg.connect(f"{where} dbname=fleet", autocommit=True) as made:
        made.execute(schema)
        made.execute("INSERT INTO fleet_device (uid, secret_digest, simulated) VALUES ('b1', '', true)")
    running = start_intake(f"postgresql://patriot@/fleet?host={config.run_folder}")

    def send(n: int) -> httpx.Response:
        return httpx.get(
            running.url, params={"id": "b1", "lat": -6.2, "lon": 107, "timestamp": 1795230000 + n}
        )

    assert send(1).status_code == 200
    stop_server(signal.SIGQUIT)  # as a crash: no clean shutdown
    away = send(2)
    assert away.status_code == 503
    assert away.headers["retry-after"]
    assert httpx.get(running.url + "/healthz").status_code == 503
    start_server()
    running.wait_until(200)
    assert send(2).status_code == 200
    with psycopg.connect(f"{where} dbname=fleet") as look:
        count = look.execute("SELECT count(*) FROM fleet_position").fetchone()
    assert count == (2,)


def _schema() -> str:
    """The fleet's tables, as the migrations of this very test database wrote them."""
    from importlib import import_module  # noqa: PLC0415 - a migration's name begins with a digit

    positions: str = import_module("patriot.fleet.migrations.0002_positions").FORWARD
    return (
        """
        CREATE TABLE fleet_device (id bigserial PRIMARY KEY, uid text UNIQUE, secret_digest text,
            simulated bool, vehicle_id bigint);
        CREATE TABLE fleet_latest (device_id bigint PRIMARY KEY, claimed_at timestamptz,
            fixed_at timestamptz, received_at timestamptz, lon float8, lat float8,
            speed_kmh float8, heading float8, accuracy_m float8,
            battery_pct float8);
        CREATE TABLE fleet_quarantined (id bigserial PRIMARY KEY, at timestamptz, source text, uid text,
            reason text, frame text);
    """
        + positions
    )


def test_it_never_fails_whatever_is_sent(start_intake: Start) -> None:
    device("b1")
    url = start_intake().url
    names = st.sampled_from(
        ["id", "lat", "lon", "timestamp", "speed", "bearing", "altitude", "accuracy", "batt"]
    )
    values = st.text(max_size=12) | st.floats().map(str) | st.integers().map(str) | st.just("b1")

    with httpx.Client() as client:

        @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.dictionaries(names, values), st.booleans(), st.floats(-90, 90), st.floats(-180, 180))
        def check(said: dict[str, str], place: bool, lat: float, lon: float) -> None:
            params = {"id": "b1", "lat": str(lat), "lon": str(lon)} | said if place else said
            assert client.get(url, params=params).status_code in (200, 400, 404)

        check()
