"""Letters: leadership is called until somebody could be."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from patriot.kernel import clock
from patriot.people.rules import Role
from patriot.warnings import actions, jobs
from patriot.warnings.models import PublicWarning
from tests.factories import user
from tests.warnings.conftest import Mailbox
from tests.warnings.makers import MAYOR, OPERATOR, draft

pytestmark = pytest.mark.django_db(transaction=True)

CALLED = "Overdue: leadership was called"
TELEPHONE = "Overdue: nobody could be reached by e-mail, telephone leadership"


def leader(address: str) -> None:
    one = user(Role.LEADERSHIP, username=address)
    one.email = address
    one.save()


@pytest.fixture
def overdue() -> Iterator[int]:
    """A warning that nobody has decided in time."""
    pk = actions.draft(draft(approval_minutes=1), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    with clock.at(clock.now() + timedelta(minutes=2)):
        jobs.watch_the_clock()
        yield pk


def is_called(pk: int) -> bool:
    return PublicWarning.objects.get(pk=pk).called_at is not None


@pytest.fixture
def console() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user(Role.OPERATOR))
    return client


def badge(console: Client, pk: int) -> str:
    """Which of the two its page says."""
    page = console.get(f"/console/warnings/{pk}/").content.decode()
    return "|".join(words for words in (CALLED, TELEPHONE) if words in page)


def test_it_writes_to_leadership_once_when_nobody_decided(
    mailbox: Mailbox, overdue: int, console: Client
) -> None:
    leader("walikota@example.id")
    jobs.write_letters()
    jobs.write_letters()
    assert [letter["To"] for letter in mailbox] == ["walikota@example.id"]
    assert badge(console, overdue) == CALLED


def test_it_calls_leadership_again_until_the_mail_server_is_back(
    mailbox: Mailbox, settings: Any, overdue: int, console: Client
) -> None:
    leader("walikota@example.id")
    works = settings.MAILERS
    backend, nobody = works["default"]["BACKEND"], {"host": "127.0.0.1", "port": 1}
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": nobody}}
    jobs.write_letters()
    assert not is_called(overdue)
    assert badge(console, overdue) == TELEPHONE
    settings.MAILERS = works
    jobs.write_letters()
    assert is_called(overdue)
    assert len(mailbox) == 1


def test_it_asks_for_the_telephone_while_no_leader_has_an_address(
    mailbox: Mailbox, overdue: int, console: Client
) -> None:
    jobs.write_letters()
    assert badge(console, overdue) == TELEPHONE
    leader("walikota@example.id")
    jobs.write_letters()
    assert badge(console, overdue) == CALLED


def test_it_has_called_leadership_when_one_of_them_could_be_reached(mailbox: Mailbox, overdue: int) -> None:
    leader("full@example.id")
    leader("walikota@example.id")
    mailbox.refusals["full@example.id"] = "552 5.2.2 mailbox full"
    jobs.write_letters()
    jobs.write_letters()
    assert len(mailbox) == 1
    assert is_called(overdue)


def test_it_calls_leadership_anew_for_what_was_sent_back_and_submitted_again(
    mailbox: Mailbox, overdue: int
) -> None:
    leader("walikota@example.id")
    jobs.write_letters()
    actions.send_back(overdue, "Salah", viewer=MAYOR)
    actions.submit(overdue, viewer=OPERATOR)
    assert not is_called(overdue)
    with clock.at(clock.now() + timedelta(minutes=2)):
        jobs.watch_the_clock()
        jobs.write_letters()
    assert len(mailbox) == 2


def test_it_does_not_take_a_call_for_the_earlier_text_as_one_for_the_new(
    mailbox: Mailbox, overdue: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def submitted_anew(_row: PublicWarning) -> int:
        actions.send_back(overdue, "Salah", viewer=MAYOR)
        with clock.at(clock.now() + timedelta(seconds=1)):
            actions.submit(overdue, viewer=OPERATOR)
        return 1

    monkeypatch.setattr("patriot.warnings.letters.call_leadership", submitted_anew)
    jobs.write_letters()
    assert not is_called(overdue)
