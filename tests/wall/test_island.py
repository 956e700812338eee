"""The wall's island in a real browser, against a stream that the test holds in its hand."""

import json
import queue
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from playwright.sync_api import Browser, Page, expect

from patriot.site.templatetags.assets import BUILT
from tests.browser import chromium

pytestmark = pytest.mark.browser

TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
CONFIG = {"city": "Kota Bekasi", "stream": "/wall/stream", "map": "/places/map.json",
          "incident": "/console/?incident=0", "language": "id", "simulated": False}  # fmt: skip
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[106.95, -6.3], [107, -6.3], [107, -6.2], [106.95, -6.2], [106.95, -6.3]]],
}
EMPTY = {"type": "FeatureCollection", "features": []}
MAP = {
    "areas": {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": SQUARE, "properties": {"level": level, "name": "Bekasi", "code": "1"}}
        for level in ("kecamatan", "kelurahan")
    ]},
    "streets": EMPTY, "waterways": EMPTY, "facilities": EMPTY,
}  # fmt: skip
INCIDENT = {"id": 31, "number": "161130-K7M3Q", "title": "Jalan berlubang", "category": "pothole", "icon": "",
            "state": "received", "priority": "P1", "lon": 106.97, "lat": -6.25, "agency": "dbmta",
            "agency_name": "DBMTA", "area": "Jalan Chairil Anwar", "opened_at": "2016-11-30T02:00:00Z",
            "resolve_due": None, "simulated": True}  # fmt: skip


def now() -> str:
    return datetime.now(UTC).isoformat()


def snapshot(**views: Any) -> dict[str, Any]:
    aged = {"source": "laporan", "as_of": now(), "stale_after_s": 15}
    whole = {"newest": [], "working": [], "deadlines": [], "hour": [], **views}
    panels = {name: {"view": view, **aged} for name, view in whole.items()}
    panels["map"] = {"rows": {"31": INCIDENT}, **aged}
    return {"number": 1, "now": now(), "panels": panels, "health": {"parts": {"worker": {"ok": True}}}}


class Server(ThreadingHTTPServer):
    """Serves the page, its files and the stream; `say` goes to every open stream, `down` refuses them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.down = False
        self.first = snapshot()
        self.streams: list[queue.Queue[tuple[str, Any] | None]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def say(self, event: str, data: Any) -> None:
        for stream in self.streams:
            stream.put((event, data))

    def hang_up(self) -> None:
        self.down = True
        for stream in self.streams:
            stream.put(None)
        self.streams.clear()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Nothing: the test's own words are enough."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/wall/stream":
            self._stream()
        elif path == "/places/map.json":
            self._answer("application/json", json.dumps(MAP).encode())
        elif path.startswith("/static/") and (file := BUILT.parent / path.removeprefix("/static/")).is_file():
            self._answer(TYPES.get(file.suffix, "text/plain"), file.read_bytes())
        elif path == "/wall/":
            self._answer("text/html; charset=utf-8", page().encode())
        else:
            self.send_error(404)

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        policy = "; ".join(
            f"{name} {' '.join(map(str, allowed))}" for name, allowed in settings.SECURE_CSP.items()
        )
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        if self.server.down:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        news: queue.Queue[tuple[str, Any] | None] = queue.Queue()
        news.put(("snapshot", self.server.first))
        self.server.streams.append(news)
        while (said := news.get()) is not None:
            self.wfile.write(f"event: {said[0]}\ndata: {json.dumps(said[1])}\n\n".encode())


def page() -> str:
    with translation.override("en"):
        return render_to_string("wall/wall.html", {"config": CONFIG}, request=RequestFactory().get("/wall/"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("wall") as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.hang_up()
    made.shutdown()
    made.server_close()


@pytest.fixture
def wall(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1920, "height": 1080})
    opened.faults = []  # type: ignore[attr-defined]
    opened.on("console", lambda said: opened.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))  # type: ignore[attr-defined]
    yield opened
    opened.close()


def report(title: str) -> dict[str, Any]:
    return {"incident": 32, "number": "161130-AAAAA", "title": title, "place": "Jalan Baru Underpas",
            "agency_name": "Kebersihan", "state": "received", "priority": "P3", "at": now(), "photo": None,
            "supporters": 1, "simulated": True}  # fmt: skip


def test_it_shows_the_picture_and_every_change_without_breaking_the_policy(
    server: Server, wall: Page
) -> None:
    wall.goto(f"{server.url}/wall/?scene=city")
    expect(wall.get_by_text("No reports yet today.")).to_be_visible()
    expect(wall.locator(".maplibregl-canvas")).to_be_visible()
    server.say("panel", {"name": "newest", "as_of": now(), "view": [report("Sampah menumpuk")]})
    expect(wall.get_by_text("Sampah menumpuk")).to_be_visible()
    expect(wall.locator(".topbar__sim")).to_be_visible()
    assert wall.faults == []  # type: ignore[attr-defined]


def test_it_keeps_the_last_picture_when_the_stream_is_lost_and_comes_back_alone(
    server: Server, wall: Page
) -> None:
    server.first = snapshot(newest=[report("Sampah menumpuk")])
    wall.goto(f"{server.url}/wall/?scene=city")
    expect(wall.get_by_text("Sampah menumpuk")).to_be_visible()
    server.hang_up()
    expect(wall.get_by_text("Connection lost since")).to_be_visible()
    expect(wall.get_by_text("Sampah menumpuk")).to_be_visible()
    expect(wall.get_by_text("stale").first).to_be_visible()
    server.first, server.down = snapshot(newest=[report("Pohon tumbang")]), False
    expect(wall.get_by_text("Pohon tumbang")).to_be_visible(timeout=15_000)
    expect(wall.get_by_text("Connection lost since")).not_to_be_visible()


def test_it_names_the_part_of_the_platform_that_is_away(server: Server, wall: Page) -> None:
    wall.goto(f"{server.url}/wall/")
    expect(wall.get_by_title("Everything works")).to_be_visible()
    server.say("health", {"parts": {"worker": {"ok": False, "since": now()}}})
    expect(wall.get_by_text("Worker away since")).to_be_visible()


def test_it_still_shows_areas_and_incidents_where_there_is_no_webgl(server: Server, wall: Page) -> None:
    wall.goto(f"{server.url}/wall/?render=none&scene=city")
    expect(wall.locator(".flat__area")).to_have_count(1)
    wall.get_by_role("button", name="P1 Jalan berlubang", exact=True).click()
    expect(wall.get_by_role("link", name="Open in the console")).to_have_attribute(
        "href", "/console/?incident=31"
    )


def test_it_shows_what_the_console_pinned(server: Server, wall: Page) -> None:
    wall.goto(f"{server.url}/wall/?scene=city")
    expect(wall.get_by_role("button", name="City")).to_have_attribute("aria-pressed", "true")
    server.say("scene", {"scene": "deadlines", "pinned": True, "incident": None})
    expect(wall.get_by_text("No deadline is about to break.")).to_be_visible()


def test_it_follows_the_reader_language(server: Server, wall: Page) -> None:
    wall.goto(f"{server.url}/wall/")
    assert wall.locator("html").get_attribute("lang") == "en"
    expect(wall.get_by_role("heading", name="Now")).to_be_visible()
