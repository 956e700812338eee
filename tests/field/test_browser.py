"""The officer's phone in a real browser: the whole call, also where there is no connection."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from patriot.dispatch import actions, duty
from patriot.dispatch.models import Assignment, Measurement
from patriot.kernel.geometry import Point
from patriot.people import queries as people
from patriot.people.models import User
from patriot.people.rules import Role
from patriot.places import streets
from patriot.places.models import Street
from tests import factories
from tests.browser import chromium
from tests.dispatch.makers import SPOT, called_out, fix, picture

SHOTS = os.environ.get("PATRIOT_SHOTS", "")

expect.set_options(timeout=15_000)  # a busy machine is not a fault of the page
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account() -> User:
    return factories.user(Role.OFFICER)


@pytest.fixture
def phone(live_server: Any, account: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserContext]:
    """A signed-in phone, 360 px wide."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's own loop runs in this thread
    client = Client()
    client.force_login(account)
    session = client.cookies["sessionid"].value
    with chromium("field") as browser:
        context = browser.new_context(viewport={"width": 360, "height": 760}, base_url=live_server.url,
                                      color_scheme=os.environ.get("PATRIOT_SCHEME", "light"))  # type: ignore[arg-type] # fmt: skip
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        yield context
        connections.close_all()  # those opened beside Playwright's loop are not the test's own


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def opened(phone: BrowserContext) -> Page:
    page = phone.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto("/field/")
    expect(page.locator("[data-online=true]")).to_be_visible()  # the island has taken over
    return page


def press(page: Page, step: str) -> None:
    page.locator(f"[data-step={step}]").click()


def state(pk: int) -> str:
    return Assignment.objects.get(pk=pk).state


def delivered(page: Page, pk: int, name: str) -> None:
    """Wait until the server has the step and the page knows it: only then may the connection go."""
    page.wait_for_function(
        """([pk, name]) => fetch("/api/v1/assignments").then((answer) => answer.json())
            .then((calls) => calls.some((one) => one.id === pk && one.state === name))""",
        arg=[pk, name],
        polling=200,
    )
    expect(page.locator(f"[data-call='{pk}'][data-state={name}]")).to_be_visible()
    expect(page.locator("[data-waiting]")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def a_few_streets() -> None:
    """A road from the unit to the incident, and some beside it."""
    lon, lat = SPOT
    lines = {
        "Jalan Utara": [(lon - 0.02, lat), (lon, lat)],
        "Jalan Kali": [(lon - 0.02, lat), (lon - 0.02, lat - 0.015), (lon - 0.01, lat - 0.02)],
        "Jalan Pasar": [(lon - 0.02, lat - 0.008), (lon, lat - 0.006), (lon, lat)],
        "Gang Buntu": [(lon - 0.012, lat - 0.007), (lon - 0.01, lat - 0.002)],
    }
    rows = [
        Street(name=name, kind="tertiary", authority="kota", maxspeed=30, oneway=False, bridge="", line=line)
        for name, line in lines.items()
    ]
    with transaction.atomic():
        streets.replace(rows)
        streets.build(rows, source="test", indicative=True)


def test_it_walks_a_call_from_the_phone(phone: BrowserContext, account: User) -> None:
    a_few_streets()
    row = called_out()
    fix(row.unit, Point(SPOT.lon - 0.01, SPOT.lat - 0.02))
    duty.sign_on(row.unit_id, viewer=people.viewer(account))
    page = opened(phone)
    expect(page.locator("h1")).to_have_text("Jalan 01")
    expect(page.locator(".ground__way")).to_be_visible()
    assert page.locator(".ground__street").count() >= 2
    shot(page, "1-called")
    for step, name in (("accept", "accepted"), ("set-off", "en_route"), ("arrive", "on_scene")):
        press(page, step)
        expect(page.locator(f"[data-call='{row.pk}'][data-state={name}]")).to_be_visible()
    page.locator("[name=length_cm]").fill("120")
    page.locator("[name=width_cm]").fill("80")
    page.locator("[name=depth_cm]").fill("15")
    page.locator("form:has([name=length_cm]) button").click()
    expect(page.locator(".call__measured")).to_contain_text("0,96 m²")
    page.locator("input[type=file]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    expect(page.locator(".photos img")).to_be_visible()
    page.locator("input[value=permanent]").check()
    expect(page.locator("[data-waiting]")).to_have_count(0)
    shot(page, "2-on-scene")
    press(page, "finish")
    expect(page.locator(".empty")).to_be_visible()
    expect(page.locator("[data-waiting]")).to_have_count(0)
    shot(page, "3-done")
    assert state(row.pk) == "finished"
    assert Assignment.objects.get().photo


def test_it_keeps_what_is_done_without_a_connection_and_sends_it_later(
    phone: BrowserContext, account: User
) -> None:
    row = called_out()
    duty.sign_on(row.unit_id, viewer=people.viewer(account))
    page = opened(phone)
    press(page, "accept")
    delivered(page, row.pk, "accepted")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("caches.match('/field/').then(Boolean)")
    phone.set_offline(True)
    press(page, "set-off")
    expect(page.locator("[data-waiting='1']")).to_be_visible()
    press(page, "arrive")
    expect(page.locator("[data-waiting='2']")).to_be_visible()
    shot(page, "4-offline")
    page.reload()  # the page itself comes from the phone
    expect(page.locator("[data-waiting='2']")).to_be_visible()
    expect(page.locator("[data-state=on_scene]")).to_be_visible()
    page.locator("[name=length_cm]").fill("50")
    page.locator("[name=width_cm]").fill("40")
    page.locator("form:has([name=length_cm]) button").click()
    expect(page.locator("[data-waiting='3']")).to_be_visible()
    assert state(row.pk) == "accepted"
    phone.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-waiting]")).to_have_count(0, timeout=10_000)
    row.refresh_from_db()
    assert row.state == "on_scene"
    assert Measurement.objects.get().length_cm == 50
    assert row.set_off_at is not None
    assert row.arrived_at is not None
    assert row.set_off_at < row.arrived_at < Measurement.objects.get().at


def test_it_tells_when_a_kept_step_is_refused(phone: BrowserContext, account: User) -> None:
    row = called_out()
    duty.sign_on(row.unit_id, viewer=people.viewer(account))
    page = opened(phone)
    press(page, "accept")
    delivered(page, row.pk, "accepted")
    phone.set_offline(True)
    press(page, "set-off")
    actions.cancel(row.pk, "Salah alamat", viewer=factories.viewer(Role.DISPATCHER))
    phone.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".banner--bad")).to_be_visible()
    shot(page, "5-refused")
    page.locator(".banner--bad button").click()
    expect(page.locator(".call")).to_have_count(0)


def test_it_signs_on_from_the_phone(phone: BrowserContext) -> None:
    called_out()
    page = opened(phone)
    shot(page, "6-sign-on")
    page.locator("select").select_option(label="Jalan 01")
    page.locator("form:has(select) button").click()
    expect(page.locator("h1")).to_have_text("Jalan 01")
