"""Scope: what belongs to one agency is not there for another's people, whichever door they try."""

import pytest
from django.test import Client

from patriot.people.rules import Role
from tests.factories import agency, received, user

DOORS = ("/desk/incident/{id}/", "/api/v1/incidents/{id}", "/api/v1/incidents/{id}/recommendation")


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.STAFF, Role.HEAD])
def test_it_hides_one_agencys_incident_from_anothers_people(role: Role) -> None:
    incident = received().incident_id
    agency("dishub")
    inside, outside = Client(), Client()
    inside.force_login(user(role, "dbmta"))
    outside.force_login(user(role, "dishub"))
    for door in DOORS:
        path = door.format(id=incident)
        assert inside.get(path).status_code == 200, path
        assert outside.get(path).status_code == 404, path


@pytest.mark.django_db
def test_it_hides_another_agencys_units_and_money() -> None:
    outside = Client()
    outside.force_login(user(Role.HEAD, "dishub"))
    for path in ("/api/v1/units", "/api/v1/funds/pending", "/api/v1/positions"):
        assert outside.get(path).json() == [], path
