"""The life cycle's table, suppression and escalation, without a database."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patriot.alarms.rules import (
    ACTIONS,
    HIDDEN,
    NOBODY,
    SHOUTING,
    TRANSITIONS,
    Call,
    Rule,
    State,
    Subject,
    after,
    due_call,
    may,
    news_of,
    suppressor,
)
from patriot.people.rules import Role

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FITTING = {  # which states a level can have: the invariant that every path must keep
    False: {State.NORMAL, State.RETURNED, State.LATCHED} | HIDDEN,
    True: {State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.CONSEQUENCE} | HIDDEN,
}
NOBODYS = {"raise", "worsen", "outgrow", "ease", "clear", "suppress", "group", "release", "expire"}
BY_PEOPLE_AND_JOBS = sorted(ACTIONS - {"raise", "worsen", "outgrow", "ease", "clear"})


@given(
    st.lists(st.one_of(st.integers(0, 3), st.sampled_from(BY_PEOPLE_AND_JOBS)), max_size=40), st.booleans()
)
def test_it_never_leaves_the_table_whatever_happens(moves: list[int | str], latching: bool) -> None:
    state, level = State.NORMAL, 0
    for move in moves:
        if isinstance(move, int):
            news = news_of(level, move)
            if news:
                new = after(state, news, move, latching=latching)
                assert new is not None, f"{state} does not know what to do when the condition {news}s"
                state, level = new, move
        else:
            state = after(state, move, level, latching=latching) or state
        assert state in FITTING[level > 0], (state, level)


def test_it_names_who_may_do_what_for_people_only() -> None:
    for (state, action), step in TRANSITIONS.items():
        quiet = action in NOBODYS
        assert (step.by == NOBODY) == quiet, (state, action)
        assert may(state, action, {Role.ADMINISTRATOR}) != quiet
    assert not may(State.UNACKNOWLEDGED, "acknowledge", {Role.STAFF, Role.LEADERSHIP, Role.CITIZEN})


def test_it_calls_again_only_when_it_gets_worse() -> None:
    assert after(State.ACKNOWLEDGED, "worsen", 2) == State.UNACKNOWLEDGED
    assert after(State.ACKNOWLEDGED, "ease", 1) == State.ACKNOWLEDGED
    assert [news_of(*pair) for pair in pairwise((0, 1, 3, 2, 2, 0))] == [
        "raise",
        "worsen",
        "ease",
        "",
        "clear",
    ]


def test_it_waits_for_a_look_at_what_went_by_unseen_and_for_a_reset_where_that_is_asked() -> None:
    assert after(State.UNACKNOWLEDGED, "clear", 0) == State.RETURNED
    assert after(State.RETURNED, "acknowledge", 0) == State.NORMAL
    assert after(State.RETURNED, "acknowledge", 0, latching=True) == State.LATCHED
    assert after(State.ACKNOWLEDGED, "clear", 0, latching=True) == State.LATCHED
    assert after(State.LATCHED, "reset", 0) == State.NORMAL


@pytest.mark.parametrize("state", sorted(HIDDEN))
def test_it_says_nothing_while_hidden(state: State) -> None:
    for news, level in (("raise", 1), ("worsen", 3), ("ease", 1), ("clear", 0)):
        assert after(state, news, level) == state
    assert state not in SHOUTING


# Suppression

OFFLINE = Subject("offline:7", "offline", 7, "a", "dppj")
SILENT = Subject("no_data:12", "no_data", 7, "a", "dppj")
ELSEWHERE = Subject("offline:8", "offline", 8, "b", "dppj")
BY_CAUSE = Rule("no_data", "offline", "thing", None, None, None, "silent_while_offline")


def test_it_suppresses_what_follows_from_another_alarm_of_the_same_thing() -> None:
    assert suppressor(SILENT, [OFFLINE, SILENT], [BY_CAUSE], NOW) == "silent_while_offline"
    assert suppressor(SILENT, [ELSEWHERE, SILENT], [BY_CAUSE], NOW) == ""
    assert suppressor(OFFLINE, [OFFLINE, SILENT], [BY_CAUSE], NOW) == ""
    wide = BY_CAUSE._replace(relation="agency")
    assert suppressor(SILENT, [ELSEWHERE], [wide], NOW) == "silent_while_offline"


def test_it_lets_nothing_suppress_itself_and_no_rule_hide_for_good() -> None:
    itself = Rule("offline", "offline", "thing", None, None, None, "x")
    assert suppressor(OFFLINE, [OFFLINE], [itself], NOW) == ""
    assert suppressor(OFFLINE, [], [Rule("", "", "thing", None, None, None, "for good")], NOW) == ""


def test_it_does_not_take_two_things_without_an_area_for_neighbours() -> None:
    nowhere = OFFLINE._replace(area="", condition="offline:9", thing=9)
    rule = BY_CAUSE._replace(relation="area")
    assert suppressor(SILENT._replace(area=""), [nowhere], [rule], NOW) == ""


@pytest.mark.parametrize(("minutes", "key"), [(-1, ""), (0, "w"), (59, "w"), (60, "")])
def test_it_suppresses_a_thing_within_a_window(minutes: int, key: str) -> None:
    window = Rule("", "", "thing", 7, NOW, NOW + 60 * MINUTE, "w")
    at = NOW + minutes * MINUTE
    assert suppressor(SILENT, [], [window], at) == key
    assert suppressor(ELSEWHERE, [], [window], at) == ""


# Escalation

CHAIN = [
    Call("high", 1, 5 * MINUTE, "operator"),
    Call("high", 2, 10 * MINUTE, "dispatcher"),
    Call("low", 1, 60 * MINUTE, "operator"),
]


@pytest.mark.parametrize(
    ("waits", "reminded", "step"),
    [(4, 0, None), (5, 0, 1), (7, 1, None), (10, 1, 2), (99, 2, None), (99, 0, 2)],
)
def test_it_tells_each_step_once_and_one_for_all_that_were_missed(
    waits: int, reminded: int, step: int | None
) -> None:
    found = due_call("high", reminded, waits * MINUTE, CHAIN)
    assert (found.step if found else None) == step
