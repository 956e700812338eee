"""The flood-night drill, whole, in real browsers: from the first alarm to the all clear, nothing is mocked.

Rain falls in the hills, simulated gauges tell it over MQTT, an operator acknowledges by keyboard, sees what
is expected downstream, drafts a warning from the alarm, the mayor approves it, CAP goes out and is valid, a
citizen gets a letter, a siren its order, the wall shows it, the water falls, the operator says all clear.
"""

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from playwright.sync_api import Browser, Page, expect

from patriot.alarms import load
from patriot.kernel import clock
from patriot.warnings import sirens
from tests.e2e.drill import Horn, Mailbox, calls, compressed, in_story_time, text_of
from tests.e2e.people import PATIENCE_MS, PHONE, SCREEN, Stage
from tests.site.conftest import ROOT, Installation, end

pytestmark = [pytest.mark.browser, pytest.mark.fault]

MOST_AN_HOUR = 12  # manageable for one operator (EEMUA 191), in the worst hour of the night
SPEED = 120.0  # ten hours of the night in five minutes
BEGIN_H = 1.45  # hours of rain when the drill begins: Cileungsi rises, P2C does not know it yet
AREA, HORN = "32.75.09.1004", "pondok-gede-permai"
SCHEMA = ROOT / "src" / "patriot" / "warnings" / "CAP-v1.2.xsd"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ATOM = "{http://www.w3.org/2005/Atom}"
SIAGA_1 = re.compile(r"(?<!Prakiraan )Siaga 1")  # measured, not foretold
WARNED, OVER = re.compile(r"Banjir besar|Severe flood"), re.compile(r"bahaya sudah lewat|danger is over")


@dataclass
class Night:
    """The center and everybody outside it."""

    center: Installation
    mail: Mailbox
    horn: Horn
    stage: Stage

    def wait(self, condition: Callable[[], object], seconds: float = 90) -> None:
        """Until something holds."""
        self.center.wait_for(condition, seconds)

    def simulate(self, speed: float, begin_h: float) -> "object":
        """The devices of the city, and only they."""
        return self.center.start("simulate", "flood-night", "--sensors-only", "--past", "1.5",
                                 "--speed", str(speed), "--begin", str(begin_h))  # fmt: skip


@pytest.fixture(scope="module")
def night_center() -> Iterator[tuple[Installation, Mailbox]]:
    """`patriot demo` of a city whose time is compressed, with a mail server beside it."""
    home = Path(tempfile.mkdtemp(prefix="patriot-n-"))
    home.chmod(0o755)
    shelf = Path(tempfile.mkdtemp(prefix="patriot-p-"))
    shelf.chmod(0o755)
    mail = Mailbox()
    mail.open()
    made = Installation(home, {
        "PATRIOT_SCENARIO": "none", "PATRIOT_CITY": str(compressed(shelf, SPEED)), "PATRIOT_SMTP_TLS": "0",
        "PATRIOT_SMTP_HOST": "127.0.0.1", "PATRIOT_SMTP_PORT": str(mail.port),
    })  # fmt: skip
    process = made.start("demo")
    try:
        made.wait_until_ready(240)
        yield made, mail
    finally:
        end(process)
        mail.close()
        made.clear()
        shutil.rmtree(shelf, ignore_errors=True)


@pytest.fixture
def night(browser: Browser, night_center: tuple[Installation, Mailbox]) -> Iterator[Night]:
    """The evening before the rain."""
    center, mail = night_center
    expect.set_options(timeout=PATIENCE_MS)
    horn = Horn(center.config.mqtt_port, HORN)
    horn.open()
    stage = Stage(browser, f"http://127.0.0.1:{center.config.http_port}")
    yield Night(center, mail, horn, stage)
    stage.close()
    horn.close()


