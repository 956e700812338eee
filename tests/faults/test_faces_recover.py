"""What people see while a part of the center is away, and that they need do nothing to see it come back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from patriot.kernel.geometry import Point
from tests.e2e.people import PHONE, SCREEN, UNFOLD, Stage
from tests.faults.wounds import PATIENCE, broker_away, database_away, hung, kill
from tests.site.conftest import Installation

pytestmark = [pytest.mark.browser, pytest.mark.fault]

PATIENCE_MS = PATIENCE * 1000
PLACE = Point(106.99242, -6.23827)


@pytest.fixture
def wall(stage: Stage, center: Installation) -> Iterator[Page]:
    """The big screen with the plain map; it may not be loaded a second time."""
    center.wait_until_ready(PATIENCE)
    page = stage.page(SCREEN)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    answer = page.goto("/wall/?scene=city")
    assert answer is not None
    assert answer.ok, answer.text()
    _all_is_well(page)
    page.evaluate("window.untouched = true")
    yield page
    assert page.evaluate("window.untouched"), "the page was loaded again"
    assert not stage.errors, stage.errors


def _says(page: Page, words: str) -> None:
    expect(page.locator(".topbar__health")).to_contain_text(re.compile(words), timeout=PATIENCE_MS)


def _all_is_well(page: Page) -> None:
    expect(page.locator(".topbar__glyph")).to_contain_text("Everything works", timeout=PATIENCE_MS)


def _write(page: Page, words: str) -> None:
    """Fill in the form, up to the last button."""
    page.goto("/lapor")
    page.locator("#id_lon").evaluate(f"box => box.value = '{PLACE.lon}'")
    page.locator("#id_lat").evaluate(f"box => box.value = '{PLACE.lat}'")
    page.locator("#id_words").fill(words)
    choice = page.locator("input[name=category][value=sampah]").first
    choice.evaluate(UNFOLD)
    choice.check()


def test_it_says_what_is_away_recovers_alone_and_loses_no_report(
    center: Installation, wall: Page, stage: Stage
) -> None:
    figures = wall.locator(".panel", has_text="received")
    expect(figures).to_be_visible()

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

    citizen = stage.page(PHONE)
    _write(citizen, "Sampah di depan rumah, dua karung")
    with database_away(center):
        citizen.get_by_role("button", name="Send the report").click(no_wait_after=True)
        _says(wall, "Database away")
        expect(wall.locator(".panel.is-stale").first).to_be_visible(timeout=PATIENCE_MS)
        expect(wall.locator(".panel.is-stale > :not(.head)").first).to_have_css("opacity", "0.5")
        assert wall.locator(".flat").is_visible(), "the map stays"
        assert figures.is_visible(), "so do the figures"
        expect(citizen.locator("h1")).to_have_text("We are back in a moment", timeout=PATIENCE_MS)
        expect(citizen.locator("body")).to_contain_text("What you wrote is kept on this page.")
    _all_is_well(wall)
    expect(wall.locator(".panel.is-stale")).to_have_count(0, timeout=PATIENCE_MS)

    citizen.get_by_role("button", name="Send it again").click()
    expect(citizen.get_by_text("Thank you. We have it.")).to_be_visible(timeout=PATIENCE_MS)
    expect(citizen.locator("body")).to_contain_text("dua karung")
