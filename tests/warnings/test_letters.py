"""Letters: what a mail server's refusal means, servers that hang, leadership called until it could be."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from patriot.kernel import clock
from patriot.kernel.config import Config
from patriot.kernel.geometry import Point
from patriot.people.rules import Role
from patriot.site import mail
from patriot.warnings import actions, jobs, letters, subscriptions, tell
from patriot.warnings.models import Delivery, PublicWarning, Subscription
from patriot.warnings.subscriptions import Place
from tests.factories import user
from tests.warnings.conftest import Mailbox
from tests.warnings.makers import MAYOR, OPERATOR, draft, published

pytestmark = pytest.mark.django_db(transaction=True)

CALLED = "Overdue: leadership was called"
TELEPHONE = "Overdue: nobody could be reached by e-mail, telephone leadership"


def follow(address: str) -> None:
    """Somebody near who has said yes."""
    token = subscriptions.by_email(address, Place("", Point(106.98, -6.29), 1000), "id")
    subscriptions.confirm(token)


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ("550 5.1.1 <warga@example.id>: no such mailbox", "gone", "smtp 550 5.1.1"),
        ("550-5.1.1 There is no such account.\r\n550 5.1.1 Ask elsewhere.", "gone", "smtp 550 5.1.1"),
        ("551 5.1.6 moved", "gone", "smtp 551 5.1.6"),
        ("553 5.1.3 <warga@example.id> is no address", "gone", "smtp 553 5.1.3"),
        ("550 no such mailbox", "failed", "smtp 550"),
        ("550 5.1.8 your domain does not exist", "failed", "smtp 550 5.1.8"),
        ("550 5.7.1 blocked by policy; see 5.1.1", "failed", "smtp 550 5.7.1"),
        ("550 5.2.1 mailbox disabled", "failed", "smtp 550 5.2.1"),
        ("552 5.2.2 mailbox full", "failed", "smtp 552 5.2.2"),
        ("554 5.7.1 relay access denied", "failed", "smtp 554 5.7.1"),
        ("450 4.2.0 greylisted", "due", "smtp 450"),
    ],
)
def test_it_forgets_an_address_only_when_there_is_none(
    mailbox: Mailbox, answer: str, state: str, error: str
) -> None:
    follow("warga@example.id")
    mailbox.refusals["warga@example.id"] = answer
    tell.enqueue(published().pk)
    tell.send_due()
    tried = Delivery.objects.get()
    assert (tried.state, tried.error) == (state, error)
    assert Subscription.objects.exists() == (state != "gone")


def test_it_records_each_letter_as_it_leaves_while_a_server_hangs(mailbox: Mailbox) -> None:
    follow("slow@example.id")
    follow("warga@example.id")
    tell.enqueue(published().pk)
    mailbox.open.clear()
    sending = threading.Thread(target=_send_due)
    sending.start()
    try:
        _wait_for_state("warga@example.id", "sent")
        assert Delivery.objects.get(subscription__address="slow@example.id").state == "due"
    finally:
        mailbox.open.set()
        sending.join(20)
    _wait_for_state("slow@example.id", "sent")


def _send_due() -> None:
    tell.send_due()
    connection.close()


def _wait_for_state(address: str, state: str) -> None:
    until = time.monotonic() + 30
    while Delivery.objects.get(subscription__address=address).state != state:
        assert time.monotonic() < until, "it was not recorded while another letter waits"
        time.sleep(0.02)


def test_it_waits_ten_seconds_for_a_mail_server_and_no_longer(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes the call and says nothing
        port = str(silent.getsockname()[1])
        config = Config.from_env({"PATRIOT_SMTP_HOST": "127.0.0.1", "PATRIOT_SMTP_PORT": port})
        assert mail.mailers(config)["default"]["OPTIONS"]["timeout"] == 10
        monkeypatch.setattr(mail, "PATIENCE_S", 0.2)
        settings.MAILERS = mail.mailers(config)
        follow("warga@example.id")
        assert letters.send_warning(published(), Subscription.objects.get()).state == "later"


def test_one_refused_address_keeps_no_other_from_being_asked(mailbox: Mailbox) -> None:
    for name, answer in (("gone", "550 5.1.1 unknown"), ("grey", "450 4.2.0 later"), ("warga", "")):
        subscriptions.by_email(f"{name}@example.id", Place("", Point(106.98, -6.29), 1000), "id")
        if answer:
            mailbox.refusals[f"{name}@example.id"] = answer
    jobs.ask_addresses()
    assert [letter["To"] for letter in mailbox] == ["warga@example.id"]
    mailbox.refusals.clear()
    jobs.ask_addresses()
    assert [letter["To"] for letter in mailbox] == ["warga@example.id", "grey@example.id"]


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
    jobs.call_leadership()
    jobs.call_leadership()
    assert [letter["To"] for letter in mailbox] == ["walikota@example.id"]
    assert badge(console, overdue) == CALLED


def test_it_calls_leadership_again_until_the_mail_server_is_back(
    mailbox: Mailbox, settings: Any, overdue: int, console: Client
) -> None:
    leader("walikota@example.id")
    works = settings.MAILERS
    backend, nobody = works["default"]["BACKEND"], {"host": "127.0.0.1", "port": 1}
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": nobody}}
    jobs.call_leadership()
    assert not is_called(overdue)
    assert badge(console, overdue) == TELEPHONE
    settings.MAILERS = works
    jobs.call_leadership()
    assert is_called(overdue)
    assert len(mailbox) == 1


def test_it_asks_for_the_telephone_while_no_leader_has_an_address(
    mailbox: Mailbox, overdue: int, console: Client
) -> None:
    jobs.call_leadership()
    assert badge(console, overdue) == TELEPHONE
    leader("walikota@example.id")
    jobs.call_leadership()
    assert badge(console, overdue) == CALLED


def test_it_has_called_leadership_when_one_of_them_could_be_reached(mailbox: Mailbox, overdue: int) -> None:
    leader("full@example.id")
    leader("walikota@example.id")
    mailbox.refusals["full@example.id"] = "552 5.2.2 mailbox full"
    jobs.call_leadership()
    jobs.call_leadership()
    assert len(mailbox) == 1
    assert is_called(overdue)


def test_it_calls_leadership_anew_for_what_was_sent_back_and_submitted_again(
    mailbox: Mailbox, overdue: int
) -> None:
    leader("walikota@example.id")
    jobs.call_leadership()
    actions.send_back(overdue, "Salah", viewer=MAYOR)
    actions.submit(overdue, viewer=OPERATOR)
    assert not is_called(overdue)
    with clock.at(clock.now() + timedelta(minutes=2)):
        jobs.watch_the_clock()
        jobs.call_leadership()
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
    jobs.call_leadership()
    assert not is_called(overdue)


def test_leadership_never_takes_a_drill_for_real(mailbox: Mailbox) -> None:
    leader("walikota@example.id")
    pk = actions.draft(draft(approval_minutes=1, status="Exercise"), viewer=OPERATOR)
    letters.call_leadership(PublicWarning.objects.get(pk=pk))
    [letter] = mailbox
    assert letter["Subject"].startswith("MENUNGGU PERSETUJUAN: LATIHAN")
