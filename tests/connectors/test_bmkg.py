"""The BMKG connector against a real server on loopback that serves the fixtures."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

import patriot.connectors.bmkg
from patriot.connectors.bmkg import poll
from patriot.kernel import clock
from patriot.ledger.models import Entry
from patriot.warnings import jobs, queries
from patriot.warnings.models import ForeignAlert
from tests.warnings.makers import SQUARE, area

pytestmark = pytest.mark.django_db
FIXTURES = Path(patriot.connectors.bmkg.__file__).parent / "fixtures"
AFTERNOON = datetime(2026, 11, 22, 8, tzinfo=UTC)  # 15.00 WIB


@dataclass
class Bmkg:
    """What the server gives out, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False


@pytest.fixture
def bmkg(settings: Any) -> Iterator[Bmkg]:
    one = Bmkg()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one.asked.append(self.path)
            body = one.files.get(self.path)
            self.send_response(503 if one.down else 404 if body is None else 200)
            self.end_headers()
            if body is not None and not one.down:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    one.url = f"http://127.0.0.1:{server.server_port}"
    one.files = {
        f"/alerts/nowcast/id/{path.name}": path.read_bytes() for path in FIXTURES.glob("*_alert.xml")
    }
    english = (FIXTURES / "CJB20261122003_alert.en.xml").read_bytes()
    one.files["/alerts/nowcast/en/CJB20261122003_alert.xml"] = english
    one.files["/alerts/nowcast/id"] = (
        (FIXTURES / "nowcast.rss.xml").read_bytes().replace(b"BASE", one.url.encode())
    )
    env = {"PATRIOT_BMKG": "1", "PATRIOT_BMKG_URL": one.url, "PATRIOT_BMKG_API_URL": one.url}
    settings.CONFIG = replace(settings.CONFIG, env=env)
    poll._seen.clear()
    area("32.75", "Kota Bekasi", "city", "")
    area("32.75.09", "Jatiasih", "kecamatan", "32.75", SQUARE)
    area()
    with clock.at(AFTERNOON):
        yield one
    server.shutdown()
    server.server_close()


def test_it_takes_in_what_touches_the_city_and_nothing_else(bmkg: Bmkg) -> None:
    poll.ask_for_warnings()
    row = ForeignAlert.objects.get()
    assert row.identifier == "2.49.0.1.360.0.2026.11.22.14.32.003"
    assert sorted(row.texts) == ["en", "id"]
    assert Entry.objects.filter(kind="warnings.taken_in").count() == 1
    assert not any("elsewhere" in path for path in bmkg.asked)
    assert not queries.sources()[0].silent


def test_it_asks_for_each_message_once(bmkg: Bmkg) -> None:
    poll.ask_for_warnings()
    before = len(bmkg.asked)
    poll.ask_for_warnings()
    assert bmkg.asked[before:] == ["/alerts/nowcast/id"]
    assert ForeignAlert.objects.count() == 1


def test_it_lets_an_update_take_the_place_of_the_first(bmkg: Bmkg) -> None:
    poll.ask_for_warnings()
    rss = bmkg.files["/alerts/nowcast/id"]
    bmkg.files["/alerts/nowcast/id"] = rss.replace(b"CJB20261122003", b"CJB20261122004")
    poll.ask_for_warnings()
    assert [row.headline[:6] for row in queries.foreign()] == ["UPDATE"]


def test_it_joins_the_citys_own_with_its_source(bmkg: Bmkg, client: Client) -> None:
    poll.ask_for_warnings()
    page = client.get("/peringatan/").content.decode()
    assert "Hujan Lebat disertai Petir di Jawa Barat" in page
    assert "Badan Meteorologi" in page
    client.cookies["django_language"] = "en"
    assert "Heavy Rain with Thunderstorm" in client.get("/peringatan/").content.decode()


def test_it_is_forgotten_when_it_has_expired(bmkg: Bmkg) -> None:
    poll.ask_for_warnings()
    with clock.at(AFTERNOON + timedelta(hours=3)):
        assert queries.foreign() == []


def test_it_notices_that_bmkg_is_silent_and_speaks_again(bmkg: Bmkg, client: Client) -> None:
    poll.ask_for_warnings()
    bmkg.down = True
    with clock.at(AFTERNOON + timedelta(minutes=5)):
        poll.ask_for_warnings()
        jobs.watch_sources()
        assert not queries.sources()[0].silent
    with clock.at(AFTERNOON + timedelta(minutes=7)):
        jobs.watch_sources()
        jobs.watch_sources()
        assert queries.sources()[0].silent
        assert "▲" in client.get("/peringatan/").content.decode()
        bmkg.down = False
        poll.ask_for_warnings()
    assert not queries.sources()[0].silent
    assert Entry.objects.filter(kind="warnings.source_changed").count() == 2


def test_it_keeps_a_forecast_of_each_kecamatan(bmkg: Bmkg) -> None:
    path = "/publik/prakiraan-cuaca?adm4=32.75.09.1004"
    bmkg.files[path] = (FIXTURES / "prakiraan.json").read_bytes()
    poll.ask_for_forecasts()
    poll.ask_for_forecasts()
    found = queries.forecast("32.75.09")
    assert found is not None
    assert found.steps[1]["words_id"] == "Hujan Lebat"


def test_it_asks_nobody_unless_switched_on(bmkg: Bmkg, settings: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, env={})
    poll.ask_for_warnings()
    poll.ask_for_forecasts()
    assert bmkg.asked == []
    assert queries.sources() == []
