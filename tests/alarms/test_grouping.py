"""What follows from what, without a database."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from patriot.alarms.grouping import LEADS, LEADS_FOR, Member, lead_of, settled
from patriot.alarms.rules import RANK, Priority, State

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CILEUNGSI, CIKEAS, P2C, MOUTH = 1, 2, 3, 4
ABOVE = {P2C: frozenset({CILEUNGSI, CIKEAS}), MOUTH: frozenset({CILEUNGSI, CIKEAS, P2C})}
CALLS, SEEN, BENEATH = State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.CONSEQUENCE


def member(
    alarm: int, thing: int | None, priority: str = "medium", state: str = CALLS, **more: object
) -> Member:
    given = {"since": NOW - HOUR, "simulated": False, **more}
    return Member(alarm, state, priority, thing, **given)  # type: ignore[arg-type]


def leads(lead: Member, alarm: Member) -> bool:
    return lead_of(alarm, [lead, alarm], ABOVE, NOW) == lead.alarm


def test_it_leads_what_lies_below_and_is_no_more_urgent() -> None:
    upper = member(1, CILEUNGSI)
    assert leads(upper, member(2, P2C))
    assert leads(upper, member(2, MOUTH, "low"))
    assert leads(upper, member(2, CILEUNGSI))  # another alarm of the same gauge
    assert leads(member(1, CILEUNGSI, state=SEEN), member(2, P2C))
    assert not leads(upper, member(2, P2C, "high"))
    assert not leads(member(1, P2C), member(2, CILEUNGSI))


def test_it_leads_nothing_of_another_river_nor_without_a_place() -> None:
    assert not leads(member(1, CILEUNGSI, "high"), member(2, CIKEAS, "low"))
    assert not leads(member(1, None), member(2, None))
    assert not leads(member(1, CILEUNGSI), member(2, 99))


def test_it_leads_only_while_it_is_heard_believed_fresh_and_as_real() -> None:
    lower = member(2, P2C)
    for state in set(State) - LEADS:
        assert not leads(member(1, CILEUNGSI, state=state), lower), state
    assert not leads(member(1, CILEUNGSI, doubted=True), lower)
    assert leads(member(1, P2C, doubted=True), lower)
    assert not leads(member(1, CILEUNGSI, since=NOW - LEADS_FOR - HOUR), lower)
    assert not leads(member(1, CILEUNGSI, simulated=True), lower)
    assert not leads(member(1, CILEUNGSI), member(2, P2C, simulated=True))


def test_it_takes_the_most_urgent_then_the_uppermost_as_lead() -> None:
    both = [member(1, CIKEAS), member(2, P2C, "high"), member(3, CILEUNGSI)]
    assert lead_of(member(9, MOUTH), both, ABOVE, NOW) == 2
    assert lead_of(member(9, MOUTH), both[::2], ABOVE, NOW) == 1


def test_it_lets_the_uppermost_call_when_the_lead_is_over_and_the_others_stand_beneath_that() -> None:
    left = [member(n, thing, state=BENEATH, lead=1) for n, thing in ((4, MOUTH), (3, P2C))]
    assert settled(left, ABOVE, NOW) == {3: None, 4: 3}
    urgent = [left[1], left[0]._replace(priority="high")]
    assert settled(urgent, ABOVE, NOW) == {3: None, 4: None}


def test_it_leaves_what_was_acknowledged_where_it_is() -> None:
    seen = [member(1, CILEUNGSI, "high"), member(2, P2C, state=SEEN), member(3, P2C)]
    assert settled(seen, ABOVE, NOW) == {3: 1}


MEMBERS = st.lists(
    st.builds(
        Member, st.just(0), st.sampled_from([CALLS, SEEN, BENEATH]), st.sampled_from(list(Priority)),
        st.sampled_from([None, CILEUNGSI, CIKEAS, P2C, MOUTH]),
        st.integers(0, 20).map(lambda hours: NOW - hours * HOUR), st.booleans(),
    ),
    max_size=9,
)  # fmt: skip


@given(MEMBERS, st.sets(st.sampled_from([CILEUNGSI, CIKEAS, P2C, MOUTH])))
def test_it_loses_nothing_whatever_stands(given: list[Member], doubted: set[int]) -> None:
    rows = [
        one._replace(alarm=n, doubted=one.thing in doubted, lead=999 if one.state == BENEATH else None)
        for n, one in enumerate(given, 1)
    ]
    moved = settled(rows, ABOVE, NOW)
    after = {
        one.alarm: one if one.alarm not in moved
        else one._replace(state=BENEATH, lead=moved[one.alarm]) if moved[one.alarm]
        else one._replace(state=CALLS, lead=None, since=NOW)
        for one in rows
    }  # fmt: skip
    for one in after.values():
        if one.state != BENEATH:
            continue
        lead = after[one.lead or 0]
        assert lead.state in LEADS, "what stands beneath another has a lead that calls or was heard"
        assert RANK[Priority(lead.priority)] <= RANK[Priority(one.priority)]
        assert lead.thing == one.thing or lead.thing in ABOVE[one.thing or 0]
        assert lead.simulated == one.simulated
    assert settled(list(after.values()), ABOVE, NOW) == {}, "settled twice is settled once"
    untouched = {one.alarm for one in rows if one.state == SEEN}
    assert not untouched & set(moved)
