"""30 November 2016, both scenes, in real browsers against the whole running center: nothing is mocked."""

import io
import re

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from patriot.kernel.geometry import Point
from tests.e2e.people import PHONE, SCREEN, Citizen, Stage, Vehicle
from tests.site.conftest import Installation

pytestmark = [pytest.mark.browser, pytest.mark.fault]

UNDERPASS = Point(107.01150, -6.24245)
CHAIRIL_ANWAR = Point(107.00544, -6.25079)


def photo(words: str) -> bytes:
    """A picture as a phone makes one."""
    image = Image.new("RGB", (1280, 960), (120, 110, 96))
    ImageDraw.Draw(image).text((60, 60), words, fill="white", font_size=80)
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def wall(stage: Stage) -> Page:
    """The big screen, with the plain map: its vehicles can be asked where they are."""
    page = stage.page(SCREEN)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto("/wall/")
    expect(page.locator(".flat")).to_be_visible()
    return page


def order_work(control: Page, number: str, *, estimate: int) -> str:
    """The operator opens the incident, orders work, sends the best unit by one click; its callsign."""
    control.goto("/console/")
    control.locator(".queue__item", has_text=number).click()
    detail = control.locator("#incident")
    expect(detail).to_contain_text(number)
    if not control.locator("#task-estimate").is_visible():
        control.keyboard.press("t")
    control.locator("#task-estimate").fill(str(estimate))
    detail.get_by_role("button", name="Order work").click()
    best = detail.locator("[data-advice] li").first
    expect(best).to_be_visible()
    callsign = best.locator(".item__title").inner_text().strip()
    best.get_by_role("button", name=re.compile("^Send")).click()
    expect(detail).to_contain_text(callsign)
    expect(detail.locator("[data-advice]")).to_have_count(0)
    return callsign


def order_work_by_keys(control: Page, number: str) -> str:
    """The same without a mouse: j to the incident, Enter, t, Enter, a. Returns the callsign."""
    control.goto("/console/")
    expect(control.locator(".queue__item", has_text=number)).to_be_visible()
    chosen = control.locator(".queue__item:focus")
    for _ in range(control.locator(".queue__item").count()):
        control.keyboard.press("j")
        if number in chosen.inner_text():
            break
    control.keyboard.press("Enter")
    detail = control.locator("#incident")
    expect(detail).to_contain_text(number)
    if not control.locator("#task-estimate").is_visible():
        control.keyboard.press("t")
    control.locator("#task-estimate").press("Enter")
    best = detail.locator("[data-advice] li .item__title").first
    expect(best).to_be_visible()
    callsign = best.inner_text().strip()
    control.keyboard.press("a")
    expect(detail.locator("[data-advice]")).to_have_count(0)
    return callsign


def sign_on(officer: Page, callsign: str) -> None:
    """The officer says on which unit they are today, and opens the page of its call."""
    officer.goto("/field/")
    expect(officer.get_by_text("Connected", exact=True)).to_be_visible()
    if not officer.get_by_role("heading", name=callsign).count():
        if officer.get_by_role("button", name="Leave unit").count():
            officer.get_by_role("button", name="Leave unit").click()
        officer.get_by_label("Which unit are you on today?").select_option(label=callsign)
        officer.get_by_role("button", name="Sign on").click()
    expect(officer.get_by_role("heading", name=callsign)).to_be_visible()


def press(officer: Page, name: str) -> None:
    """One of the officer's big buttons; the center has it when the button is gone and nothing waits."""
    button = officer.get_by_role("button", name=name, exact=True)
    button.click()
    expect(button).to_have_count(0)
    expect(officer.locator("[data-waiting]")).to_have_count(0)


def places_of_units(wall: Page) -> set[str]:
    """Where the busy vehicles are drawn on the wall's map."""
    busy = wall.locator(".flat__unit.is-busy")
    return set(busy.evaluate_all("all => all.map(one => one.getAttribute('transform'))"))


