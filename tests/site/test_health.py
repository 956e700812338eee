import asyncio
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import AsyncClient

from patriot.kernel import clock, pulse
from patriot.kernel.config import Config
from patriot.site import health, parts
from patriot.site.heartbeat import Heart
from patriot.site.models import Fact, Heartbeat
from tests.site.conftest import Installation, free_port


def _by_name(config: Config) -> dict[str, health.Part]:
    return {part.name: part for part in asyncio.run(health.parts(config))}


def test_it_names_servers_that_do_not_answer(installation: Installation) -> None:
    installation.env |= {
        "DATABASE_URL": f"postgresql://patriot@127.0.0.1:{free_port()}/patriot",
        "NATS_URL": f"nats://127.0.0.1:{free_port()}",
    }
    found = _by_name(installation.config)
    assert not found["database"].ok
    assert "does not answer" in found["database"].words
    assert not found["nats"].ok


def test_it_says_when_nats_was_never_started(installation: Installation) -> None:
    assert "never started" in _by_name(installation.config)["nats"].words


def test_it_says_when_pictures_cannot_be_kept(installation: Installation) -> None:
    config = Config.from_env({"PATRIOT_HOME": "/proc/1/nowhere"})
    assert parts.files(config)[0] is False


def _write(role: str, age_s: float) -> None:
    at = clock.now() - timedelta(seconds=age_s)
    Heartbeat.objects.create(instance=f"{role}@here:1", role=role, started_at=at, at=at)


def _ask() -> dict[str, dict[str, object]]:
    async def ask() -> dict[str, dict[str, object]]:
        health._look._at = 0.0
        response = await AsyncClient().get("/readyz")
        body = json.loads(response.content)
        assert response.status_code == (503 if body["missing"] else 200)
        return dict(body["parts"])

    return asyncio.run(ask())


@pytest.fixture
def test_database(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> None:
    """Let health look at the tests' database instead of the installation's."""
    real = health.database_settings
    name = connection.settings_dict["NAME"]
    monkeypatch.setattr(health, "database_settings", lambda config: real(config) | {"NAME": name})


@pytest.mark.usefixtures("test_database")
def test_it_tells_a_living_role_from_a_silent_and_a_missing_one() -> None:
    _write("worker", 60)
    found = _ask()
    assert "silent for 6" in str(found["worker"]["words"])
    assert found["intake"]["words"] == "no process of this role runs"
    _write("intake", 1)
    assert _ask()["intake"]["ok"]


@pytest.mark.usefixtures("test_database")
def test_it_knows_whether_a_city_is_loaded() -> None:
    assert not _ask()["city"]["ok"]
    Fact.objects.create(name="pack", value="kota_bekasi 0123")
    assert _ask()["city"]["words"] == "kota_bekasi is loaded"


@pytest.mark.django_db
def test_it_writes_no_sign_of_life_for_a_loop_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    heart = Heart("worker")
    monkeypatch.setattr(pulse, "age", lambda: 60.0)
    heart.write()
    assert not Heartbeat.objects.exists()
    monkeypatch.setattr(pulse, "age", lambda: 0.1)
    heart.write()
    assert Heartbeat.objects.get().role == "worker"
