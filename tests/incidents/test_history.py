"""The story of an incident: public words leak nothing, staff words tell all, old events still read."""

import pytest

from patriot.incidents import actions, history, wording
from patriot.ledger import actions as ledger
from patriot.people.rules import Role
from patriot.reports import tokens
from tests import factories

pytestmark = pytest.mark.django_db
STAFF = factories.viewer(Role.STAFF, "dbmta")


def story(public: bool, incident_id: int) -> str:
    ledger.seal()
    return repr(history.timeline(incident_id, None if public else STAFF))


def test_it_leaks_nothing_personal_to_the_public() -> None:
    got = factories.received(
        words="Call Budi", name="Siti Aminah", phone="0812345678", email="siti@example.id"
    )
    actions.note(got.incident_id, "Budi is difficult", viewer=STAFF)
    actions.reject(got.incident_id, "Private land", viewer=STAFF)
    actions.reopen(got.number, "Budi lies", tokens.issue(got.number))
    told = story(True, got.incident_id)
    for secret in ("Budi", "Siti", "0812345678", "siti@", "user:1", "difficult"):
        assert secret not in told
    assert "Private land" in told
    assert "Budi lies" in story(False, got.incident_id)


def test_it_tells_the_steps_in_order() -> None:
    got = factories.received()
    task = actions.open_task(got.incident_id, "repair", 0, viewer=STAFF)
    actions.start_work(task.task_id, actor="user:9")
    actions.complete_task(task.task_id, actor="user:9")
    ledger.seal()
    kinds = [step.kind for step in history.timeline(got.incident_id)]
    assert kinds == [
        "incident.opened", "incident.state_changed", "task.opened", "incident.state_changed",
        "incident.state_changed",
    ]  # fmt: skip


def test_it_keeps_the_sender_of_an_anonymous_report_out_of_the_ledger() -> None:
    from_account = {"privacy": "anonymous", "name": "Siti"}
    factories.category()
    got = factories.received(**from_account, actor="user:77")
    assert {news.actor for news in ledger.seal() if news.subject.endswith(f":{got.report_id}")} <= {"citizen"}


@pytest.mark.parametrize("kind", sorted({*wording.PUBLIC, *wording.STAFF}))
def test_it_reads_events_of_an_older_form(kind: str) -> None:
    """Years from now the ledger still holds today's events: a field they lack must not break a page."""
    assert isinstance(wording.staff(kind, {}), str)
    assert isinstance(wording.public(kind, {"state": "?", "action": "?", "rule": "?"}), str)
