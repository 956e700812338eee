"""Screens for the wall, from the command line."""

import re

import pytest
from django.test import Client

from patriot.kernel.config import Config
from patriot.ledger.actions import seal
from patriot.site.cli import _parser
from patriot.site.commands import wall

pytestmark = pytest.mark.django_db


def run(*words: str) -> None:
    args = _parser("display", wall).parse_args(["display", *words])
    assert wall.display(Config.from_env(), args) == 0


def test_it_makes_a_key_that_opens_the_wall_and_takes_it_back(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    run("add", "Ruang kendali")
    found = re.search(r"/wall/\?key=\S+", capsys.readouterr().out)
    assert found
    assert client.get("/wall/").status_code == 302
    assert client.get(found.group()).status_code == 200
    run("list")
    number = capsys.readouterr().out.split()[0]
    run("remove", number)
    assert client.get(found.group()).status_code != 200
    assert [(event.kind, event.actor) for event in seal()] == [
        ("wall.display_added", "system:cli"),
        ("wall.display_removed", "system:cli"),
    ]
