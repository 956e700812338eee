"""Every URL for every role: the table in `access.py` covers the resolver, and the answers are as it says."""

from http.cookies import Morsel

import pytest
from django.test import Client
from django.urls import resolve

from patriot.people.models import User
from patriot.people.rules import Role
from tests.access import PUBLIC, TABLE, UNASKING, WAY_IN, Place, ask, places
from tests.factories import user

PLACES = places()
ADMIN_SAMPLE = (Role.OPERATOR, Role.ADMINISTRATOR)  # behind its one door, which every role is sent to


def test_it_declares_every_url() -> None:
    undeclared = [place.route for place in PLACES if not _is_declared(place)]
    assert not undeclared, "say in tests/access.py who may open these"


def _is_declared(place: Place) -> bool:
    try:
        _ = place.roles
    except ValueError:  # no rule matches
        return False
    return True


def test_it_declares_nothing_that_is_gone() -> None:
    routes = [place.route for place in PLACES]
    gone = [rule for rule in TABLE if not any(_covers(rule, route) for route in routes)]
    assert not gone


def _covers(rule: str, route: str) -> bool:
    return route.startswith(rule[:-2]) if rule.endswith("**") else route == rule


def test_it_asks_at_paths_that_lead_where_they_should() -> None:
    assert [place.route for place in PLACES if not resolve(place.sample)] == []


@pytest.mark.django_db
def test_it_opens_each_url_to_the_declared_roles_only() -> None:
    people: dict[str, User | None] = {"stranger": None, **{role: user(role) for role in Role}}
    clients = {who: Client(raise_request_exception=False) for who in people}
    wrong = {
        f"{place.route} as {who}": f"{answer}, not {expected}"
        for place in PLACES
        if _is_declared(place)
        for who, expected in _expected(place).items()
        if (answer := ask(_signed_in(clients[who], people[who]), place)) != expected
    }
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def _expected(place: Place) -> dict[str, str]:
    if isinstance(place.roles, str):
        return dict.fromkeys(["stranger", *Role], {PUBLIC: "open", WAY_IN: "login"}[place.roles])
    stranger = "refused" if place.route in UNASKING else "login"
    asked = ADMIN_SAMPLE if place.route.startswith("admin/") and place.route != "admin/" else Role
    return {"stranger": stranger} | {role: "open" if role in place.roles else "refused" for role in asked}


def _signed_in(client: Client, person: User | None) -> Client:
    """The client with the person's session, also after a place has ended it."""
    if person is not None and not client.cookies.get("sessionid", Morsel()).value:
        client.force_login(person)
    return client
