"""The alarm pages in a real browser: keys, sound and silence, the title's count, the list that follows."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from patriot.alarms import actions
from patriot.alarms.models import Alarm
from patriot.alarms.rules import State
from patriot.people.models import User
from patriot.people.rules import Role
from tests import factories
from tests.alarms.makers import OTHER, told
from tests.browser import chromium

SHOTS = os.environ.get("PATRIOT_SHOTS", "")
HEARD = """window.tones = [];
const create = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const voice = create.call(this);
  const start = voice.start.bind(voice);
  voice.start = (at) => { window.tones.push(voice.frequency.value); start(at); };
  return voice;
};"""
NEWS = "retry: 300\n\nevent: alarms.raised\ndata: {}\n\n"  # it ends and comes again: news all the time

expect.set_options(timeout=15_000)  # a busy machine is not a fault of the page
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account() -> User:
    return factories.user(Role.OPERATOR)


@pytest.fixture
def console(live_server: Any, account: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserContext]:
    """A signed-in operator whose browser notes every tone; the ledger's stream is played to it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's own loop runs in this thread
    client = Client()
    client.force_login(account)
    session = client.cookies["sessionid"].value
    with chromium("alarms") as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=live_server.url)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        context.add_init_script(HEARD)
        context.route("**/live", lambda route: route.fulfill(content_type="text/event-stream", body=NEWS))
        yield context
        connections.close_all()  # those opened beside Playwright's loop are not the test's own


def opened(console: BrowserContext, path: str = "/console/alarms/") -> Page:
    page = console.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(path)
    expect(page.locator("[data-alarm-sound]")).to_be_visible()  # the script has taken over
    return page


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def sound(page: Page, state: str) -> None:
    expect(page.locator(f"[data-alarm-sound={state}]")).to_be_visible()


def state(condition: str) -> str:
    return Alarm.objects.get(condition=condition).state


def test_it_moves_acknowledges_shelves_and_opens_with_keys(console: BrowserContext) -> None:
    first, second = told("siaga:1"), told("siaga:2", priority="low")
    page = opened(console)
    expect(page).to_have_title("(2) " + page.title().split(") ")[-1])
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(f"[data-alarm='{second.pk}'] [data-key-item]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-alarm-open='{second.pk}']")).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(page.locator(f"[data-alarm='{first.pk}'] .alarm-mark--acknowledged")).to_be_visible()
    assert (state("siaga:1"), state("siaga:2")) == (State.ACKNOWLEDGED, State.UNACKNOWLEDGED)
    page.locator(f"[data-alarm='{second.pk}'] [data-key-item]").focus()
    page.keyboard.press("s")
    expect(page.locator(f"[data-alarm='{second.pk}'] details[open]")).to_be_visible()
    page.locator(f"[data-alarm='{second.pk}'] input[name=reason]").fill("Known since this morning")
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-alarm='{second.pk}']")).to_have_count(0)
    assert state("siaga:2") == State.SHELVED
    expect(page.locator("#alarm-strip[data-unacknowledged='0']")).to_be_visible()


def test_it_keeps_what_is_being_typed_while_the_list_lives(console: BrowserContext) -> None:
    alarm = told("siaga:1")
    page = opened(console)
    page.locator(f"[data-alarm='{alarm.pk}'] summary").click()
    field = page.locator(f"[data-alarm='{alarm.pk}'] input[name=reason]")
    field.fill("Half a sent")
    told("siaga:2")
    expect(page.locator("#alarm-strip[data-unacknowledged='2']")).to_be_visible()  # the strip has heard
    expect(field).to_have_value("Half a sent")
    field.blur()
    expect(page.locator("#alarm-list [data-alarm]")).to_have_count(2)


def test_it_calls_until_somebody_acknowledges_and_can_be_silenced(console: BrowserContext) -> None:
    told("siaga:1", priority="medium")
    page = opened(console)
    sound(page, "off")
    assert page.evaluate("tones.length") == 0
    shot(page, "sound-off")
    page.locator("[data-sound-switch]").click()
    sound(page, "on")
    page.wait_for_function("tones.includes(587)")
    page.keyboard.press("m")
    sound(page, "silent")
    assert page.evaluate("JSON.parse(localStorage['alarm-sound']).silentUntil > Date.now() + 280000")
    page.wait_for_timeout(1100)  # a newest alarm is told apart by its second
    told("siaga:2", priority="high")  # what is urgent and new breaks the silence
    sound(page, "on")
    page.wait_for_function("tones.includes(988)")
    for alarm in Alarm.objects.all():
        actions.acknowledge(alarm.pk, viewer=OTHER)
    expect(page.locator("#alarm-strip[data-unacknowledged='0']")).to_be_visible()
    page.evaluate("tones.length = 0")
    expect(page.locator("[data-silence]")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-alarm-sound=blocked], [data-alarm-sound=on]")).to_be_visible()
    page.locator("h1").click()
    sound(page, "on")  # the browser remembered the wish; one click anywhere let it speak
    assert page.evaluate("tones.length") == 0


def test_it_is_one_step_from_any_console_page_to_the_first_action(console: BrowserContext) -> None:
    alarm = told("siaga:1")
    page = opened(console, "/console/handover/")
    page.locator(f"#alarm-strip a[href='/console/alarms/{alarm.pk}/']").click()
    page.locator("[data-key=a]").press("a")
    expect(page.locator("#alarm-strip[data-unacknowledged='0']")).to_be_visible()
    assert state("siaga:1") == State.ACKNOWLEDGED
