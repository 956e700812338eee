"""The life of a warning: two persons, a chain of messages, a clock, the ledger."""

from datetime import timedelta

import pytest

from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed
from patriot.ledger.models import Entry
from patriot.warnings import actions, cap, jobs, queries
from patriot.warnings.models import PublicWarning
from tests import factories
from tests.warnings.makers import HEAD, MAYOR, MILD, OPERATOR, SECOND, draft, published

pytestmark = pytest.mark.django_db


def state(pk: int) -> str:
    return PublicWarning.objects.get(pk=pk).state


def kinds() -> list[str]:
    found = Entry.objects.filter(kind__startswith="warnings.").order_by("id")
    return [kind.removeprefix("warnings.") for kind in found.values_list("kind", flat=True)]


def test_it_sends_a_mild_warning_at_once() -> None:
    row = published(**MILD)
    assert row.state == "published"
    assert kinds() == ["drafted", "published"]
    assert cap.faults(row.cap.encode()) == []


def test_it_waits_for_a_second_person_when_lives_are_at_stake() -> None:
    pk = actions.draft(draft(), viewer=SECOND)
    assert actions.submit(pk, viewer=SECOND) == "waiting"
    assert queries.active() == []
    with pytest.raises(NotAllowed):
        actions.approve(pk, viewer=SECOND)  # has the power, but wrote it
    with pytest.raises(NotAllowed):
        actions.approve(pk, viewer=OPERATOR)  # another person, without the power
    actions.approve(pk, viewer=MAYOR)
    assert state(pk) == "published"
    assert kinds() == ["drafted", "submitted", "approved", "published"]


def test_it_lets_nobody_approve_who_had_a_hand_in_it() -> None:
    pk = actions.draft(draft(), viewer=OPERATOR)
    actions.edit(pk, draft(headline_id="Banjir"), viewer=SECOND)
    actions.submit(pk, viewer=OPERATOR)
    with pytest.raises(NotAllowed):
        actions.approve(pk, viewer=SECOND)


