"""Incidents' actions against the database, each with its ledger event."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from patriot.funds import actions as funds
from patriot.funds.models import Commitment
from patriot.incidents import actions, jobs
from patriot.incidents.models import Incident, IncidentReport, Note, Task
from patriot.incidents.reactions import money_decided
from patriot.incidents.rules import TRANSITIONS, State
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer
from patriot.reports import tokens
from tests import factories

STAFF = factories.viewer(Role.STAFF, "dbmta")
HEAD = replace(factories.viewer(Role.HEAD, "dbmta"), user_id=2)
STRANGER = replace(factories.viewer(Role.STAFF, "dishub"), user_id=3)
OPERATOR = replace(factories.viewer(Role.OPERATOR), user_id=4)
OFFICER = factories.viewer(Role.OFFICER, "dbmta")
MAYOR = factories.viewer(Role.LEADERSHIP)
REASON = "Because"

pytestmark = pytest.mark.django_db


def row() -> Incident:
    return Incident.objects.get(parent=None)


def kinds() -> list[str]:
    return [news.kind for news in ledger.seal()]


def in_progress() -> tuple[str, int]:
    """(report number, task id) of an incident a crew is working on."""
    got = factories.received()
    task = actions.open_task(got.incident_id, "repair", 0, viewer=STAFF)
    actions.start_work(task.task_id, actor="user:9")
    return got.number, task.task_id


def resolved() -> str:
    number, task = in_progress()
    actions.complete_task(task, actor="user:9")
    return number


# Receiving


def test_it_opens_an_incident_with_owner_and_deadlines() -> None:
    got = factories.received()
    incident = row()
    assert (incident.number, incident.state, incident.agency, incident.priority) == (
        got.number, "received", "dbmta", "P2",
    )  # fmt: skip
    assert incident.opened_at < incident.respond_due < incident.resolve_due
    assert kinds()[-2:] == ["report.received", "incident.opened"]


def test_it_attaches_a_report_of_the_same_problem_nearby() -> None:
    first = factories.received(106.99, -6.24)
    second = factories.received(106.9904, -6.2402)
    assert second.attached
    assert second.incident_id == first.incident_id
    assert second.number != first.number
    assert row().supporters == 1
    assert kinds()[-2:] == ["report.received", "incident.report_attached"]


@pytest.mark.parametrize(
    "other",
    [{"lon": 106.9912}, {"code": "sampah"}, {"simulated": True}, {"kind": "aspirasi"}, {"privacy": "secret"}],
    ids=lambda other: next(iter(other)),
)
def test_it_opens_another_incident_for_another_problem(other: dict[str, object]) -> None:
    first = factories.received(106.99, -6.24)
    second = factories.received(**{"lon": 106.99, "lat": -6.24, **other})  # type: ignore[arg-type]
    assert second.incident_id != first.incident_id


def test_it_does_not_attach_to_what_is_old_or_done() -> None:
    first = factories.received()
    with clock.at(clock.now() + timedelta(hours=49)):
        assert factories.received().incident_id != first.incident_id
    Incident.objects.update(state="resolved")
    assert not factories.received().attached


def test_it_receives_a_report_sent_twice_once() -> None:
    first, again = factories.received(key="form-1"), factories.received(key="form-1")
    assert (first.number, first.incident_id) == (again.number, again.incident_id)
    assert IncidentReport.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"code": "lubang_jalan", "lon": None}, {"lat": 123.0}, {"lon": float("nan")}, {"words": "x" * 5000}],
)
def test_it_refuses_what_cannot_be_used_and_keeps_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        factories.received(**wrong)  # type: ignore[arg-type]
    assert not Incident.objects.exists()


def test_it_keeps_a_secret_incidents_place_out_of_the_ledger() -> None:
    factories.received(privacy="secret")
    opened = next(news for news in ledger.seal() if news.kind == "incident.opened")
    assert (opened.body["lon"], opened.body["lat"], opened.body["photo"]) == (None, None, "")


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_incident_of_many_reports_at_the_same_moment() -> None:
    factories.category()
    start = Barrier(6)

    def send(n: int) -> None:
        start.wait()
        factories.received(106.99 + n * 1e-6, -6.24)
        connection.close()

    threads = [Thread(target=send, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Incident.objects.count() == 1
    assert row().supporters == 5


# Work and money


def test_it_opens_a_task_and_pays_a_small_one_at_once() -> None:
    factories.fund()
    got = factories.received()
    task = actions.open_task(got.incident_id, "repair", 900_000, viewer=STAFF)
    assert task.state == "ready"
    assert task.decision
    assert task.decision.approved
    incident = row()
    assert incident.state == "coordinated"
    assert incident.responded_at
    assert kinds()[-3:] == ["fund.requested", "incident.state_changed", "task.opened"]


def test_it_waits_for_a_person_where_it_is_not_small() -> None:
    factories.fund()
    got = factories.received()
    task = actions.open_task(got.incident_id, "repair", 2_000_000, viewer=STAFF)
    assert task.state == "waiting_funds"
    with pytest.raises(Conflict):
        actions.start_work(task.task_id, actor="user:9")
    funds.decide(Commitment.objects.get().pk, True, "Needed", viewer=HEAD)
    for news in ledger.seal():
        if news.kind == "fund.decided":
            money_decided(news)
            money_decided(news)
    assert Task.objects.get().state == "ready"
    assert kinds() == ["task.funded"]


def test_it_goes_back_to_waiting_when_the_money_is_refused() -> None:
    factories.fund()
    actions.open_task(factories.received().incident_id, "repair", 2_000_000, viewer=STAFF)
    funds.decide(Commitment.objects.get().pk, False, "Too dear", viewer=HEAD)
    for news in ledger.seal():
        if news.kind == "fund.decided":
            money_decided(news)
    assert (Task.objects.get().state, row().state) == ("cancelled", "received")


def test_it_walks_the_whole_way() -> None:
    number = resolved()
    assert row().state == "resolved"
    actions.confirm(number, tokens.issue(number))
    assert row().state == "closed"
    assert kinds()[-5:] == [
        "incident.state_changed", "task.state_changed", "task.state_changed", "incident.state_changed",
        "incident.confirmed",
    ]  # fmt: skip


def test_it_gives_a_task_back_when_the_crew_declines() -> None:
    _number, task = in_progress()
    actions.release_task(task, actor="user:9")
    assert (Task.objects.get().state, row().state) == ("ready", "coordinated")
    actions.start_work(task, actor="user:9")
    assert row().state == "in_progress"


def test_it_opens_the_permanent_repair_after_a_temporary_one() -> None:
    number, task = in_progress()
    actions.complete_task(task, repair="temporary", actor="user:9")
    follow_up = Incident.objects.exclude(parent=None).get()
    assert follow_up.number == f"{number}-2"
    assert (follow_up.parent_id, follow_up.state, follow_up.agency) == (row().pk, "received", "dbmta")
    assert follow_up.resolve_due > row().resolve_due
    assert row().temporary
    assert row().state == "resolved"


def test_it_waits_for_all_tasks() -> None:
    _number, task = in_progress()
    other = actions.open_task(row().pk, "clean", 0, viewer=OPERATOR, agency="dbmta")
    actions.complete_task(task, actor="user:9")
    assert row().state == "in_progress"
    actions.complete_task(other.task_id, actor="user:9", viewer=STAFF)
    assert row().state == "resolved"


def test_it_returns_the_money_of_a_cancelled_task() -> None:
    factories.fund()
    task = actions.open_task(factories.received().incident_id, "repair", 900_000, viewer=STAFF)
    actions.cancel_task(task.task_id, REASON, viewer=STAFF)
    assert Commitment.objects.get().state == "released"
    assert row().state == "received"


@pytest.mark.parametrize(
    ("kind", "estimate", "agency"),
    [("fly", 0, ""), ("repair", -1, ""), ("repair", 0, "nobody"), ("repair", 10**14, "")],
)
def test_it_refuses_nonsense_orders(kind: str, estimate: int, agency: str) -> None:
    got = factories.received()
    with pytest.raises(Invalid):
        actions.open_task(got.incident_id, kind, estimate, viewer=STAFF, agency=agency)
    assert row().state == "received"


# Steering


def test_it_gives_an_incident_to_another_agency_with_a_reason() -> None:
    factories.agency("dishub")
    factories.fund()
    got = factories.received()
    due = row().resolve_due
    actions.open_task(got.incident_id, "repair", 900_000, viewer=STAFF)
    with pytest.raises(Invalid):
        actions.reroute(got.incident_id, "dishub", "", viewer=STAFF)
    actions.reroute(got.incident_id, "dishub", REASON, viewer=STAFF)
    assert (row().agency, row().state, row().resolve_due) == ("dishub", "received", due)
    assert (Task.objects.get().state, Commitment.objects.get().state) == ("cancelled", "released")
    assert kinds()[-1] == "incident.rerouted"
    with pytest.raises(NotFound):
        actions.reroute(got.incident_id, "dbmta", REASON, viewer=STAFF)


def test_it_does_not_take_an_incident_from_a_crew() -> None:
    factories.agency("dishub")
    in_progress()
    with pytest.raises(Conflict):
        actions.reroute(row().pk, "dishub", REASON, viewer=OPERATOR)


def test_it_rejects_and_answers_in_public() -> None:
    first = factories.received()
    actions.reject(first.incident_id, "Private land", viewer=STAFF)
    assert row().state == "rejected"
    assert [news.body.get("reason") for news in ledger.seal()][-1] == "Private land"
    actions.reopen(first.number, "It is not", tokens.issue(first.number))
    actions.answer(first.incident_id, "It opens at 8", viewer=STAFF)
    assert row().state == "resolved"


def test_it_changes_the_priority_with_a_reason() -> None:
    got = factories.received()
    assert actions.set_priority(got.incident_id, "P1", "Deep", viewer=OPERATOR) == "P2"
    assert row().priority == "P1"
    with pytest.raises(Conflict):
        actions.set_priority(got.incident_id, "P1", "Deep", viewer=OPERATOR)
    with pytest.raises(Invalid):
        actions.set_priority(got.incident_id, "P9", "Deep", viewer=OPERATOR)


def test_it_makes_one_of_two() -> None:
    first, second = factories.received(106.99), factories.received(106.995)
    actions.merge(second.incident_id, first.incident_id, viewer=OPERATOR)
    gone = Incident.objects.get(pk=second.incident_id)
    assert (gone.state, gone.merged_into_id) == ("closed", first.incident_id)
    kept = Incident.objects.get(pk=first.incident_id)
    assert kept.supporters == 1
    assert set(kept.reports.values_list("number", flat=True)) == {first.number, second.number}
    with pytest.raises(Refused):
        actions.merge(first.incident_id, second.incident_id, viewer=OPERATOR)


def test_it_reminds_and_escalates_with_a_pause_between() -> None:
    got = factories.received()
    actions.remind(got.incident_id, "Please", viewer=MAYOR)
    with pytest.raises(Conflict):
        actions.remind(got.incident_id, "Please!", viewer=MAYOR)
    actions.escalate(got.incident_id, "", viewer=HEAD)
    assert row().escalated
    assert kinds()[-2:] == ["incident.reminded", "incident.escalated"]
    assert "Please" not in str([news.body for news in ledger.seal()])


@pytest.mark.parametrize(
    "viewer", [STRANGER, Viewer(), OFFICER, MAYOR], ids=["stranger", "nobody", "officer", "mayor"]
)
@pytest.mark.parametrize("name", ["reroute", "reject", "answer", "reply", "set_priority", "open_task"])
def test_it_refuses_those_who_may_not(viewer: Viewer, name: str) -> None:
    got = factories.received()
    given = {"reroute": ("dishub", REASON), "set_priority": ("P1", REASON), "open_task": ("repair", 0)}
    with pytest.raises((NotAllowed, NotFound)):
        getattr(actions, name)(got.incident_id, *given.get(name, (REASON,)), viewer=viewer)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("name", ["reroute", "reject", "answer", "open_task", "confirm", "reopen"])
def test_it_allows_exactly_the_transitions_of_the_table(state: State, name: str) -> None:
    factories.agency("dishub")
    got = factories.received()
    Incident.objects.update(state=state, closed_at=clock.now())
    calls = {
        "reroute": lambda: actions.reroute(got.incident_id, "dishub", REASON, viewer=OPERATOR),
        "reject": lambda: actions.reject(got.incident_id, REASON, viewer=OPERATOR),
        "answer": lambda: actions.answer(got.incident_id, REASON, viewer=OPERATOR),
        "open_task": lambda: actions.open_task(got.incident_id, "repair", 0, viewer=OPERATOR),
        "confirm": lambda: actions.confirm(got.number, tokens.issue(got.number)),
        "reopen": lambda: actions.reopen(got.number, REASON, tokens.issue(got.number)),
    }
    step = TRANSITIONS.get((state, name))
    if step is None:
        with pytest.raises(Conflict):
            calls[name]()
        assert row().state == state
    else:
        calls[name]()
        assert row().state == step.new


def test_it_says_that_somebody_was_faster() -> None:
    got = factories.received()
    actions.open_task(got.incident_id, "repair", 0, viewer=STAFF)
    with pytest.raises(Conflict):
        actions.open_task(got.incident_id, "repair", 0, viewer=OPERATOR, seen="received")


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_two_operators_win() -> None:
    got = factories.received()
    start, won, lost = Barrier(2), [], []

    def act(name: str) -> None:
        start.wait()
        try:
            getattr(actions, name)(got.incident_id, REASON, viewer=OPERATOR, seen="received")
            won.append(name)
        except Conflict:
            lost.append(name)
        connection.close()

    threads = [Thread(target=act, args=(name,)) for name in ("reject", "answer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == len(lost) == 1
    assert kinds().count("incident.state_changed") == 1


# The citizen's word


def test_it_lets_only_the_sender_confirm() -> None:
    number = resolved()
    with pytest.raises(NotAllowed):
        actions.confirm(number, tokens.issue("another"))
    with pytest.raises(NotAllowed):
        actions.confirm(number, "")
    with pytest.raises(NotFound):
        actions.confirm("161130-XXXXX", tokens.issue("161130-XXXXX"))
    actions.confirm(number, tokens.issue(number))


def test_it_reopens_with_new_deadlines_and_keeps_the_words_out_of_the_ledger() -> None:
    number = resolved()
    with clock.at(clock.now() + timedelta(days=7)):
        actions.reopen(number, "Budi says it is there again", tokens.issue(number))
        assert row().resolve_due > clock.now()
    assert (row().state, row().reopened, row().responded_at) == ("received", 1, None)
    assert Note.objects.get().words == "Budi says it is there again"
    assert "Budi" not in str([news.body for news in ledger.seal()])


def test_it_does_not_reopen_what_is_long_closed() -> None:
    number = resolved()
    actions.confirm(number, tokens.issue(number))
    with clock.at(clock.now() + timedelta(days=31)), pytest.raises(Conflict):
        actions.reopen(number, REASON, tokens.issue(number))


# Jobs


def test_it_closes_what_nobody_answered_after_ten_working_days() -> None:
    resolved()
    with clock.at(clock.now() + timedelta(days=13)):
        jobs.close_unanswered()
    assert row().state == "resolved"
    with clock.at(clock.now() + timedelta(days=21)):
        jobs.close_unanswered()
    assert row().state == "closed"


def test_it_announces_a_deadline_once_when_near_and_once_when_broken() -> None:
    factories.received()
    due = row().resolve_due
    ledger.seal()
    for moment in (
        row().opened_at,
        due - timedelta(hours=1),
        due - timedelta(minutes=50),
        due + timedelta(seconds=1),
    ):
        with clock.at(moment):
            jobs.watch_deadlines()
            jobs.watch_deadlines()
    told = [(news.kind, news.body["stage"]) for news in ledger.seal()]
    assert told == [
        ("incident.deadline_broken", "first_response"),
        ("incident.deadline_near", "resolve"),
        ("incident.deadline_broken", "resolve"),
    ]
