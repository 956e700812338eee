"""Every page in a real browser: nothing that the content security policy refuses, no error in the console."""

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from patriot.people.rules import Role
from tests.access import Place, places
from tests.site.conftest import Installation

pytestmark = [pytest.mark.browser, pytest.mark.fault]
LOGINS = {
    Role.CITIZEN: "warga",
    Role.OFFICER: "petugas.kebersihan",
    Role.HEAD: "kepala.dbmta",
    Role.OPERATOR: "operator",
    Role.LEADERSHIP: "walikota",
    Role.ADMINISTRATOR: "admin",
}
NO_PAGES = (
    "api/v1/", "open311/", "live", "wall/stream", "places/map.json", "metrics", "healthz", "readyz",
    "data/laporan.csv", "field/worker.js", "field/manifest", "admin/jsi18n", "admin/logout", "admin/login",
    "admin/autocomplete", "accounts/logout", "accounts/2fa/recovery-codes/download",
)  # fmt: skip


def is_page(place: Place) -> bool:
    """A page with an address of its own; those of one record are walked by other tests."""
    return "<" not in place.route and not place.route.startswith(NO_PAGES)


@pytest.mark.parametrize("role", LOGINS)
def test_it_shows_every_page_without_a_complaint(role: Role, center: Installation, browser: Browser) -> None:
    page = browser.new_page(base_url=f"http://127.0.0.1:{center.config.http_port}", locale="id-ID")
    faults: list[str] = []
    here = ["/"]
    page.on("console", lambda said: _note(said, faults, here[0]))
    page.on("pageerror", lambda fault: faults.append(f"{here[0]}: {fault}"))
    _sign_in(page, LOGINS[role])
    for place in filter(is_page, places()):
        if _visitor(place) == role:
            here[0] = place.sample
            faults += _visit(page, place)
    page.close()
    assert not faults, "\n".join(faults)


def _visitor(place: Place) -> Role | None:
    """Each page is visited once, by the first of these people who may open it."""
    return next((role for role in LOGINS if isinstance(place.roles, str) or role in place.roles), None)


def _sign_in(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    page.locator(f"button[value='{username}']").dispatch_event("click")
    page.wait_for_url(lambda url: "login" not in url)


def _visit(page: Page, place: Place) -> list[str]:
    """Open a page and give its scripts a moment."""
    try:
        answer = page.goto(place.sample, wait_until="load")
    except Error as fault:
        page.wait_for_timeout(300)  # the browser's own error page comes afterwards
        is_form_target = "ERR_HTTP_RESPONSE_CODE_FAILURE" in str(
            fault
        )  # 405: takes a POST only, shows nothing
        return [] if is_form_target else [f"{place.sample}: {fault}"]
    page.wait_for_timeout(150)
    return [f"{place.sample}: {answer.status}"] if answer and answer.status >= 500 else []


def _note(said: ConsoleMessage, faults: list[str], where: str) -> None:
    """A page that is not there, or not for this person, is no fault of the page."""
    is_answer = "the server responded with a status of 40" in said.text
    if said.type == "error" and not is_answer:
        faults.append(f"{where}: {said.text}")
