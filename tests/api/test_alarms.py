"""Alarms over the native API."""

from datetime import timedelta

import pytest

from patriot.alarms.models import AlarmType
from patriot.kernel import clock
from patriot.people.rules import Role
from tests import factories
from tests.alarms.makers import told
from tests.api.test_native import api

pytestmark = pytest.mark.django_db


def test_it_lists_acknowledges_and_shelves() -> None:
    first, second = told("siaga:1", 2), told("siaga:2", 1, priority="low")
    operator = api(Role.OPERATOR)
    listed = operator.get("/alarms")
    assert [one["id"] for one in listed["alarms"]] == [first.pk, second.pk]
    assert listed["unacknowledged"] == {"high": 1, "medium": 0, "low": 1}
    operator.post(f"/alarms/{first.pk}/acknowledge", {"level": 1}, 409)
    assert operator.post(f"/alarms/{first.pk}/acknowledge", {"level": 2})["state"] == "acknowledged"
    operator.post(f"/alarms/{first.pk}/acknowledge", {}, 409)
    until = (clock.now() + timedelta(minutes=5)).isoformat()
    shelved = operator.post(f"/alarms/{second.pk}/shelve", {"until": until, "reason": "Known"})
    assert (shelved["state"], shelved["reason"]) == ("shelved", "Known")
    assert [one["id"] for one in operator.get("/alarms?state=shelved")["alarms"]] == [second.pk]
    assert operator.post(f"/alarms/{second.pk}/unshelve")["state"] == "unacknowledged"


def test_it_keeps_to_scope_and_role() -> None:
    ours, theirs = told("siaga:1", agency="bpbd"), told("siaga:2", agency="dlh")
    staff = api(Role.STAFF, "bpbd")
    assert [one["id"] for one in staff.get("/alarms")["alarms"]] == [ours.pk]
    staff.get(f"/alarms/{theirs.pk}", 404)
    staff.post(f"/alarms/{theirs.pk}/acknowledge", {}, 404)
    staff.post(f"/alarms/{ours.pk}/acknowledge", {}, 403)
    assert api(Role.CITIZEN).get("/alarms")["total"] == 0


def test_it_refuses_what_makes_no_sense() -> None:
    alarm = told()
    operator = api(Role.OPERATOR)
    for body in ({"until": "soon", "reason": "x"}, {"until": "2026-11-21T09:00:00", "reason": "x"}, {}):
        operator.post(f"/alarms/{alarm.pk}/shelve", body, 400)
    operator.post("/alarms/987654/acknowledge", {}, 404)
    operator.get("/alarms?page=-4&size=100000&priority=%00&q=%00")


def test_it_opens_the_incident_once() -> None:
    factories.category("banjir", "bpbd")
    AlarmType.objects.create(code="siaga", name_id="Muka air", category="banjir")
    alarm, operator = told(), api(Role.OPERATOR)
    first, again = (operator.post(f"/alarms/{alarm.pk}/incident") for _ in range(2))
    assert (first["found"], again["found"], again["number"]) == (False, True, first["number"])
