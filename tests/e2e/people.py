"""The people of the story, each in a browser of their own."""

import csv
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from patriot.kernel.geometry import Point, distance_m

CITY = Path(__file__).parents[2] / "cities" / "kota_bekasi"
PHONE, DESK, SCREEN = (360, 780), (1440, 900), (1920, 1080)
PASSWORD = "patriot-demo"
STEP_M = 250  # quick, but shorter than what the intake calls a jump
UNFOLD = """box => {
    for (let up = box; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
}"""
PATIENCE_MS = 45_000  # browsers draw maps in software here, several at once


@dataclass
class Stage:
    """The browser and the center they all meet in. Every page it opened is closed with it."""

    browser: Browser
    base: str
    contexts: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def page(self, size: tuple[int, int]) -> Page:
        """A page in a fresh profile, in English; scripts that break are noted in `errors`."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="en", base_url=self.base
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def signed_in(self, name: str, size: tuple[int, int] = DESK) -> Page:
        """A page of somebody with an account."""
        page = self.page(size)
        page.goto("/accounts/login/")
        page.locator("input[name=login]").fill(name)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/accounts/login" not in url, wait_until="commit")
        if page.get_by_role("button", name="English").count():  # their account prefers Indonesian
            page.get_by_role("button", name="English").click()
            expect(page.locator("html")).to_have_attribute("lang", "en")
        return page

    def close(self) -> None:
        """Everybody goes home."""
        for context in self.contexts:
            context.close()


@dataclass
class Citizen:
    """Somebody with a phone and a problem."""

    page: Page
    number: str = ""

    def report(self, category: str, words: str, at: Point, photo: bytes) -> str:
        """Fill in the form as a phone would with its position known; returns the number."""
        page = self.page
        page.goto("/lapor")
        page.locator("#id_camera").set_input_files(
            {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": photo}
        )
        page.locator("#id_lon").evaluate(f"box => box.value = '{at.lon}'")
        page.locator("#id_lat").evaluate(f"box => box.value = '{at.lat}'")
        page.locator("#id_words").fill(words)
        choice = page.locator(f"input[name=category][value={category}]").first
        choice.evaluate(UNFOLD)
        choice.check()
        page.get_by_role("button", name="Send the report").click()
        expect(page.get_by_text("Thank you. We have it.")).to_be_visible()
        self.number = page.locator(".stat__figure").inner_text().strip()
        return self.number

    def sees(self, words: str) -> None:
        """The followed page shows these words, without the citizen doing anything."""
        expect(self.page.locator("#keadaan")).to_contain_text(words, timeout=PATIENCE_MS)

    def confirm(self) -> None:
        """Say the last word; the page asks for it by itself."""
        self.page.get_by_role("button", name="Yes, it is done").click()


@dataclass
class Vehicle:
    """A GPS tracker in a vehicle: it speaks the OsmAnd protocol to the center's port."""

    port: int
    device: str
    at: Point

    @classmethod
    def of(cls, callsign: str, port: int) -> "Vehicle":
        """The pack's vehicle of a unit, standing at its station."""
        with (CITY / "vehicles.csv").open() as rows:
            devices = {row["callsign"]: row["device_uid"] for row in csv.DictReader(rows)}
        with (CITY / "units.csv").open() as rows:
            station = next(row for row in csv.DictReader(rows) if row["callsign"] == callsign)
        return cls(port, devices[callsign], Point(float(station["lon"]), float(station["lat"])))

    def send(self) -> None:
        """Send one fix; returns when the center has acknowledged it."""
        values = {"id": self.device, "lon": self.at.lon, "lat": self.at.lat, "timestamp": int(time.time())}
        url = f"http://127.0.0.1:{self.port}/?{urllib.parse.urlencode(values)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200

    def drive_to(self, goal: Point) -> None:
        """Drive there, a fix a second, in steps that are no jump of the receiver."""
        steps = max(5, ceil(distance_m(self.at, goal) / STEP_M))
        d_lon, d_lat = (goal.lon - self.at.lon) / steps, (goal.lat - self.at.lat) / steps
        for _ in range(steps):
            self.at = Point(self.at.lon + d_lon, self.at.lat + d_lat)
            self.send()
            time.sleep(1.05)
