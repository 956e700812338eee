"""The report form in a real browser: quicker with scripts, complete without, at 320 px."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from patriot.places import editions
from patriot.places.models import Facility
from patriot.reports.models import Photo, ServiceRequest
from tests import browser
from tests.factories import category
from tests.reports.test_images import geotagged

expect.set_options(timeout=15_000)  # a busy machine is not a fault of the page
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def city() -> None:
    """Two categories and two markets; no areas: every point is in the city."""
    category(keywords_id="lubang|berlubang")
    category("kebakaran", "damkar", name_id="Kebakaran", name_en="Fire", group="Darurat", priority="P1",
             keywords_id="api|terbakar")  # fmt: skip
    for place in ("Baru", "Lama"):
        Facility.objects.create(code=place, name=f"Pasar {place}", kind="market", lon=107.0, lat=-6.24)
    editions.renew("places")


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's own loop runs in this thread
    with browser.chromium("report") as opened_one:
        yield opened_one
        connections.close_all()  # those opened beside Playwright's loop are not the test's own


def opened(chromium: Browser, live_server: Any, *, scripts: bool) -> Page:
    phone = chromium.new_context(
        viewport={"width": 320, "height": 700},
        base_url=live_server.url,
        locale="en-US",
        java_script_enabled=scripts,
    )
    page = phone.new_page()
    page.goto("/lapor")
    return page


def test_it_reports_without_scripts_place_asked_back_and_photo_kept(
    city, live_server, chromium, tmp_path: Path
):
    picture = tmp_path / "IMG.jpg"
    picture.write_bytes(geotagged())
    page = opened(chromium, live_server, scripts=False)
    page.set_input_files("#id_camera", picture)
    page.fill("#id_place", "pasar")
    page.fill("#id_words", "jalan berlubang")
    page.click("button.button--primary")
    page.check("input[name=chosen] >> nth=1")
    expect(page.locator("input[value=lubang_jalan]")).to_be_checked()
    page.click("button.button--primary")
    expect(page).to_have_url(re.compile(r"/lacak/\d{6}-\w{5}/"))
    report = ServiceRequest.objects.get()
    expect(page.locator("h1")).to_have_text("Pothole")
    expect(page.locator("main")).to_contain_text(report.number)
    assert Photo.objects.get().subject == f"report:{report.pk}"


def test_it_suggests_while_one_types_and_warns_of_danger(city, live_server, chromium):
    page = opened(chromium, live_server, scripts=True)
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if "Content Security" in line.text else None)
    page.locator("#id_words").press_sequentially("rumah terbakar")
    expect(page.locator("#suggestions input[value=kebakaran]")).to_be_checked()
    expect(page.locator("#suggestions a[href='tel:112']")).to_be_visible()
    page.locator("#id_place").press_sequentially("pasar")
    expect(page.locator("#candidates input")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert not refused
