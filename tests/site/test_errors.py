"""What is said while the database is away."""

import json

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from patriot.people.rules import Role
from patriot.site.errors import server_error
from tests.factories import user

ask = RequestFactory()


def _answer(
    method: str, path: str, form: dict[str, str] | None = None, why: Exception | None = None
) -> HttpResponse:
    try:
        raise why or OperationalError("the server closed the connection")
    except Exception:
        return server_error(ask.post(path, form or {}) if method == "POST" else ask.get(path))


def test_it_asks_people_to_come_again() -> None:
    answer = _answer("GET", "/lacak/261121-AAAAA")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert b"<form" not in answer.content


def test_it_keeps_what_was_written_and_sends_it_again() -> None:
    page = _answer("POST", "/lapor", {"words": 'Lubang "dalam"', "draft": "abc"}).content.decode()
    assert '<input type="hidden" name="words" value="Lubang &quot;dalam&quot;">' in page
    assert '<input type="hidden" name="draft" value="abc">' in page


def test_it_keeps_no_password() -> None:
    assert b"geheim" not in _answer("POST", "/accounts/login/", {"login": "a", "password": "geheim"}).content


@pytest.mark.parametrize(
    ("path", "start"),
    [("/api/v1/incidents", '{"error":'), ("/open311/v2/requests.json", '[{"code":503')],
)
def test_it_answers_programs_in_json(path: str, start: str) -> None:
    answer = _answer("GET", path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    json.loads(answer.content)
    assert answer.content.decode().replace(" ", "").startswith(start)


def test_it_answers_in_xml_where_xml_was_asked_for() -> None:
    answer = _answer("POST", "/open311/v2/requests.xml")
    assert answer.status_code == 503
    assert b"<code>503</code>" in answer.content


def test_it_calls_a_fault_of_ours_a_fault() -> None:
    answer = _answer("GET", "/", why=ValueError("a bug"))
    assert answer.status_code == 500
    assert "Retry-After" not in answer


@pytest.mark.django_db
def test_it_says_that_an_address_is_a_button_not_a_page(client: Client) -> None:
    client.force_login(user(Role.OPERATOR))
    answer = client.get("/console/sensing/devices/new/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert b"<h1>" in answer.content
    assert b"<html" not in client.delete("/open311/v2/services.json").content
