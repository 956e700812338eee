"""The one way in which tests open a browser: Debian's Chromium, by the same rule everywhere.

Where it, or the built front end, is missing a test is skipped and says so; in CI that is a failure: a browser
test that nobody ran is no test.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from patriot.site.templatetags.assets import entry

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-component-update",
    "--no-first-run", "--disable-sync",
]  # fmt: skip


def program(*built: str) -> str:
    """Chromium's path. Ends the test when there is none, or when an entry of the front end is not built."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        _miss("no Chromium: install Debian's package chromium to run the browser tests")
    if lacking := [name for name in built if not entry(name)]:
        _miss(f"the front end is not built: make build ({', '.join(lacking)})")
    return found or ""


def _miss(why: str) -> None:
    pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@contextmanager
def chromium(*built: str) -> Iterator[Browser]:
    """A browser for as long as the block lasts; `built`: entries of the front end that its pages need.

    While it is open, asyncio cannot be used.
    """
    path = program(*built)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
