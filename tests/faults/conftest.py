"""One whole center for the tests that wound it: they leave it as healthy as they found it, or fail."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.e2e.people import Stage
from tests.site.conftest import Installation, end

START_PATIENCE = 150


@pytest.fixture(scope="package")
def center() -> Iterator[Installation]:
    """`patriot demo` with nobody simulated at work in it."""
    home = Path(tempfile.mkdtemp(prefix="patriot-f-"))
    home.chmod(0o755)
    made = Installation(home, {"PATRIOT_SCENARIO": "none"})
    process = made.start("demo")
    try:
        made.wait_until_ready(START_PATIENCE)
        yield made
    finally:
        end(process)
        made.clear()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Closed with its module: while it is open, asyncio cannot be used."""
    with chromium("wall") as opened:
        yield opened


@pytest.fixture
def stage(browser: Browser, center: Installation) -> Iterator[Stage]:
    """Where the people of one test meet."""
    made = Stage(browser, f"http://127.0.0.1:{center.config.http_port}")
    yield made
    made.close()