def drive(officer: Page, wall: Page, vehicle: Vehicle, goal: Point) -> None:
    """Set off, drive, be seen moving on the wall, arrive."""
    vehicle.send()
    press(officer, "Accept")
    press(officer, "Set off")
    expect(wall.locator(".flat__unit.is-busy")).not_to_have_count(0)
    seen = places_of_units(wall)
    vehicle.drive_to(goal)
    moved = places_of_units(wall) - seen
    assert moved, "the unit did not move on the wall"
    press(officer, "Arrived")


def take_photo(officer: Page, words: str) -> None:
    """Proof from the spot."""
    officer.locator("input[type=file]").set_input_files(
        {"name": "bukti.jpg", "mimeType": "image/jpeg", "buffer": photo(words)}
    )
    expect(officer.get_by_alt_text("Photo from the spot").first).to_be_visible()
    expect(officer.locator("[data-waiting]")).to_have_count(0)


def finish(officer: Page, how: str) -> None:
    """Permanent or temporary, and done."""
    officer.get_by_label(how).check()
    press(officer, "Finish")


def test_it_clears_the_rubbish_at_the_underpass(center: Installation, stage: Stage, wall: Page) -> None:
    """R25: a baktor is sent, is on site within minutes, everybody watches, the citizen confirms."""
    citizen = Citizen(stage.page(PHONE))
    number = citizen.report("sampah", "Tumpukan sampah di Jalan Baru Underpas", UNDERPASS, photo("sampah"))
    expect(wall.locator("body")).to_contain_text("Sampah")

    control = stage.signed_in("dispatcher")
    callsign = order_work(control, number, estimate=150_000)
    assert callsign.startswith("Baktor"), "the run card names motor carts first"
    expect(control.locator("#incident")).to_contain_text("✓")
    expect(wall.locator("body")).to_contain_text(callsign)
    citizen.sees(callsign)

    officer = stage.signed_in("petugas.kebersihan", PHONE)
    sign_on(officer, callsign)
    drive(officer, wall, Vehicle.of(callsign, center.config.osmand_port), UNDERPASS)
    citizen.sees("is on the spot")
    take_photo(officer, "bersih")
    finish(officer, "For good")

    citizen.confirm()
    citizen.page.goto(f"/lacak/{number}")
    expect(citizen.page.locator("#keadaan .state--closed")).to_be_visible()
    assert not stage.errors


def test_it_measures_and_patches_the_pothole_and_opens_its_permanent_repair(
    center: Installation, stage: Stage, wall: Page
) -> None:
    """R26: officers measure, patch for now; the permanent repair becomes an incident of its own."""
    citizen = Citizen(stage.page(PHONE))
    words = "Lubang besar di Jalan Chairil Anwar"
    number = citizen.report("lubang_jalan", words, CHAIRIL_ANWAR, photo("lubang"))

    control = stage.signed_in("operator")
    callsign = order_work_by_keys(control, number)
    officer = stage.signed_in("petugas.dbmta", PHONE)
    sign_on(officer, callsign)
    drive(officer, wall, Vehicle.of(callsign, center.config.osmand_port), CHAIRIL_ANWAR)
    for box, size in (("length_cm", "120"), ("width_cm", "80"), ("depth_cm", "15")):
        officer.locator(f"[name={box}]").fill(size)
    officer.get_by_role("button", name="Save measurement").click()
    expect(officer.locator("article.call")).to_contain_text(re.compile(r"0[.,]144"))
    take_photo(officer, "tambal sementara")
    finish(officer, "For the time being")

    citizen.sees("The repair is temporary")
    follow_up = citizen.page.locator("#keadaan a[href^='/lacak/']").first.inner_text().strip()
    assert follow_up != number
    citizen.confirm()
    citizen.page.goto(f"/lacak/{follow_up}")
    expect(citizen.page.locator("#keadaan .state--received")).to_be_visible()
    verdict = center.run("ledger", "verify")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
