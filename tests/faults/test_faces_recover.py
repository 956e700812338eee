"""What people see while a part of the center is away, and that they need do nothing to see it come back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from patriot.kernel.geometry import Point
from tests.e2e.people import PHONE, SCREEN, page_of
from tests.faults.wounds import PATIENCE, broker_away, database_away, hung, kill
from tests.site.conftest import Installation

pytestmark = [pytest.mark.browser, pytest.mark.fault]

PATIENCE_MS = PATIENCE * 1000
PLACE = Point(106.99242, -6.23827)


def base(center: Installation) -> str:
    """The address of the center."""
    return f"http://127.0.0.1:{center.config.http_port}"


@pytest.fixture
def wall(browser: Browser, center: Installation) -> Iterator[Page]:
    """The big screen with the plain map; it may not be loaded a second time."""
    center.wait_until_ready(PATIENCE)
    page = page_of(browser, base(center), SCREEN)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto("/wall/?scene=city")
    _all_is_well(page)
    page.evaluate("window.untouched = true")
    yield page
    assert page.evaluate("window.untouched"), "the page was loaded again"
    assert not page.errors, page.errors  # type: ignore[attr-defined]
    page.context.close()


def _says(page: Page, words: str) -> None:
    expect(page.locator(".topbar__health")).to_contain_text(re.compile(words), timeout=PATIENCE_MS)


def _all_is_well(page: Page) -> None:
    expect(page.locator(".topbar__glyph")).to_contain_text("Everything works", timeout=PATIENCE_MS)


def _report(page: Page, words: str) -> None:
    """Fill in the form and press the button; nothing is said about what comes of it."""
    page.goto("/lapor")
    page.locator("#id_lon").evaluate(f"box => box.value = '{PLACE.lon}'")
    page.locator("#id_lat").evaluate(f"box => box.value = '{PLACE.lat}'")
    page.locator("#id_words").fill(words)
    choice = page.locator("input[name=category][value=sampah]").first
    choice.evaluate("box => { box.closest('details')?.setAttribute('open', '') }")
    choice.check()


def _send(page: Page) -> None:
    page.get_by_role("button", name="Send the report").click()


def test_it_sends_a_report_that_met_a_database_that_was_away(center: Installation, browser: Browser) -> None:
    center.wait_until_ready(PATIENCE)
    page = page_of(browser, base(center), PHONE)
    _report(page, "Sampah di depan rumah, dua karung")
    with database_away(center):
        _send(page)
        expect(page.get_by_role("heading", name="We are back in a moment")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator("body")).to_contain_text("What you wrote is kept on this page.")
    center.wait_until_ready(PATIENCE)
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("Thank you. We have it.")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("body")).to_contain_text("dua karung")
    page.context.close()


def test_it_keeps_the_last_picture_says_what_is_away_and_recovers_alone(
    center: Installation, wall: Page
) -> None:
    panels = wall.locator(".panel")
    picture = panels.first.inner_text()
    assert picture

    kill(center, "web")
    _says(wall, "Connection lost")
    expect(wall.locator(".panel.is-stale").first).to_be_visible()
    assert wall.locator(".flat").is_visible(), "the map stays"
    _all_is_well(wall)

    with hung(center, "worker"), hung(center, "intake"):
        _says(wall, "Worker away")
        _says(wall, "Position intake away")
    _all_is_well(wall)

    with broker_away(center):
        _says(wall, "Message broker away")
    _all_is_well(wall)

    with database_away(center):
        _says(wall, "Database away")
        expect(wall.locator(".panel.is-stale").first).to_be_visible(timeout=PATIENCE_MS)
        assert wall.locator(".flat").is_visible(), "the map stays"
        expect(panels.first).to_contain_text("Sampah")
    _all_is_well(wall)
    expect(wall.locator(".panel.is-stale")).to_have_count(0, timeout=PATIENCE_MS)
