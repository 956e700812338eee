"""Alarms and what people do to them, against a real database and ledger."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from django.utils.translation import override

from patriot.alarms import actions, jobs, queries
from patriot.alarms.models import (
    Alarm,
    AlarmType,
    Call,
    EscalationStep,
    Note,
    PriorityRule,
    SopStep,
    SuppressionRule,
)
from patriot.alarms.rules import State
from patriot.incidents import actions as incidents
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.kernel.reactions import reactions
from patriot.ledger import actions as ledger
from patriot.ledger.delivery import Courier
from patriot.people import actions as people
from patriot.people.rules import Role, Viewer
from patriot.sensing.events import ConditionChanged
from tests import factories
from tests.alarms.makers import HEAD, MORNING, OPERATOR, OTHER, said, told

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def events() -> list[tuple[str, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, body FROM ledger_entry WHERE kind LIKE 'alarms.%%' ORDER BY id")
        return [(kind, orjson.loads(body)) for kind, body in cursor.fetchall()]


def kinds() -> list[str]:
    return [kind.removeprefix("alarms.") for kind, _body in events()]


# The condition


def test_it_lives_through_a_whole_occurrence_with_one_event_each() -> None:
    alarm = told(level=1)
    assert alarm.state == State.UNACKNOWLEDGED
    actions.acknowledge(alarm.pk, viewer=OPERATOR, note="Called the gate keeper, Pak Adi")
    told(level=2)
    told(level=1)
    actions.acknowledge(alarm.pk, viewer=OTHER)
    told(level=0, value=120.0)
    alarm.refresh_from_db()
    assert (alarm.state, alarm.level, alarm.priority) == (State.NORMAL, 0, "high")
    assert kinds() == ["raised", "acknowledged", "raised", "changed", "acknowledged", "cleared"]
    calls = [(one.level, one.acknowledged_by, bool(one.cleared_at)) for one in Call.objects.order_by("pk")]
    assert calls == [(1, "user:1", True), (2, "user:2", True)]
    assert not any("Adi" in orjson.dumps(body).decode() for _kind, body in events())
    assert Note.objects.get().words == "Called the gate keeper, Pak Adi"


def test_its_events_carry_the_alarm_as_it_is_afterwards() -> None:
    alarm = told(level=2)
    actions.shelve(alarm.pk, clock.now() + 5 * MINUTE, "Sensor is being washed", viewer=OPERATOR)
    (_, first), (_, last) = events()
    assert (first["state"], first["level"], first["label"], first["old"]) == (
        "unacknowledged",
        2,
        "Siaga 2",
        "normal",
    )
    assert (last["state"], last["old"], last["reason"]) == (
        "shelved",
        "unacknowledged",
        "Sensor is being washed",
    )


def test_it_is_told_twice_and_happens_once() -> None:
    told(level=1, entry=10)
    told(level=1, entry=10)
    told(level=0, entry=9)  # what came before, delivered again
    assert kinds() == ["raised"]
    assert Alarm.objects.get().level == 1


def test_it_reacts_to_sealed_conditions_once_each_and_keeps_what_is_simulated_simulated() -> None:
    spoken = said(level=3)
    body = {
        name: getattr(spoken, name) for name in ConditionChanged.__dataclass_fields__ if name != "old_level"
    }
    ledger.append(ConditionChanged(**body, old_level=0), actor="system:sensing", subject="thing:7",
                  agency="bpbd", simulated=True)  # fmt: skip
    courier = Courier(reactions())
    for _ in range(2):
        ledger.seal()
        courier.round()
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.state, alarm.simulated) == (3, State.UNACKNOWLEDGED, True)
    assert Call.objects.get().simulated
    assert kinds() == ["raised"]


def test_it_waits_for_a_reset_where_the_type_asks_for_one() -> None:
    AlarmType.objects.create(code="feeder", name_id="Penyulang", latching=True)
    alarm = told("feeder:3", 1)
    told("feeder:3", 0)
    assert actions.acknowledge(alarm.pk, viewer=OPERATOR) == State.LATCHED
    actions.reset(alarm.pk, viewer=OPERATOR)
    assert Alarm.objects.get().state == State.NORMAL


def test_it_bears_conditions_of_any_size_and_unknown_priorities() -> None:
    alarm = told("odd:1", 1, priority="urgent!", unit="x" * 300, label="y" * 300, name="", agency=None)
    assert (alarm.priority, len(alarm.unit), len(alarm.label), alarm.name) == ("medium", 40, 80, "odd:1")


# People


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_many_win() -> None:
    alarm = told()

    def click(user: int) -> bool:
        try:
            actions.acknowledge(alarm.pk, viewer=Viewer(user, "", frozenset({Role.OPERATOR})))
        except Conflict:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(click, range(6))) == [False] * 5 + [True]
    assert kinds() == ["raised", "acknowledged"]


def test_it_is_not_acknowledged_by_somebody_who_saw_less() -> None:
    alarm = told(level=1)
    told(level=3)
    with pytest.raises(Conflict, match="Siaga 1"):
        actions.acknowledge(alarm.pk, viewer=OPERATOR, seen_level=1)
    actions.acknowledge(alarm.pk, viewer=OPERATOR, seen_level=3)


def test_it_acknowledges_what_is_on_the_screen_and_leaves_what_changed() -> None:
    one, two, three = told("siaga:1"), told("siaga:2"), told("siaga:3")
    told("siaga:2", 2)
    actions.acknowledge(three.pk, viewer=OTHER)
    seen = [(one.pk, 1), (two.pk, 1), (three.pk, 1), (999_999, 1)]
    assert actions.acknowledge_all(seen, viewer=OPERATOR) == 1
    with pytest.raises(NotAllowed):
        actions.acknowledge_all([(two.pk, 2)], viewer=HEAD)


def test_it_takes_an_acknowledgement_back_for_two_minutes_by_whoever_gave_it() -> None:
    with clock.at(MORNING):
        alarm = told()
        actions.acknowledge(alarm.pk, viewer=OPERATOR)
        with pytest.raises(Conflict):
            actions.undo_acknowledge(alarm.pk, viewer=OTHER)
    with clock.at(MORNING + 3 * MINUTE), pytest.raises(Conflict):
        actions.undo_acknowledge(alarm.pk, viewer=OPERATOR)
    with clock.at(MORNING + MINUTE):
        actions.undo_acknowledge(alarm.pk, viewer=OPERATOR)
    assert Alarm.objects.get().state == State.UNACKNOWLEDGED
    assert Call.objects.get().acknowledged_at is None


def test_it_is_seen_and_touched_within_its_scope_only() -> None:
    alarm, ours = told(agency="dbmta"), told("siaga:2", agency="bpbd")
    with pytest.raises(NotFound):
        actions.take_out_of_service(alarm.pk, "Broken", viewer=HEAD)
    with pytest.raises(NotAllowed):
        actions.acknowledge(ours.pk, viewer=HEAD)
    actions.take_out_of_service(ours.pk, "Broken", viewer=HEAD)
    assert [row.id for row in queries.alarms(HEAD, "out_of_service").rows] == [ours.pk]
    assert queries.alarms(HEAD).rows == []
    with pytest.raises(NotFound):
        queries.detail(alarm.pk, HEAD)
    nobody = told("siaga:3", agency="")
    with pytest.raises(NotFound):
        queries.alarm(nobody.pk, HEAD)


# Shelving


def test_it_comes_back_when_its_time_on_the_shelf_is_over_and_calls_if_it_still_lasts() -> None:
    with clock.at(MORNING):
        lasts, over = told("siaga:1"), told("siaga:2")
        for alarm in (lasts, over):
            actions.shelve(alarm.pk, MORNING + 20 * MINUTE, "Known", viewer=OPERATOR)
        told("siaga:2", 0)
        told("siaga:1", 3)  # worse, without a word
    with clock.at(MORNING + 19 * MINUTE):
        jobs.end_shelving()
        assert queries.counts(OPERATOR).tabs["shelved"] == 2
    with clock.at(MORNING + 20 * MINUTE):
        jobs.end_shelving()
        jobs.end_shelving()
    lasts.refresh_from_db()
    over.refresh_from_db()
    assert (lasts.state, lasts.level, lasts.until, lasts.reason) == (State.UNACKNOWLEDGED, 3, None, "")
    assert over.state == State.NORMAL
    assert kinds().count("unshelved") == 2
    assert Call.objects.filter(alarm=lasts).count() == 2


def test_what_was_shelved_while_mild_calls_when_it_becomes_urgent() -> None:
    with clock.at(MORNING):
        alarm = told("siaga:1", 1, priority="low")
        calm = told("siaga:2", 1, priority="low")
        told("siaga:2", 0, priority="low")
        for one in (alarm, calm):
            actions.shelve(one.pk, MORNING + 400 * MINUTE, "Known, it rains", viewer=OPERATOR)
        told("siaga:1", 2, priority="low")
        assert Alarm.objects.get(pk=alarm.pk).state == State.SHELVED
        told("siaga:1", 3, priority="high")
        told("siaga:2", 3, priority="high")
    for one in (alarm, calm):
        one.refresh_from_db()
        assert (one.state, one.until, one.reason, one.called_at) == (State.UNACKNOWLEDGED, None, "", MORNING)
        assert one.active_since is not None
        assert Call.objects.filter(alarm=one, priority="high").count() == 1


def test_what_wavers_below_what_was_shelved_stays_quiet() -> None:
    with clock.at(MORNING):
        alarm = told("siaga:1", 2, priority="medium")
        actions.shelve(alarm.pk, MORNING + 90 * MINUTE, "It wavers", viewer=OPERATOR)
        for level, priority in ((1, "low"), (2, "medium"), (0, "medium"), (2, "medium")):
            told("siaga:1", level, priority=priority)
        assert Alarm.objects.get().state == State.SHELVED
        told("siaga:1", 3, priority="high")
        assert Alarm.objects.get().state == State.UNACKNOWLEDGED


def test_it_shelves_no_longer_than_its_priority_allows_and_never_without_a_reason() -> None:
    PriorityRule.objects.create(priority="high", shelve_max_minutes=15)
    alarm = told()
    for until, reason in ((16.5, "Known"), (0, "Known"), (-1, "Known"), (10, "  ")):
        with pytest.raises(Invalid):
            actions.shelve(alarm.pk, clock.now() + until * MINUTE, reason, viewer=OPERATOR)
    actions.shelve(alarm.pk, clock.now() + 15 * MINUTE, "Known", viewer=OPERATOR)
    with pytest.raises(Conflict):
        actions.shelve(alarm.pk, clock.now() + 15 * MINUTE, "Known", viewer=OPERATOR)
    actions.unshelve(alarm.pk, viewer=OTHER)
    assert Alarm.objects.get().state == State.UNACKNOWLEDGED


def test_it_returns_to_service_as_it_is() -> None:
    alarm = told()
    actions.take_out_of_service(alarm.pk, "Vandalised", viewer=OPERATOR, until=clock.now() + 60 * MINUTE)
    told(level=0)
    actions.return_to_service(alarm.pk, viewer=OPERATOR)
    assert Alarm.objects.get().state == State.NORMAL
    assert kinds() == ["raised", "out_of_service", "changed", "put_back"]


# Suppression


def test_it_hides_what_follows_from_another_alarm_and_shows_it_when_that_is_over() -> None:
    SuppressionRule.objects.create(key="r", code="no_data", while_code="offline", reason_id="Perangkat mati")
    silent = told("no_data:12", 1)
    told("offline:7", 1)
    silent.refresh_from_db()
    assert (silent.state, silent.rule, silent.reason) == (State.SUPPRESSED, "r", "Perangkat mati")
    told("offline:7", 0)
    silent.refresh_from_db()
    assert (silent.state, silent.rule) == (State.UNACKNOWLEDGED, "")
    assert kinds() == ["raised", "raised", "suppressed", "cleared", "released"]
    told("offline:7", 1)
    told("no_data:12", 0)
    silent.refresh_from_db()
    assert silent.state == State.NORMAL


def test_it_never_calls_when_it_is_suppressed_from_the_start() -> None:
    SuppressionRule.objects.create(key="r", code="no_data", while_code="offline", reason_id="Perangkat mati")
    told("offline:7", 1)
    silent = told("no_data:12", 1)
    elsewhere = told("no_data:13", 1, thing=8)
    assert (silent.state, elsewhere.state) == (State.SUPPRESSED, State.UNACKNOWLEDGED)
    assert not Call.objects.filter(alarm=silent).exists()


def test_it_keeps_quiet_within_a_window_of_maintenance() -> None:
    with clock.at(MORNING):
        alarm = told()
        key = actions.suppress(
            alarm.pk, MORNING + 10 * MINUTE, MORNING + 30 * MINUTE, "Calibration", viewer=HEAD
        )
    for minutes, state in (
        (5, "unacknowledged"),
        (10, "suppressed"),
        (29, "suppressed"),
        (30, "unacknowledged"),
    ):
        with clock.at(MORNING + minutes * MINUTE):
            jobs.follow_rules()
            assert Alarm.objects.get().state == state, minutes
    with clock.at(MORNING + 40 * MINUTE):
        key = actions.suppress(alarm.pk, MORNING + 40 * MINUTE, MORNING + 90 * MINUTE, "Again", viewer=HEAD)
        assert Alarm.objects.get().state == State.SUPPRESSED
        actions.end_window(key, viewer=HEAD)
        assert Alarm.objects.get().state == State.UNACKNOWLEDGED
        for start, end in ((0, -5), (0, 15 * 1440)):
            with pytest.raises(Invalid):
                actions.suppress(
                    alarm.pk, clock.now() + start * MINUTE, clock.now() + end * MINUTE, "x", viewer=HEAD
                )


# Escalation


def test_it_tells_the_next_person_once_a_step_however_many_alarms_wait() -> None:
    EscalationStep.objects.create(priority="high", step=1, after_minutes=5, role="operator")
    EscalationStep.objects.create(priority="high", step=2, after_minutes=10, role="leadership")
    mayor = factories.user(Role.LEADERSHIP)
    first, second = factories.user(Role.OPERATOR), factories.user(Role.OPERATOR, username="op2")
    people.plan_shift(second.pk, MORNING - 60 * MINUTE, MORNING + 400 * MINUTE, actor="system:test")
    with clock.at(MORNING):
        for number in range(30):
            told(f"siaga:{number}")
    for minutes in (4, 5, 6, 9, 10, 11, 60):
        with clock.at(MORNING + minutes * MINUTE):
            jobs.escalate()
    reminders = [body for kind, body in events() if kind == "alarms.reminded"]
    assert [(one["step"], one["role"], one["person"], len(one["others"])) for one in reminders] == [
        (1, "operator", second.pk, 29), (2, "leadership", mayor.pk, 29),
    ]  # fmt: skip
    assert first.pk != second.pk
    assert set(Alarm.objects.values_list("reminded", flat=True)) == {2}


def test_it_reminds_nobody_of_what_was_acknowledged() -> None:
    EscalationStep.objects.create(priority="high", step=1, after_minutes=5, role="operator")
    with clock.at(MORNING):
        actions.acknowledge(told().pk, viewer=OPERATOR)
    with clock.at(MORNING + 10 * MINUTE):
        assert actions.remind() == 0


# Checklist


def test_it_records_who_ticked_a_step_and_starts_anew_with_the_next_occurrence() -> None:
    for level, step in ((0, 1), (0, 2), (3, 1)):
        SopStep.objects.create(code="siaga", level=level, step=step, text_id=f"{level}.{step}", text_en="x")
    alarm = told(level=2)
    actions.tick_step(alarm.pk, 2, True, viewer=OPERATOR)
    actions.tick_step(alarm.pk, 2, True, viewer=OTHER)
    assert [(one.step, one.done_by) for one in queries.detail(alarm.pk, OPERATOR).sop] == [
        (1, ""),
        (2, "user:1"),
    ]
    actions.tick_step(alarm.pk, 2, False, viewer=OPERATOR)
    with pytest.raises(Conflict):
        actions.tick_step(alarm.pk, 9, True, viewer=OPERATOR)
    told(level=3)
    assert len(queries.detail(alarm.pk, OPERATOR).sop) == 1
    assert kinds().count("step_ticked") == 2


# P1 incidents


def react() -> None:
    courier = Courier(reactions())
    for _ in range(3):
        ledger.seal()
        courier.round()


def test_it_calls_for_a_p1_incident_until_somebody_responds() -> None:
    factories.category("banjir", "bpbd", priority="P1")
    got = factories.received(code="banjir", agency_code="bpbd", simulated=True)
    factories.received(106.97, -6.22, code="sampah", agency_code="dlh")
    react()
    alarm = Alarm.objects.get()
    assert (alarm.condition, alarm.state, alarm.simulated) == (
        f"emergency:{got.incident_id}",
        "unacknowledged",
        True,
    )
    incidents.open_task(got.incident_id, "rescue", 0, viewer=OPERATOR)
    react()
    assert Alarm.objects.get().level == 0


def test_it_does_not_flood_operators_with_emergencies() -> None:
    factories.category("banjir", "bpbd", priority="P1")
    for number in range(9):
        factories.received(106.9 + number / 50, code="banjir", agency_code="bpbd")
    react()
    assert Alarm.objects.count() == 5


# The list


def test_it_lists_what_nobody_saw_first_then_by_priority_then_the_oldest() -> None:
    for minutes, (condition, priority) in enumerate(
        [("a:1", "low"), ("b:1", "high"), ("c:1", "high"), ("d:1", "medium"), ("e:1", "high")]
    ):
        with clock.at(MORNING + minutes * MINUTE):
            told(condition, 1, priority=priority)
    actions.acknowledge(Alarm.objects.get(condition="b:1").pk, viewer=OPERATOR)
    listed = queries.alarms(OPERATOR, size=3)
    assert [row.condition for row in listed.rows] == ["c:1", "e:1", "d:1"]
    assert (listed.total, listed.pages) == (5, 2)
    assert [row.condition for row in queries.alarms(OPERATOR, page=2, size=3).rows] == ["a:1", "b:1"]
    assert queries.counts(OPERATOR).unacknowledged == {"high": 2, "medium": 1, "low": 1}
    assert queries.counts(OPERATOR).highest == "high"


def test_it_names_the_class_of_the_air_and_no_code() -> None:
    with override("id"):
        assert queries.label_of("ispu", 2, "very_unhealthy") == "Sangat tidak sehat"
    assert queries.label_of("siaga", 1, "Siaga 3") == "Siaga 3"
    assert queries.label_of("no_data", 1, "no_data") == ""
