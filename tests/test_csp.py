"""The content security policy, on every page: its header, and nothing in the page that it would refuse."""

import re

import pytest
from django.test import Client
from procrastinate.contrib.django import app as site_app
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from patriot.people.rules import Role
from tests.access import places
from tests.factories import user

REFUSED = {
    "a style attribute": re.compile(r"<[^>]+\sstyle\s*=", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]+\son[a-z]+\s*=", re.IGNORECASE),
    "an inline style": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an inline script": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE
    ),
    "a javascript: link": re.compile(r"(?:href|action)\s*=\s*[\"']?\s*javascript:", re.IGNORECASE),
    "something from another host": re.compile(
        r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"'](?:https?:)?//"
    ),
}

WAITING = {
    "id": None, "queue": "default", "lock": None, "queueing_lock": "alarms.escalate",
    "task_name": "alarms.escalate", "task_kwargs": {"timestamp": 1_790_000_000, "of": "a job that is due"},
}  # fmt: skip


@pytest.mark.django_db
def test_it_renders_nothing_that_the_policy_refuses() -> None:
    wrong = {}
    for who, client in _clients().items():
        for place in places():
            response = client.get(place.sample)
            if response.headers.get("Content-Type", "").startswith("text/html"):
                text = "" if response.streaming else response.content.decode()
                found = [what for what, pattern in REFUSED.items() if pattern.search(text)]
                if found or "default-src 'self'" not in response.headers.get("Content-Security-Policy", ""):
                    wrong[f"{place.route} as {who}"] = found or ["no policy"]
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["", "{}/change/"])
def test_it_shows_a_waiting_job_within_the_policy(address: str) -> None:
    job = JobManager(site_app.connector).defer_job(Job(**WAITING))
    client = Client()
    client.force_login(user(Role.ADMINISTRATOR))
    page = client.get("/admin/procrastinate/procrastinatejob/" + address.format(job.id)).content.decode()
    assert "escalate" in page
    assert not [what for what, pattern in REFUSED.items() if pattern.search(page)]


def _clients() -> dict[str, Client]:
    clients = {"stranger": Client(raise_request_exception=False)}
    for role in (Role.CITIZEN, Role.OFFICER, Role.HEAD, Role.OPERATOR, Role.LEADERSHIP, Role.ADMINISTRATOR):
        clients[role] = Client(raise_request_exception=False)
        clients[role].force_login(user(role))
    return clients


def test_it_allows_neither_inline_code_nor_eval(settings: object) -> None:
    policy = str(settings.SECURE_CSP)  # type: ignore[attr-defined]
    assert "unsafe" not in policy
    assert "*" not in policy