def test_it_lets_the_head_of_the_sending_agency_approve_and_no_other() -> None:
    pk = actions.draft(draft(agency="damkar"), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    with pytest.raises(NotAllowed):
        actions.approve(pk, viewer=HEAD)
    other = actions.draft(draft(), viewer=OPERATOR)
    actions.submit(other, viewer=OPERATOR)
    actions.approve(other, viewer=HEAD)
    assert state(other) == "published"


def test_it_goes_back_with_a_reason_and_must_be_read_again() -> None:
    pk = actions.draft(draft(), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    seen = PublicWarning.objects.get(pk=pk).submitted_at
    with pytest.raises(Invalid):
        actions.send_back(pk, " ", viewer=MAYOR)
    actions.send_back(pk, "Salah tempat", viewer=MAYOR)
    assert (state(pk), PublicWarning.objects.get(pk=pk).reason) == ("draft", "Salah tempat")
    with clock.at(clock.now() + timedelta(seconds=5)):
        actions.submit(pk, viewer=OPERATOR)
        with pytest.raises(Conflict):
            actions.approve(pk, viewer=MAYOR, seen=seen)


def test_it_calls_leadership_in_time_and_never_sends_by_itself() -> None:
    pk = actions.draft(draft(approval_minutes=3), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    with clock.at(clock.now() + timedelta(minutes=2)):
        jobs.watch_the_clock()
    assert "escalated" not in kinds()
    for minutes in (4, 60, 300):
        with clock.at(clock.now() + timedelta(minutes=minutes)):
            jobs.watch_the_clock()
    assert kinds().count("escalated") == 1
    assert state(pk) == "waiting"
    assert [row.id for row in queries.waiting_for(MAYOR)] == [pk]
    actions.approve(pk, viewer=MAYOR)
    assert state(pk) == "published"


def test_it_refuses_what_is_not_complete() -> None:
    for changes in (
        {"headline_id": ""}, {"headline_en": "Flood in …"}, {"drawn": None}, {"area_desc": " "},
        {"expires": None}, {"expires": clock.now() - timedelta(minutes=1)}, {"headline_id": "x" * 161},
        {"expires": clock.now() + timedelta(days=8)}, {"description_id": "Pukul {hour}"},
    ):  # fmt: skip
        pk = actions.draft(draft(**changes), viewer=OPERATOR)
        with pytest.raises(Invalid):
            actions.submit(pk, viewer=OPERATOR)
        assert state(pk) == "draft"


def test_it_chains_updates_with_references_to_all_that_went_before() -> None:
    first = published()
    second = actions.update(first.pk, viewer=OPERATOR)
    assert state(first.pk) == "published"  # until the update is sent
    actions.edit(second, draft(headline_id="Air mulai surut", **MILD), viewer=OPERATOR)
    actions.submit(second, viewer=OPERATOR)
    assert (state(first.pk), state(second)) == ("replaced", "published")
    last = actions.all_clear(second, viewer=OPERATOR)
    assert state(second) == "ended"
    message = cap.read(PublicWarning.objects.get(pk=last).cap.encode())
    assert message.msg_type == "Update"
    assert message.infos[0].response_types == ("AllClear",)
    names = [name for _sender, name, _sent in message.references]
    assert names == [first.identifier, PublicWarning.objects.get(pk=second).identifier]
    assert [one.id for one in queries.chain(first.pk)] == [first.pk, second, last]


def test_it_withdraws_at_once_and_says_why() -> None:
    first = published()
    waiting = actions.update(first.pk, viewer=OPERATOR)
    last = actions.cancel(first.pk, "Sensor salah", viewer=OPERATOR)
    message = cap.read(PublicWarning.objects.get(pk=last).cap.encode())
    assert (message.msg_type, message.note) == ("Cancel", "Sensor salah")
    assert "Sensor salah" in message.infos[0].description
    assert (state(first.pk), state(waiting)) == ("ended", "discarded")
    with pytest.raises(Conflict):
        actions.update(first.pk, viewer=OPERATOR)


def test_it_does_not_update_what_was_ended_meanwhile() -> None:
    first = published()
    one, two = (actions.update(first.pk, viewer=OPERATOR) for _ in range(2))
    for pk in (one, two):
        actions.edit(pk, draft(**MILD), viewer=OPERATOR)
    actions.submit(one, viewer=OPERATOR)
    actions.submit(two, viewer=OPERATOR)
    assert (state(one), state(two)) == ("replaced", "published")
    actions.all_clear(two, viewer=OPERATOR)
    with pytest.raises(Conflict):
        actions.all_clear(one, viewer=OPERATOR)


def test_it_expires_by_itself() -> None:
    row = published(expires=clock.now() + timedelta(minutes=10))
    with clock.at(clock.now() + timedelta(minutes=11)):
        jobs.watch_the_clock()
        assert queries.active() == []
    assert state(row.pk) == "expired"
    assert kinds()[-1] == "expired"


def test_it_makes_a_drill_of_everything_in_a_demo(settings: object) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    row = published()
    assert (row.status, row.simulated) == ("Exercise", True)
    assert cap.read(row.cap.encode()).infos[0].headline.startswith("LATIHAN: ")


def test_it_keeps_an_update_of_a_drill_a_drill() -> None:
    first = published(status="Exercise")
    second = actions.update(first.pk, viewer=OPERATOR)
    actions.edit(second, draft(status="Actual"), viewer=OPERATOR)
    assert PublicWarning.objects.get(pk=second).status == "Exercise"


def test_it_keeps_drafts_out_of_the_public_eye() -> None:
    factories.agency("bpbd")
    pk = actions.draft(draft(), viewer=OPERATOR)
    identifier = PublicWarning.objects.get(pk=pk).identifier
    assert queries.public(identifier) is None
    assert queries.cap_of(identifier) is None
    assert queries.feed() == []
    assert queries.row(pk, HEAD) is not None
    assert queries.row(pk, MAYOR) is not None
