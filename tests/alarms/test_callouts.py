"""An alarm that nobody answers reaches its agency's head and leadership, by letters that really leave."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from patriot.alarms import actions, jobs
from patriot.alarms.models import Alarm, CallOut, Contact, EscalationStep
from patriot.kernel import clock
from patriot.people.models import User
from patriot.people.rules import Role
from tests import factories
from tests.alarms.makers import MORNING, OPERATOR, told
from tests.alarms.test_actions import events
from tests.warnings.conftest import Mailbox, mailbox  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def people() -> None:
    """A head of BPBD, one of another agency, the mayor; the chain of a city pack."""
    for role, agency, name in (
        (Role.HEAD, "bpbd", "kepala.bpbd"), (Role.HEAD, "dlh", "kepala.dlh"),
        (Role.LEADERSHIP, "", "walikota"),
    ):  # fmt: skip
        one = factories.user(role, agency, username=name)
        User.objects.filter(pk=one.pk).update(email=f"{name}@example.id", language="id")
    chain = ((1, 5, "operator"), (2, 10, "dispatcher"), (3, 15, "head"), (4, 20, "leadership"))
    for step, after, role in chain:
        EscalationStep.objects.create(priority="high", step=step, after_minutes=after, role=role)
    Contact.objects.create(agency="bpbd", name="Piket Pusdalops", phone="112")


def wait_until(minutes: float) -> None:
    """The jobs run at this moment."""
    with clock.at(MORNING + minutes * MINUTE):
        jobs.escalate()
        jobs.call_outside()


def to(got: Mailbox) -> list[str]:
    return [str(letter["To"]) for letter in got]


def called() -> list[tuple[str, str, int]]:
    return [
        (body["role"], body["of_agency"], body["letters"])
        for kind, body in events() if kind == "alarms.called_outside"
    ]  # fmt: skip


def test_it_writes_to_the_agencys_head_then_to_leadership_once_each(mailbox: Mailbox) -> None:  # noqa: F811
    with clock.at(MORNING):
        told(level=3, value=560.0)
    for minutes in (5, 10, 14, 15, 16, 18):
        wait_until(minutes)
    assert to(mailbox) == ["kepala.bpbd@example.id"]
    letter = mailbox[0].get_content()
    assert "P2C: Siaga 1, 560 cm" in letter
    assert "15 menit" in letter
    assert "Piket Pusdalops, 112" in letter
    for minutes in (20, 21, 40):
        wait_until(minutes)
    assert to(mailbox) == ["kepala.bpbd@example.id", "walikota@example.id"]
    assert called() == [("head", "bpbd", 1), ("leadership", "", 1)]


def test_it_writes_to_nobody_when_somebody_answers_in_time(mailbox: Mailbox) -> None:  # noqa: F811
    with clock.at(MORNING):
        alarm = told(level=3)
    with clock.at(MORNING + 15 * MINUTE):
        jobs.escalate()
        actions.acknowledge(alarm.pk, viewer=OPERATOR)
        jobs.call_outside()
    wait_until(60)
    assert to(mailbox) == []
    assert CallOut.objects.get().over_at is not None
    assert called() == []


def test_it_gets_nobody_out_of_bed_for_what_is_over(mailbox: Mailbox) -> None:  # noqa: F811
    with clock.at(MORNING):
        told("siaga:1", 3)
        told("siaga:1", 0)
        told("siaga:2", 3)
    with clock.at(MORNING + 15 * MINUTE):
        jobs.escalate()
        told("siaga:2", 0)
        jobs.call_outside()
    wait_until(25)
    assert to(mailbox) == []
    assert {one.state for one in Alarm.objects.all()} == {"returned"}


def test_it_tries_again_until_a_letter_has_left(mailbox: Mailbox) -> None:  # noqa: F811
    with clock.at(MORNING):
        told(level=2)
    mailbox.refusals["kepala.bpbd@example.id"] = "450 4.2.0 later"
    wait_until(15)
    with clock.at(MORNING + 15.5 * MINUTE):
        jobs.call_outside()
    assert CallOut.objects.get().sent_at is None
    with clock.at(MORNING + 15.8 * MINUTE):
        told(level=3)  # it calls anew; still nobody has answered
    mailbox.refusals.clear()
    with clock.at(MORNING + 16.2 * MINUTE):
        jobs.call_outside()
    assert to(mailbox) == ["kepala.bpbd@example.id"]
    assert "Siaga 1" in mailbox[0].get_content()


def test_it_says_on_its_page_only_what_really_left(mailbox: Mailbox, settings: Any, tmp_path: Any) -> None:  # noqa: F811
    with clock.at(MORNING):
        alarm = told(level=3)
    works = settings.MAILERS
    folder = {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(tmp_path)},
    }
    settings.MAILERS = {"default": folder}
    console = Client(headers={"Accept-Language": "en"})
    console.force_login(factories.user(Role.OPERATOR))

    def page() -> str:
        return console.get(f"/console/alarms/{alarm.pk}/").content.decode()

    wait_until(15)
    assert "Not reached by e-mail since 09.15: telephone Head of agency, BPBD" in page()
    assert "Called by e-mail" not in page()
    settings.MAILERS = works
    wait_until(17)
    assert "Called by e-mail: Head of agency, BPBD, 21 Nov 09.17" in page()
    assert "Not reached" not in page()


def test_it_labels_a_drill_and_never_tells_of_it_together_with_the_real(mailbox: Mailbox) -> None:  # noqa: F811
    with clock.at(MORNING):
        told("siaga:1", 3, name="Real")
        told("siaga:2", 3, name="Played", simulated=True)
    wait_until(15)
    real, played = sorted(mailbox, key=lambda letter: "LATIHAN" in letter["Subject"])
    assert str(played["Subject"]).startswith("LATIHAN: ")
    assert "LATIHAN" in played.get_content()
    assert "LATIHAN" not in real.get_content()
    assert "Played" not in real.get_content()


def test_it_writes_one_letter_of_many_alarms_and_says_so_of_each(mailbox: Mailbox) -> None:  # noqa: F811
    with clock.at(MORNING):
        for number in range(13):
            told(f"siaga:{number}", name=f"Gauge {number}")
    wait_until(15)
    assert len(mailbox) == 1
    assert "3" in mailbox[0].get_content().split("Gauge 9")[1]
    assert len(called()) == 13


def test_it_goes_on_to_leadership_where_an_agency_has_no_head(mailbox: Mailbox) -> None:  # noqa: F811
    with clock.at(MORNING):
        told(level=3, agency="")
        told("siaga:2", level=3, agency="damkar")
    for minutes in (15, 20):
        wait_until(minutes)
    assert to(mailbox) == ["walikota@example.id"]
    assert Alarm.objects.filter(callouts__sent_at__isnull=False).distinct().count() == 2
