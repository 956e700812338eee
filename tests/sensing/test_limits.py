"""Setting thresholds and limits, and the admin's pages for them."""

from datetime import date
from typing import Any

import orjson
import pytest
from django.test import Client

from patriot.kernel.errors import Invalid
from patriot.ledger.models import Entry
from patriot.people.rules import Role
from patriot.sensing.judging import limits
from patriot.sensing.models import Combination, Datastream, Threshold
from tests.factories import user
from tests.sensing.test_watch import stream

pytestmark = pytest.mark.django_db

TOLD = {
    "code": "siaga", "level": 1, "name": "Siaga 3", "value": 351, "clear": 341, "delay_on_s": 60,
    "delay_off_s": 600, "window_s": 1800, "priority": "low", "valid_from": "2026-01-01", "valid_to": "",
    "source": "KP2C",
}  # fmt: skip


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(user(Role.ADMINISTRATOR))
    return client


def changes() -> list[dict[str, Any]]:
    return [
        orjson.loads(row.body)
        for row in Entry.objects.filter(kind="sensing.threshold_changed").order_by("id")
    ]


def test_it_says_in_the_ledger_who_set_which_threshold(admin: Client) -> None:
    one = stream("P2C")
    assert admin.post("/admin/sensing/threshold/add/", {**TOLD, "datastream": one.pk}).status_code == 302
    threshold = Threshold.objects.get()
    path = f"/admin/sensing/threshold/{threshold.pk}/change/"
    assert admin.post(path, {**TOLD, "datastream": one.pk, "value": 361, "clear": 350}).status_code == 302
    assert [(told["change"], told["value"], told["thing_name"]) for told in changes()] == [
        ("added", 351, "P2C"), ("changed", 361, "P2C"),
    ]  # fmt: skip
    entry = Entry.objects.filter(kind="sensing.threshold_changed").first()
    assert entry is not None
    assert entry.actor.startswith("user:")
    assert admin.get(path).status_code == 200
    assert admin.get("/admin/sensing/threshold/").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("level", ""), ("clear", 360), ("delay_on_s", -1), ("window_s", 0), ("valid_to", "2025-01-01")],
)
def test_it_refuses_a_threshold_that_makes_no_sense(admin: Client, field: str, value: object) -> None:
    said = {**TOLD, "datastream": stream("P2C").pk, field: value}
    answer = admin.post("/admin/sensing/threshold/add/", said)
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Threshold.objects.exists()
    assert changes() == []


@pytest.mark.parametrize("told", [{"low": "x"}, {"lowest": 1}, {"low": 5, "high": 1}, [1]])
def test_it_refuses_limits_that_nobody_can_check(admin: Client, told: Any) -> None:
    one = stream("P2C", high=900)
    with pytest.raises(Invalid):
        limits.check_limits(told)
    said = {"name": one.name, "limits": orjson.dumps(told).decode(), "calibrated_until": ""}
    assert admin.post(f"/admin/sensing/datastream/{one.pk}/change/", said).status_code == 200
    assert Datastream.objects.get().limits == {"high": 900}
    good = said | {"limits": '{"low": -50, "high": 1100, "cadence_s": 60}'}
    assert admin.post(f"/admin/sensing/datastream/{one.pk}/change/", good).status_code == 302
    assert Datastream.objects.get().limits["low"] == -50


def test_it_refuses_combinations_that_cannot_be_worked_out(admin: Client) -> None:
    said = {"name": "both", "level": 1, "priority": "high", "enabled": "on", "expression": '{"all": []}'}
    assert admin.post("/admin/sensing/combination/add/", said).status_code == 200
    said["expression"] = '{"any": [{"condition": "siaga:1", "level": 2}]}'
    assert admin.post("/admin/sensing/combination/add/", said).status_code == 302
    assert Combination.objects.count() == 1


def test_it_judges_from_today_on_by_a_new_version() -> None:
    one = stream("P2C")
    for since, value in ((date(2020, 1, 1), 301), (date(2026, 1, 1), 351)):
        limits.set_threshold(
            Threshold(datastream=one, level=1, name="Siaga 3", value=value, valid_from=since), actor="user:1"
        )
    assert len(changes()) == 2
