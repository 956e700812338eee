"""The native API: who gets in, what it says no to, and the whole loop by HTTP alone."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test import Client

from patriot.dispatch import duty
from patriot.dispatch.models import Assignment, RunCard
from patriot.fleet.models import Latest, Quarantined
from patriot.incidents.models import Incident
from patriot.kernel import clock
from patriot.people import queries as people
from patriot.people.actions import create_token
from patriot.people.models import User
from patriot.people.rules import Role
from tests import factories
from tests.dispatch.makers import bring_to, called_out, officer, picture, unit

pytestmark = pytest.mark.django_db


class Api:
    """A program with a token."""

    def __init__(self, user: User) -> None:
        self.user = user
        token = create_token(user.pk, "test", actor="system:test")
        self.client = Client(headers={"Authorization": f"Bearer {token}"}, enforce_csrf_checks=True)

    def get(self, path: str, status: int = 200) -> Any:
        return self._read(self.client.get(f"/api/v1{path}"), status)

    def post(self, path: str, body: object = None, status: int = 200, **headers: str) -> Any:
        sent = self.client.post(f"/api/v1{path}", orjson.dumps(body or {}), content_type="application/json",
                                headers=headers)  # fmt: skip
        return self._read(sent, status)

    @staticmethod
    def _read(answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.content
        return orjson.loads(answer.content) if answer.content else None


def api(role: Role, agency: str = "", **changes: object) -> Api:
    account = factories.user(role, agency)
    User.objects.filter(pk=account.pk).update(**changes)
    return Api(User.objects.get(pk=account.pk))


@pytest.fixture
def clean_positions() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM fleet_position")


def test_it_lets_nobody_in_without_a_session_or_a_token(client: Client) -> None:
    for path in ("me", "incidents", "units", "positions", "assignments"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 401
        assert answer.json()["error"]
    wrong = client.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"})
    assert wrong.status_code == 401


def test_it_takes_a_browsers_session_but_no_change_without_its_csrf_token() -> None:
    account = factories.user(Role.OFFICER)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(account)
    assert browser.get("/api/v1/me").json()["roles"] == ["officer"]
    refused = browser.post("/api/v1/units/sign-off", content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["error"]


def test_it_plays_the_whole_loop() -> None:
    factories.fund()
    RunCard.objects.create(category="lubang_jalan", step=1, kind="road_crew")
    crew = unit()
    came = factories.received()
    control, field = api(Role.DISPATCHER), api(Role.OFFICER)
    listed = control.get("/incidents")
    assert [row["number"] for row in listed["incidents"]] == [came.number]
    assert listed["incidents"][0]["waits_for"] == "owner"
    opened = control.post(
        f"/incidents/{came.incident_id}/tasks", {"kind": "repair", "estimate_idr": 500_000}, 201
    )
    assert opened["approved"]
    assert opened["rule"]
    advice = control.get(f"/incidents/{came.incident_id}/recommendation?task={opened['task']}")
    assert advice["units"][0]["unit"] == crew.pk
    assert all(reason["words"] for reason in advice["units"][0]["reasons"])
    called = control.post(f"/tasks/{opened['task']}/assignments", {"unit": crew.pk}, 201)
    field.post(f"/units/{crew.pk}/sign-on", status=204)
    assert [row["id"] for row in field.get("/assignments")] == [called["id"]]
    path = f"/assignments/{called['id']}"
    assert field.post(f"{path}/accept")["state"] == "accepted"
    assert field.post(f"{path}/set-off")["state"] == "en_route"
    assert field.post(f"{path}/arrive")["state"] == "on_scene"
    sizes = {"length_cm": 100, "width_cm": 50, "depth_cm": 10}
    assert field.post(f"{path}/measurements", sizes)["measurements"][0]["volume_m3"] == 0.05
    sent = field.client.post(f"/api/v1{path}/photos", {"photo": _upload()})
    assert sent.status_code == 201
    assert sent.json()["photo"].startswith("/foto/")
    done = field.post(f"{path}/finish", {"repair": "permanent", "cost_idr": 450_000})
    assert done["state"] == "finished"
    detail = control.get(f"/incidents/{came.incident_id}")
    assert (detail["state"], detail["assignments"][0]["callsign"]) == ("resolved", "Jalan 01")


def _upload() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 - one use

    return SimpleUploadedFile("spot.jpg", picture(), "image/jpeg")


def test_it_marks_what_simulated_accounts_do_as_simulated(settings: Any) -> None:
    settings.DEMO = True
    unit()
    came = factories.received(simulated=True)
    control = api(Role.DISPATCHER, simulated=True)
    assert control.get("/me")["simulated"]
    opened = control.post(f"/incidents/{came.incident_id}/tasks", {"kind": "repair"}, 201)
    crew = control.get("/units")[0]["id"]
    assert control.post(f"/tasks/{opened['task']}/assignments", {"unit": crew}, 201)["simulated"]


def test_it_keeps_each_agency_to_itself() -> None:
    row = called_out()
    stranger = api(Role.OFFICER, "damkar")
    assert stranger.get("/assignments?mine=false") == []
    assert stranger.get("/units") == []
    assert stranger.get("/incidents")["total"] == 0
    for path in (
        f"/assignments/{row.pk}",
        f"/incidents/{row.incident_id}",
        f"/vehicles/{row.unit.vehicle_id}/trail",
    ):
        assert stranger.get(path, 404)["error"]
    stranger.post(f"/assignments/{row.pk}/accept", status=404)
    citizen = api(Role.CITIZEN)
    assert citizen.get("/positions") == []
    citizen.post(f"/assignments/{row.pk}/accept", status=404)


def test_it_says_in_words_and_by_field_what_is_wrong() -> None:
    row = called_out()
    field = api(Role.OFFICER)
    early = field.post(f"/assignments/{row.pk}/measurements", {"length_cm": 1, "width_cm": 1}, 409)
    assert early["error"]
    bring_to(row.pk, "on_scene")
    wrong = field.post(f"/assignments/{row.pk}/measurements", {"length_cm": 0, "width_cm": 1}, 400)
    assert set(wrong["fields"]) == {"length_cm"}
    unreadable = field.post(f"/assignments/{row.pk}/measurements", {"length_cm": "wide"}, 400)
    assert set(unreadable["fields"]) == {"length_cm", "width_cm"}
    assert field.post(f"/assignments/{row.pk}/finish", {"repair": "maybe"}, 400)["fields"]["repair"]
    broken = field.client.post(f"/api/v1/assignments/{row.pk}/finish", b"{", content_type="application/json")
    assert broken.status_code == 400
    assert broken.json()["error"]


def test_it_answers_a_repeat_without_doing_it_again() -> None:
    row = called_out()
    field, key = api(Role.OFFICER), str(uuid4())
    for _ in range(2):
        assert field.post(f"/assignments/{row.pk}/accept", **{"Idempotency-Key": key})["state"] == "accepted"
    assert (
        "UUID"
        in field.post(f"/assignments/{row.pk}/set-off", status=400, **{"Idempotency-Key": "x"})["error"]
    )


def test_it_stores_a_phones_positions_as_its_units(clean_positions: None) -> None:
    crew, field = unit(), api(Role.OFFICER)
    now = clock.now()
    said = [{"lon": 106.99, "lat": -6.24, "at": now.isoformat(), "accuracy_m": 8}]
    assert field.post("/positions", said, 409)["error"]
    duty.sign_on(crew.pk, viewer=people.viewer(field.user))
    assert field.post("/positions", said) == {"stored": 1, "refused": 0}
    assert field.post("/positions", said) == {"stored": 0, "refused": 1}
    assert Latest.objects.get().device.vehicle_id == crew.vehicle_id
    assert field.get("/positions")[0]["lon"] == 106.99
    assert len(field.get(f"/vehicles/{crew.vehicle_id}/trail")) == 1
    assert field.post("/positions", [{"lon": 0, "lat": 0}])["refused"] == 1
    assert Quarantined.objects.get().reason == "no_fix"
    assert set(field.post("/positions", [{"lon": 200, "lat": 0}], 400)["fields"]) == {"lon"}


def test_it_lets_the_head_decide_about_money() -> None:
    factories.fund()
    came = factories.received()
    staff, head = api(Role.STAFF, "dbmta"), api(Role.HEAD, "dbmta")
    opened = staff.post(
        f"/incidents/{came.incident_id}/tasks", {"kind": "repair", "estimate_idr": 3_000_000}, 201
    )
    assert (opened["approved"], opened["goes_to"]) == (False, "head")
    assert [row["id"] for row in head.get("/funds/pending")] == [opened["commitment"]]
    decision = {"approve": True, "reason": "Jalan utama"}
    staff.post(f"/funds/commitments/{opened['commitment']}/decision", decision, 403)
    head.post(f"/funds/commitments/{opened['commitment']}/decision", decision, 204)


def test_it_describes_itself_without_asking_another_host(client: Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "https://" not in text
    assert "<script>" not in text
    assert "/static/ninja/swagger-ui-bundle.js" in text
    described = client.get("/api/v1/openapi.json").json()
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path


def test_it_shows_an_officer_no_incident_of_others() -> None:
    factories.received()
    Incident.objects.update(agency="damkar")
    assert api(Role.OFFICER, "dbmta").get("/incidents")["total"] == 0
    assert Assignment.objects.count() == 0
    assert officer().agencies == {"dbmta"}
