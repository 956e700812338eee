"""The console's pages."""

import pytest
from django.test import Client

from patriot.people.rules import Role
from tests import factories
from tests.desk.test_desk import client_of

pytestmark = pytest.mark.django_db
ALLOWED = {Role.OPERATOR, Role.DISPATCHER, Role.ADMINISTRATOR}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/console/", "/console/queue/", "/console/handover/"])
def test_it_opens_for_operators_and_dispatchers(role: Role, path: str) -> None:
    factories.received()
    assert client_of(role).get(path).status_code == (200 if role in ALLOWED else 403)


def test_it_asks_strangers_to_sign_in() -> None:
    assert Client().get("/console/").status_code == 302


def test_it_lists_what_is_open_and_opens_the_incident_asked_for() -> None:
    got = factories.received()
    client = client_of(Role.OPERATOR)
    page = client.get(f"/console/?incident={got.incident_id}").content.decode()
    assert got.number in page
    assert f'hx-get="/desk/incident/{got.incident_id}/"' in page
    assert "console-map" in page


@pytest.mark.parametrize(
    "query", ["incident=x", "page=-3", "state=%00", "q=%F0%9F%98%80", "incident=99999999999"]
)
def test_it_bears_nonsense(query: str) -> None:
    assert client_of(Role.OPERATOR).get(f"/console/?{query}").status_code == 200


def test_it_hands_over_to_the_next_shift() -> None:
    client = client_of(Role.OPERATOR)
    other = factories.user(Role.DISPATCHER)
    answer = client.post("/console/handover/", {"to": str(other.pk), "notes": "Pump 3 is weak"}, follow=True)
    assert answer.status_code == 200
    assert "banner" in answer.content.decode()
    assert client.post("/console/handover/", {"to": "x", "notes": ""}, follow=True).status_code == 200
