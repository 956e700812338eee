"""Calling crews out: who may, what follows what, and two dispatchers at once."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from patriot.dispatch import actions, duty, queries
from patriot.dispatch.jobs import notice_arrivals
from patriot.dispatch.models import Assignment, Handled, Measurement, Unit
from patriot.dispatch.rules import ACTIVE, TRANSITIONS, State
from patriot.incidents import queries as incidents
from patriot.incidents.models import Incident, Task
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from patriot.kernel.geometry import Point
from patriot.ledger import actions as ledger
from patriot.ledger.queries import history
from patriot.people.rules import Role
from tests import factories
from tests.dispatch.makers import SPOT, bring_to, called_out, dispatcher, fix, officer, picture, task, unit

pytestmark = pytest.mark.django_db


def state(assignment: int) -> str:
    return Assignment.objects.get(pk=assignment).state


def kinds(incident: int) -> list[str]:
    ledger.seal()
    return [news.kind for news in history(f"incident:{incident}") if news.kind.startswith("dispatch.")]


def test_it_walks_from_call_to_finish_and_the_incident_follows() -> None:
    row = called_out()
    assert Unit.objects.get(pk=row.unit_id).state == "assigned"
    assert incidents.task(row.task_id).state == "dispatched"  # type: ignore[union-attr]
    assert Incident.objects.get(pk=row.incident_id).state == "in_progress"
    bring_to(row.pk, "on_scene")
    actions.record_measurement(row.pk, 120, 80, 15, viewer=officer())
    actions.add_photo(row.pk, picture(), viewer=officer())
    actions.finish(row.pk, "permanent", viewer=officer(), notes="  Ditambal   panas ")
    row.refresh_from_db()
    assert (row.state, row.repair, row.notes) == ("finished", "permanent", "Ditambal panas")
    assert row.photo.startswith("/foto/")
    assert row.assigned_at <= row.accepted_at <= row.set_off_at <= row.arrived_at <= row.ended_at  # type: ignore[operator]
    assert Unit.objects.get(pk=row.unit_id).state == "free"
    assert Incident.objects.get(pk=row.incident_id).state == "resolved"
    told = ["assigned", *["state_changed"] * 3, "measured", "photo_added", "state_changed"]
    assert kinds(row.incident_id) == [f"dispatch.{kind}" for kind in told]
    measured = queries.assignment(row.pk, officer()).measurements[0]
    assert (measured.area_m2, measured.volume_m3) == (0.96, 0.144)


def test_it_opens_the_permanent_repair_after_a_temporary_one() -> None:
    row = called_out()
    bring_to(row.pk, "on_scene")
    actions.finish(row.pk, "temporary", viewer=officer())
    follow_up = Incident.objects.get(parent=row.incident_id)
    assert follow_up.state in ("received", "coordinated")


def test_it_books_what_was_really_spent() -> None:
    factories.fund()
    sent = actions.assign(task(400_000), unit().pk, viewer=dispatcher())
    bring_to(sent, "on_scene")
    actions.finish(sent, "permanent", viewer=officer(), cost_idr=350_000)
    from patriot.funds.models import Commitment  # noqa: PLC0415 - one use

    assert (Commitment.objects.get().state, Commitment.objects.get().amount_idr) == ("spent", 350_000)


def test_it_sends_nobody_before_the_money_is_approved() -> None:
    factories.fund()
    waiting = task(3_000_000)
    with pytest.raises(Conflict, match=r"money|Dana|dana|anggaran"):
        actions.assign(waiting, unit().pk, viewer=dispatcher())
    assert Unit.objects.get().state == "free"


def test_it_lets_only_the_control_room_and_the_agency_send_units() -> None:
    ready, crew = task(), unit()
    for who, refusal in [(officer(), NotAllowed), (factories.viewer(Role.STAFF, "damkar"), NotFound),
                         (factories.viewer(Role.CITIZEN), NotFound)]:  # fmt: skip
        with pytest.raises(refusal):
            actions.assign(ready, crew.pk, viewer=who)
    assert actions.assign(ready, crew.pk, viewer=factories.viewer(Role.STAFF, "dbmta"))


def test_it_sends_a_unit_to_one_place_only() -> None:
    row = called_out()
    with pytest.raises(Conflict):
        actions.assign(task(), row.unit_id, viewer=dispatcher())
    assert Assignment.objects.filter(state__in=ACTIVE).count() == 1


def test_it_leaves_the_last_word_to_the_database() -> None:
    row = called_out()
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(
            task_id=row.task_id, incident_id=row.incident_id, unit=row.unit, state="accepted",
            assigned_at=clock.now(),
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_it_gives_one_unit_to_one_of_many_dispatchers() -> None:
    crew = unit()
    tasks = [task() for _ in range(4)]
    start, outcomes = Barrier(4), []

    def send(task_id: int) -> None:
        start.wait()
        try:
            actions.assign(task_id, crew.pk, viewer=dispatcher())
            outcomes.append("sent")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=send, args=(task_id,)) for task_id in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["refused", "refused", "refused", "sent"]
    assert Assignment.objects.count() == 1


MOVES: dict[State, Callable[[int], None]] = {
    State.ACCEPTED: lambda pk: actions.accept(pk, viewer=officer()),
    State.EN_ROUTE: lambda pk: actions.set_off(pk, viewer=officer()),
    State.ON_SCENE: lambda pk: actions.arrive(pk, viewer=officer()),
    State.FINISHED: lambda pk: actions.finish(pk, "permanent", viewer=officer()),
    State.DECLINED: lambda pk: actions.decline(pk, "Ban kempes", viewer=officer()),
    State.CANCELLED: lambda pk: actions.cancel(pk, "Salah kirim", viewer=dispatcher()),
}


@pytest.mark.parametrize("old", list(State))
@pytest.mark.parametrize("new", list(MOVES))
def test_it_allows_what_the_table_allows_and_refuses_the_rest(old: State, new: State) -> None:
    row = called_out()
    walk = {State.ASSIGNED: "", State.DECLINED: "", State.CANCELLED: "", State.FINISHED: "on_scene"}.get(
        old, str(old)
    )
    if walk:
        bring_to(row.pk, walk)
    if old in (State.DECLINED, State.CANCELLED, State.FINISHED):
        MOVES[old](row.pk)
    assert state(row.pk) == old
    if new in TRANSITIONS[old]:
        MOVES[new](row.pk)
        assert state(row.pk) == new
        free = new not in ACTIVE
        assert Unit.objects.get(pk=row.unit_id).state == ("free" if free else "assigned")
    else:
        with pytest.raises(Conflict):
            MOVES[new](row.pk)
        assert state(row.pk) == old


def test_it_lets_the_task_wait_for_another_crew_when_one_declines() -> None:
    row = called_out()
    with pytest.raises(Invalid):
        actions.decline(row.pk, "  ", viewer=officer())
    actions.decline(row.pk, "Alat rusak", viewer=officer())
    assert incidents.task(row.task_id).state == "ready"  # type: ignore[union-attr]
    assert actions.assign(row.task_id, unit("Jalan 02").pk, viewer=dispatcher())


def test_it_completes_a_task_with_its_last_crew() -> None:
    first = called_out()
    second = actions.assign(first.task_id, unit("Jalan 02").pk, viewer=dispatcher())
    bring_to(first.pk, "on_scene")
    actions.finish(first.pk, "permanent", viewer=officer(), cost_idr=None)
    assert Task.objects.get().state == "dispatched"
    actions.decline(second, "Tidak perlu lagi", viewer=officer())
    assert Task.objects.get().state == "done"


def test_it_carries_out_a_phones_action_once_however_often_it_is_sent() -> None:
    row, key = called_out(), uuid4()
    for _ in range(3):
        actions.accept(row.pk, viewer=officer(), key=key)
    assert kinds(row.incident_id).count("dispatch.state_changed") == 1
    bring_to_scene = uuid4()
    actions.arrive(row.pk, viewer=officer(), key=bring_to_scene)
    measure = uuid4()
    for _ in range(2):
        actions.record_measurement(row.pk, 10, 10, viewer=officer(), key=measure)
    assert Measurement.objects.count() == 1
    with pytest.raises(Invalid):
        actions.finish(row.pk, "somehow", viewer=officer(), key=(third := uuid4()))
    assert not Handled.objects.filter(key=third).exists()  # a refused action may be mended and sent again
    actions.finish(row.pk, "permanent", viewer=officer(), key=third)
    actions.finish(row.pk, "permanent", viewer=officer(), key=third)


def test_it_believes_the_phones_clock_only_between_the_step_before_and_now() -> None:
    start = clock.now() - timedelta(minutes=30)
    with clock.at(start):
        row = called_out()
    earlier, later = start - timedelta(minutes=1), clock.now() + timedelta(hours=1)
    when = start + timedelta(minutes=2)
    actions.accept(row.pk, viewer=officer(), at=when)
    actions.set_off(row.pk, viewer=officer(), at=earlier)
    actions.arrive(row.pk, viewer=officer(), at=later)
    row.refresh_from_db()
    assert row.accepted_at == when
    assert row.set_off_at is not None
    assert clock.now() - row.set_off_at < timedelta(minutes=1)
    assert row.arrived_at is not None
    assert row.arrived_at <= clock.now()


@pytest.mark.parametrize("sizes", [(0, 10, 0), (10, 0, 0), (10, 10, -1), (100_001, 1, 0)])
def test_it_refuses_sizes_that_cannot_be(sizes: tuple[int, int, int]) -> None:
    row = called_out()
    bring_to(row.pk, "on_scene")
    with pytest.raises(Invalid):
        actions.record_measurement(row.pk, *sizes, viewer=officer())


def test_it_measures_nothing_before_arrival() -> None:
    with pytest.raises(Conflict):
        actions.record_measurement(called_out().pk, 10, 10, viewer=officer())


def test_it_hides_an_assignment_from_other_agencies() -> None:
    row = called_out()
    with pytest.raises(NotFound):
        actions.accept(row.pk, viewer=officer("damkar"))
    with pytest.raises(NotFound):
        queries.assignment(row.pk, officer("damkar"))


@pytest.mark.parametrize(("metres", "accuracy", "age_s", "suggested"), [
    (50, 5, 1, True), (120, 5, 1, False), (50, 400, 1, False), (50, 5, 3600, False),
])  # fmt: skip
def test_it_suggests_arrival_from_the_units_own_position(
    metres: float, accuracy: float, age_s: float, suggested: bool
) -> None:
    row = called_out()
    bring_to(row.pk, "en_route")
    fix(row.unit, Point(SPOT.lon, SPOT.lat + metres / 111_195), age_s=age_s - 1, accuracy_m=accuracy)
    notice_arrivals()
    notice_arrivals()
    row.refresh_from_db()
    assert bool(row.arrival_suggested_at) == suggested
    assert kinds(row.incident_id).count("dispatch.arrival_suggested") == int(suggested)


def test_it_signs_a_crew_on_and_off() -> None:
    account = factories.user(Role.OFFICER, "dbmta")
    from patriot.people.queries import on_shift, viewer  # noqa: PLC0415 - an account's viewer, here only

    crew, other = unit(around_the_clock=False), unit("Jalan 02")
    who = viewer(account)
    assert not next(one for one in queries.units(None) if one.id == crew.pk).on_duty
    duty.sign_on(crew.pk, viewer=who)
    assert account.pk in on_shift(clock.now())
    assert next(one for one in queries.units(None) if one.id == crew.pk).on_duty
    mine, theirs = (actions.assign(task(), pk, viewer=dispatcher()) for pk in (crew.pk, other.pk))
    assert [row.id for row in queries.mine(who)] == [mine]
    duty.sign_on(other.pk, viewer=who)
    assert [row.id for row in queries.mine(who)] == [theirs]
    duty.sign_off(viewer=who)
    assert {row.id for row in queries.mine(who)} == {mine, theirs}


def test_it_takes_a_free_unit_out_of_service_and_back() -> None:
    crew = unit()
    duty.set_service(crew.pk, False, "Ganti ban", viewer=dispatcher())
    advice = queries.recommend(incidents.task(task()).incident)  # type: ignore[union-attr]
    assert [(one.callsign, one.why.code) for one in advice.excluded] == [("Jalan 01", "out_of_service")]
    with pytest.raises(Conflict):
        duty.set_service(crew.pk, False, "", viewer=dispatcher())
    duty.set_service(crew.pk, True, "", viewer=dispatcher())
    assert queries.recommend(incidents.task(task()).incident).units  # type: ignore[union-attr]


def test_it_tells_response_times_from_raw_stamps() -> None:
    start = clock.now() - timedelta(hours=1)
    for n, minutes in enumerate((2, 4, 12)):
        with clock.at(start):
            row = called_out(f"J{n}")
        for action, after in ((actions.accept, 0.5), (actions.set_off, 1), (actions.arrive, 1 + minutes)):
            action(row.pk, viewer=officer(), at=start + timedelta(minutes=after))
    times = queries.response_times(start - timedelta(minutes=1), simulated=False)
    assert times.count == 3
    assert times.turnout == (60, 60)
    assert times.travel is not None
    assert times.travel[0] == 240
    assert times.travel[1] == pytest.approx(624)
