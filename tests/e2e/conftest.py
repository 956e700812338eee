"""A whole center, running, with nobody simulated at work in it; and a browser."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.e2e.people import PATIENCE_MS, Stage
from tests.site.conftest import Installation, end


@pytest.fixture(scope="package")
def center() -> Iterator[Installation]:
    """`patriot demo` as a newcomer starts it, without the simulator: the tests play every part themselves."""
    home = Path(tempfile.mkdtemp(prefix="patriot-e-"))
    home.chmod(0o755)
    made = Installation(home, {"PATRIOT_SCENARIO": "none"})
    process = made.start("demo")
    try:
        made.wait_until_ready(120)
        yield made
    finally:
        end(process)
        made.clear()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium("wall") as opened:
        yield opened


@pytest.fixture
def stage(browser: Browser, center: Installation) -> Iterator[Stage]:
    """Where the people of one test meet."""
    expect.set_options(timeout=PATIENCE_MS)
    made = Stage(browser, f"http://127.0.0.1:{center.config.http_port}")
    yield made
    made.close()
