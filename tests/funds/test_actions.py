"""Asking, deciding, spending: against the database, with the ledger."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from patriot.funds import actions, queries
from patriot.funds.models import Commitment, ResponseFund
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer

HEAD = Viewer(5, "Head", frozenset({Role.HEAD}), frozenset({"dbmta"}))
OTHER_HEAD = Viewer(6, "Other", frozenset({Role.HEAD}), frozenset({"dishub"}))
MAYOR = Viewer(7, "Mayor", frozenset({Role.LEADERSHIP}))
STAFF = Viewer(8, "Staff", frozenset({Role.STAFF}), frozenset({"dbmta"}))


@pytest.fixture
def fund(db: None) -> ResponseFund:
    return ResponseFund.objects.create(
        agency="dbmta",
        year=queries.this_year(),
        amount_idr=10_000_000,
        small_limit_idr=1_000_000,
        head_limit_idr=5_000_000,
    )


def ask(amount: int, actor: str = "user:1") -> actions.Decision:
    return actions.request("dbmta", amount, "Patch", "task:1", actor=actor)


def test_it_approves_a_small_amount_at_once(fund: ResponseFund) -> None:
    decision = ask(900_000)
    assert decision.approved
    assert decision.goes_to is None
    assert queries.funds(STAFF)[0].available == 9_100_000
    [event] = ledger.seal()
    assert (event.kind, event.body["state"], event.body["available_idr"]) == (
        "fund.requested",
        "approved",
        9_100_000,
    )


def test_it_lets_the_head_decide_a_larger_one(fund: ResponseFund) -> None:
    decision = ask(2_000_000)
    assert decision.goes_to == "head"
    assert [request.may_decide for request in queries.pending(HEAD)] == [True]
    assert [request.may_decide for request in queries.pending(STAFF)] == [False]
    assert queries.pending(OTHER_HEAD) == []
    actions.decide(decision.commitment_id, True, "Dangerous", viewer=HEAD)
    assert Commitment.objects.get().state == "approved"
    assert [event.kind for event in ledger.seal()] == ["fund.requested", "fund.decided"]


def test_it_keeps_the_leaderships_decisions_from_the_head(fund: ResponseFund) -> None:
    decision = ask(6_000_000)
    with pytest.raises(NotAllowed):
        actions.decide(decision.commitment_id, True, "why", viewer=HEAD)
    actions.decide(decision.commitment_id, False, "Too dear", viewer=MAYOR)
    assert Commitment.objects.get().state == "refused"
    assert queries.funds(MAYOR)[0].available == 10_000_000


@pytest.mark.parametrize("viewer", [STAFF, Viewer(5, "x", frozenset({Role.OFFICER}), frozenset({"dbmta"}))])
def test_it_refuses_those_without_the_power(fund: ResponseFund, viewer: Viewer) -> None:
    with pytest.raises(NotAllowed):
        actions.decide(ask(2_000_000).commitment_id, True, "why", viewer=viewer)


def test_it_hides_other_agencies_requests(fund: ResponseFund) -> None:
    with pytest.raises(NotFound):
        actions.decide(ask(2_000_000).commitment_id, True, "why", viewer=OTHER_HEAD)


def test_it_lets_nobody_decide_what_they_asked_for(fund: ResponseFund) -> None:
    decision = ask(2_000_000, actor=HEAD.actor)
    with pytest.raises(NotAllowed):
        actions.decide(decision.commitment_id, True, "mine", viewer=HEAD)
    actions.decide(decision.commitment_id, True, "Agreed", viewer=MAYOR)


def test_it_wants_a_reason(fund: ResponseFund) -> None:
    with pytest.raises(Invalid):
        actions.decide(ask(2_000_000).commitment_id, True, "  ", viewer=HEAD)


def test_it_decides_once(fund: ResponseFund) -> None:
    decision = ask(2_000_000)
    actions.decide(decision.commitment_id, True, "ok", viewer=HEAD)
    with pytest.raises(Conflict):
        actions.decide(decision.commitment_id, False, "no", viewer=HEAD)


def test_it_does_not_approve_what_is_gone_meanwhile(fund: ResponseFund) -> None:
    first, second = ask(5_000_000), ask(5_000_000)
    actions.decide(first.commitment_id, True, "ok", viewer=HEAD)
    ask(1_000_000)
    with pytest.raises(Conflict, match=r"4\.000\.000"):
        actions.decide(second.commitment_id, True, "ok", viewer=HEAD)
    actions.raise_fund("dbmta", 1_000_000, "Flood", viewer=MAYOR)
    actions.decide(second.commitment_id, True, "ok", viewer=HEAD)
    assert queries.funds(MAYOR)[0].available == 0


def test_it_gives_back_what_was_not_spent(fund: ResponseFund) -> None:
    decision = ask(900_000)
    with pytest.raises(Invalid):
        actions.spend(decision.commitment_id, amount=900_001, actor="user:1")
    actions.spend(decision.commitment_id, amount=600_000, actor="user:1")
    assert queries.funds(MAYOR)[0].available == 9_400_000
    with pytest.raises(Conflict):
        actions.release(decision.commitment_id, actor="user:1")
    actions.release(ask(500_000).commitment_id, actor="user:1")
    assert queries.funds(MAYOR)[0].available == 9_400_000


@pytest.mark.parametrize("amount", [0, -5, 10**15])
def test_it_refuses_impossible_amounts(fund: ResponseFund, amount: int) -> None:
    with pytest.raises(Invalid):
        ask(amount)
    assert ledger.seal() == []


@pytest.mark.django_db(transaction=True)
def test_it_never_overdraws_under_concurrent_requests() -> None:
    ResponseFund.objects.create(
        agency="dbmta",
        year=queries.this_year(),
        amount_idr=4_500_000,
        small_limit_idr=1_000_000,
        head_limit_idr=5_000_000,
    )
    start, answers = Barrier(8), []

    def together() -> None:
        start.wait()
        try:
            answers.append(ask(1_000_000).approved)
        except Refused:
            answers.append(False)
        connection.close()

    threads = [Thread(target=together) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 4 + [True] * 4
    assert queries.funds(MAYOR)[0].available == 500_000