def subscribe(night: Night) -> None:
    """A citizen of Pondok Gede Permai asks to be told by e-mail, and says yes to the letter."""
    page = night.stage.page(PHONE)
    page.goto("/peringatan/langganan")
    page.locator("#area").select_option(AREA)
    page.locator("#email").fill("warga@example.id")
    page.get_by_role("button", name="Tell me by e-mail").click()
    night.wait(lambda: night.mail.letters, 30)
    link = next(word for word in text_of(night.mail.letters[0]).split() if "/peringatan/langganan/" in word)
    page.goto("/peringatan" + link.split("/peringatan", 1)[1])
    page.locator("button[value=confirm]").click()
    page.close()


def see_the_first_alarm(operator: Page, gauge: str) -> None:
    """The console calls without anybody loading the page again: on the strip, and in the list."""
    expect(operator.locator(".alarm-row.is-calling", has_text=gauge).first).to_be_visible(timeout=180_000)
    expect(operator.locator("#alarm-strip.is-calling")).to_be_visible()


def acknowledge_by_keys(operator: Page, gauge: str) -> None:
    """l to the list, j down to the gauge's alarm, a: acknowledged. No mouse."""
    operator.keyboard.press("l")
    operator.wait_for_url("**/console/alarms/**")
    row = operator.locator(".alarm-row.is-calling", has_text=gauge).first
    expect(row).to_be_visible()
    number = row.get_attribute("data-alarm")
    link = operator.locator(f".alarm-row[data-alarm='{number}'] .alarm-row__link")
    for _ in range(operator.locator(".alarm-row").count()):
        operator.keyboard.press("j")
        if link.evaluate("it => it === document.activeElement"):
            break
    operator.keyboard.press("a")
    expect(operator.locator(f".alarm-row.is-calling[data-alarm='{number}']")).to_have_count(0)


def see_the_forecast(wall: Page, gauge: str) -> None:
    """The wall's rivers say when the wave is expected, hours ahead, while the gauge itself is still calm."""
    row = wall.locator(".gauge", has_text=gauge)
    expect(row.locator(".gauge__in")).to_have_text(re.compile(r"\b[1-6] h\b"), timeout=150_000)
    expect(row.locator(".priority")).to_have_count(0)


def draft_from_the_alarm(operator: Page, gauge: str) -> str:
    """Open the gauge's alarm, draft a warning from it, send it for the second approval; its path."""
    row = operator.locator(".alarm-row", has_text=gauge).filter(has_text=SIAGA_1).first
    expect(row).to_be_visible(timeout=240_000)
    row.locator(".alarm-row__link").click()
    expect(operator.locator("#alarm h2")).to_contain_text(gauge)
    operator.locator("#alarm").get_by_role("link", name="Draft a warning").click()
    expect(operator.locator("input[name=template]:checked")).to_have_count(1)
    assert "P2C" in operator.locator("#station").input_value()
    operator.locator("#places").fill("Pondok Gede Permai")
    operator.get_by_role("button", name="Write it").click()
    operator.wait_for_url(re.compile(r"/console/warnings/\d+/"))
    operator.get_by_text("In a drill, sound the sirens, too").click()
    operator.get_by_role("button", name="Send for the second approval").click()
    expect(operator.get_by_role("heading", name="Second approval")).to_be_visible()
    assert operator.get_by_role("button", name="Approve and send").count() == 0, "nobody approves their own"
    return re.sub(r"https?://[^/]+", "", operator.url)


def approve(night: Night, path: str) -> None:
    """The mayor reads it and approves by one key."""
    mayor = night.stage.signed_in("walikota")
    mayor.goto(path)
    expect(mayor.get_by_role("button", name="Approve and send")).to_be_visible()
    mayor.keyboard.press("a")
    expect(mayor.locator(".badge", has_text="In force").first).to_be_visible()
    mayor.close()


def alerts(night: Night) -> list[etree._Element]:
    """Every alert in the public feed, each valid against OASIS's schema, the newest first."""
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    feed = etree.fromstring(night.center.get("/cap/")[1].encode())
    found = []
    for entry in feed.iter(f"{ATOM}entry"):
        link = next(one.get("href") for one in entry.iter(f"{ATOM}link") if "cap" in (one.get("href") or ""))
        alert = etree.fromstring(night.center.get("/cap/" + link.split("/cap/", 1)[1])[1].encode())
        schema.assertValid(alert)
        found.append(alert)
    return found


