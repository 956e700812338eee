"""The officer's phone without JavaScript: every step is a form."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from patriot.dispatch.models import Assignment, Measurement, Unit
from patriot.people.rules import Role
from tests import factories
from tests.dispatch.makers import bring_to, called_out, officer, picture, unit

pytestmark = pytest.mark.django_db
type Press = Callable[..., Any]


@pytest.fixture
def phone() -> Client:
    client = Client()
    client.force_login(factories.user(Role.OFFICER))
    return client


def text(client: Client) -> str:
    answer = client.get("/field/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def press(client: Client, assignment: int, step: str, **form: Any) -> str:
    answer = client.post(f"/field/{assignment}/{step}", form, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_it_walks_the_whole_call_by_forms(phone: Client) -> None:
    crew = unit()
    phone.post("/field/unit", {"unit": crew.pk})
    assert "Jalan 01" in text(phone)
    Unit.objects.all().delete()
    row = called_out("Jalan 02")
    phone.post("/field/unit", {"unit": row.unit_id})
    assert f"/field/{row.pk}/accept" in text(phone)
    assert f"/field/{row.pk}/set-off" in press(phone, row.pk, "accept")
    assert f"/field/{row.pk}/arrive" in press(phone, row.pk, "set-off")
    assert f"/field/{row.pk}/measure" in press(phone, row.pk, "arrive")
    press(phone, row.pk, "measure", length_cm="1.200", width_cm="80", depth_cm="")
    assert Measurement.objects.get().length_cm == 1200
    press(phone, row.pk, "photo", photo=SimpleUploadedFile("a.jpg", picture(), "image/jpeg"))
    press(phone, row.pk, "finish", repair="temporary", cost_idr="350.000", notes="x")
    row.refresh_from_db()
    assert (row.state, row.repair, row.cost_idr) == ("finished", "temporary", 350_000)
    assert row.photo


@pytest.mark.parametrize(("step", "form"), [
    ("measure", {"length_cm": "wide", "width_cm": "1"}), ("measure", {"length_cm": "0", "width_cm": "1"}),
    ("photo", {}), ("finish", {}), ("finish", {"repair": "permanent", "cost_idr": "-5"}), ("set-off", {}),
])  # fmt: skip
def test_it_says_what_was_wrong_and_changes_nothing(phone: Client, step: str, form: dict[str, str]) -> None:
    row = called_out()
    bring_to(row.pk, "on_scene")
    assert "banner--bad" in press(phone, row.pk, step, **form)
    row.refresh_from_db()
    assert row.state == "on_scene"


def test_it_takes_a_double_press_once(phone: Client) -> None:
    row = called_out()
    key = "0b0d7d5e-6a3f-4f4e-9a1d-2f1f6a3fb5aa"
    for _ in range(2):
        assert "banner--bad" not in press(phone, row.pk, "accept", key=key)
    assert Assignment.objects.get().state == "accepted"


def test_it_declines_with_a_reason(phone: Client) -> None:
    row = called_out()
    assert "banner--bad" in press(phone, row.pk, "decline", reason="")
    press(phone, row.pk, "decline", reason="Ban kempes")
    row.refresh_from_db()
    assert (row.state, row.reason) == ("declined", "Ban kempes")


def test_it_shows_nobody_elses_calls(phone: Client, client: Client) -> None:
    row = called_out()
    stranger = Client()
    stranger.force_login(factories.user(Role.OFFICER, "damkar"))
    assert row.number not in text(stranger)
    assert "banner--bad" in press(stranger, row.pk, "accept")
    assert client.get("/field/").status_code == 302
    citizen = Client()
    citizen.force_login(factories.user(Role.CITIZEN))
    assert citizen.get("/field/").status_code == 403
    assert phone.post(f"/field/{row.pk}/fly").status_code == 404
    assert officer().name


def test_it_suggests_arrival_in_words(phone: Client) -> None:
    from patriot.dispatch.actions import suggest_arrival  # noqa: PLC0415 - one use

    row = called_out()
    bring_to(row.pk, "en_route")
    assert 'role="status"' not in text(phone).split("<article", 1)[1].split("</article>")[0]
    suggest_arrival(row.pk, 40)
    assert 'role="status"' in text(phone).split("<article", 1)[1].split("</article>")[0]


def test_it_can_be_installed(client: Client) -> None:
    told = client.get("/field/manifest.webmanifest").json()
    assert (told["start_url"], told["scope"], told["display"]) == ("/field/", "/field/", "standalone")
    worker = client.get("/field/worker.js")
    assert worker["content-type"].startswith("text/javascript")
    assert b"importScripts(" in worker.content
