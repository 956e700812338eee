"""Browser tests that cannot run say so: skipped on a machine without Chromium, failed in CI."""

import re
from pathlib import Path

import pytest

from tests import browser

TESTS = Path(__file__).parent
OWN_WORDS = re.compile(r"shutil\.which\(|sync_playwright\(|executable_path")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.usefixtures("bare")
def test_it_skips_loudly_without_chromium() -> None:
    with pytest.raises(pytest.skip.Exception, match="no Chromium"), browser.chromium():
        pass


@pytest.mark.usefixtures("bare")
def test_it_fails_in_ci_without_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"), browser.chromium():
        pass


@pytest.mark.parametrize(("ci", "end"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_it_says_what_of_the_front_end_is_not_built(
    monkeypatch: pytest.MonkeyPatch, ci: str, end: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(end, match=r"not built.*nonsense"):
        browser.program("nonsense")


def test_no_other_test_looks_for_a_browser_in_its_own_words() -> None:
    ours = ("browser.py", "test_browser_rule.py")
    others = [path for path in TESTS.rglob("*.py") if path.name not in ours]
    assert [path.name for path in others if OWN_WORDS.search(path.read_text())] == []