def kind_of(alert: etree._Element) -> tuple[str, str]:
    return alert.findtext(f"{CAP}msgType") or "", alert.findtext(f"{CAP}status") or ""


def genuine(night: Night, data: bytes) -> bool:
    """Whether an order bears the city's signature, by the key it publishes."""
    return sirens.is_genuine(data, night.center.get("/cap/sirene.pem")[1].encode())


def all_clear(operator: Page, path: str) -> None:
    """The operator says that the danger is over."""
    operator.goto(path)
    operator.keyboard.press("c")
    operator.get_by_role("button", name="Say that the danger is over").click()
    expect(operator.locator(".page__head")).to_contain_text("All clear")


def test_it_runs_the_flood_night_from_the_first_alarm_to_the_all_clear(night: Night) -> None:
    subscribe(night)
    operator = night.stage.signed_in("operator")
    operator.goto("/console/alarms/")
    wall = night.stage.page(SCREEN)
    wall.goto("/wall/?screen=4/4&scene=water")  # the screen of the sensors; it has no map to draw

    rain = night.simulate(1, BEGIN_H)  # at nature's own pace: what is expected downstream is meant in hours
    see_the_first_alarm(operator, "Kali Cileungsi")
    acknowledge_by_keys(operator, "Kali Cileungsi")
    see_the_forecast(wall, "P2C")
    end(rain)  # type: ignore[arg-type]

    began = clock.now()
    river = night.simulate(SPEED, BEGIN_H)
    path = draft_from_the_alarm(operator, "P2C")
    approve(night, path)

    night.wait(lambda: night.mail.about(WARNED), 60)
    night.wait(lambda: night.horn.told("sound"), 60)
    assert genuine(night, night.horn.raw[-1])
    [alert] = alerts(night)
    assert kind_of(alert) == ("Alert", "Exercise")
    assert {(one.text or "")[:2] for one in alert.iter(f"{CAP}language")} == {"id", "en"}
    expect(wall.locator(".wallwarn")).to_contain_text(WARNED)

    expect_normal(operator, "P2C", began)
    end(river)  # type: ignore[arg-type]
    all_clear(operator, path)
    night.wait(lambda: night.horn.told("silence"), 60)
    night.wait(lambda: night.mail.about(OVER), 60)
    newest = alerts(night)[0]
    assert kind_of(newest)[0] == "Update"
    assert newest.findtext(f"{CAP}references")
    expect(wall.locator(".wallwarn__row--good")).to_be_visible()
    assert_bearable(night, began)
    assert not night.stage.errors


def expect_normal(operator: Page, gauge: str, began: datetime) -> None:
    """The gauge's alarm of Siaga 1 is over: the water has fallen (ten hours of story at most)."""
    deadline = began + timedelta(hours=11 / SPEED)
    row = operator.locator(".alarm-row", has_text=gauge).filter(has_text=SIAGA_1)
    while clock.now() < deadline:
        operator.goto("/console/alarms/")
        if not row.filter(has_not_text="normal again").count():
            return
        time.sleep(3)
    pytest.fail("the water did not fall")


def assert_bearable(night: Night, began: datetime) -> None:
    """The alarm load of the night, in the story's own time, against EEMUA 191 for one operator."""
    live = [one for one in calls(night.center) if one.at > began]
    told = in_story_time(live, began, SPEED)
    figures = load.figures(told, [], 0, 1, began + (clock.now() - began) * SPEED)
    print(f"{len(told)} calls, worst hour {figures.peak_hour:.0f}, in 10 minutes {figures.steady:.2f}")
    assert told
    assert figures.peak_hour <= MOST_AN_HOUR
    assert not figures.floods
    assert not figures.chattering
