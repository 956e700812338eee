"""One wave down one river: who calls, who stands beneath, and that nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from patriot.alarms import actions, jobs, panels, queries
from patriot.alarms.models import Alarm, AlarmType, Call, EscalationStep
from patriot.alarms.rules import State
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Refused
from patriot.sensing.meaning import downstream
from patriot.sensing.models import Condition, RiverLink, Thing
from tests.alarms.makers import MORNING, OPERATOR, told
from tests.alarms.test_actions import events, kinds
from tests.sensing import city

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
CALLS, SEEN, BENEATH = State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.CONSEQUENCE


@pytest.fixture(autouse=True)
def types() -> None:
    for code in ("siaga", "forecast"):
        AlarmType.objects.create(code=code, name_id=code, along_river=True)


@pytest.fixture
def river() -> dict[str, Thing]:
    """Cileungsi and Cikeas above P2C, the mouth below it."""
    upper, other, middle = city.river()
    mouth = city.gauge("mouth", 18)
    for thing in (upper, other, middle, mouth):
        named(thing, f"Kali {thing.name}")
    RiverLink.objects.create(upstream=middle, downstream=mouth, hours_min=2, hours_max=3, source="test")
    return {"cileungsi": upper, "cikeas": other, "p2c": middle, "mouth": mouth}


def named(thing: Thing, river: str, km: str = "") -> None:
    """On this river, at this kilometre."""
    thing.properties = {"code": thing.name, "river": river, "km": km}
    thing.save()


def at(thing: Thing, level: int, priority: str = "medium", code: str = "siaga", **more: object) -> Alarm:
    """The alarm of a gauge at this level."""
    return told(f"{code}:{thing.pk}", level, thing=thing.pk, name=thing.name, priority=priority, **more)


def states() -> list[str]:
    return list(Alarm.objects.order_by("pk").values_list("state", flat=True))


def test_it_calls_once_for_a_wave_and_shows_the_others_beneath(river: dict[str, Thing]) -> None:
    lead = at(river["cileungsi"], 2)
    foretold = at(river["p2c"], 2, code="forecast")
    at(river["mouth"], 1, "low")
    assert states() == [CALLS, BENEATH, BENEATH]
    assert foretold.lead == lead.pk
    assert Call.objects.count() == 1
    assert kinds() == ["raised", "grouped", "grouped"]
    [row] = queries.alarms(OPERATOR, grouped=True).rows
    assert [one.name for one in row.consequences] == ["p2c", "mouth"]
    assert len(queries.alarms(OPERATOR).rows) == 3
    assert (queries.counts(OPERATOR).total, queries.counts(OPERATOR).tabs["active"]) == (1, 3)


def test_it_keeps_them_on_the_walls_map(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 2, lon=106.9, lat=-6.4)
    at(river["p2c"], 2, lon=106.97, lat=-6.3)
    view = panels._view(panels._load(clock.now()), clock.now())
    assert [(one["name"], one["calls"]) for one in view["marks"]] == [("cileungsi", True), ("p2c", False)]
    assert view["active"]["medium"] == 2
    assert view["unacknowledged"]["medium"] == 1
    assert view["top"][0]["consequences"] == 1


def test_it_calls_at_once_for_what_becomes_more_urgent_than_what_called(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 2)
    at(river["p2c"], 2)
    assert at(river["p2c"], 3, "high").state == CALLS
    assert [one.priority for one in Call.objects.order_by("pk")] == ["medium", "high"]
    assert at(river["mouth"], 3, "high").state == BENEATH


def test_it_puts_what_called_before_beneath_what_is_more_urgent_above_it(river: dict[str, Thing]) -> None:
    lower = at(river["p2c"], 2)
    upper = at(river["cileungsi"], 3, "high")
    lower.refresh_from_db()
    assert (upper.state, lower.state, lower.lead) == (CALLS, BENEATH, upper.pk)
    actions.acknowledge(upper.pk, viewer=OPERATOR)
    assert not Call.objects.filter(acknowledged_at=None).exists()  # it was on the same screen


def test_it_releases_them_when_the_alarm_above_ends(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 2)
    below = at(river["p2c"], 2)
    mouth = at(river["mouth"], 2)
    at(river["cileungsi"], 0)
    assert states() == [State.RETURNED, CALLS, BENEATH]
    mouth.refresh_from_db()
    assert mouth.lead == below.pk
    assert [one.alarm_id for one in Call.objects.order_by("pk")][1:] == [below.pk]


def test_it_releases_them_when_the_alarm_above_eases_below_them(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 3, "high")
    at(river["p2c"], 3, "high")
    at(river["cileungsi"], 2)
    assert states() == [CALLS, CALLS]


def test_it_does_not_call_for_what_was_acknowledged_or_is_over(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 2)
    seen = at(river["p2c"], 2)
    at(river["mouth"], 2)
    actions.acknowledge(seen.pk, viewer=OPERATOR)
    at(river["mouth"], 0)
    at(river["cileungsi"], 0)
    assert states() == [State.RETURNED, SEEN, State.NORMAL]
    assert Call.objects.count() == 1


def test_it_calls_again_for_what_was_acknowledged_at_less(river: dict[str, Thing]) -> None:
    seen = at(river["p2c"], 1, "low")
    actions.acknowledge(seen.pk, viewer=OPERATOR)
    at(river["cileungsi"], 2)
    assert at(river["p2c"], 2).state == BENEATH
    at(river["cileungsi"], 0)
    assert Alarm.objects.get(pk=seen.pk).state == CALLS


def test_it_groups_nothing_of_another_river(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 3, "high")
    assert at(river["cikeas"], 1, "low").state == CALLS
    elsewhere = city.gauge("elsewhere", 0)
    named(elsewhere, "Kali Cakung", "5")
    assert at(elsewhere, 1, "low").state == CALLS


def test_it_groups_no_type_that_the_city_did_not_name(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 3, "high")
    assert at(river["p2c"], 1, "low", code="no_data").state == CALLS


def test_it_never_quiets_the_real_by_the_simulated(river: dict[str, Thing]) -> None:
    at(river["cileungsi"], 3, "high", simulated=True)
    assert at(river["p2c"], 1, "low").state == CALLS
    assert at(river["mouth"], 1, "low", simulated=True).state == BENEATH


@pytest.mark.parametrize("how", ["shelve", "take_out", "silent"])
def test_it_calls_as_soon_as_nobody_listens_to_the_alarm_above(river: dict[str, Thing], how: str) -> None:
    lead = at(river["cileungsi"], 2)
    below = at(river["p2c"], 2)
    if how == "shelve":
        actions.shelve(lead.pk, clock.now() + 10 * MINUTE, "Known", viewer=OPERATOR)
    elif how == "take_out":
        actions.take_out_of_service(lead.pk, "Washed away", viewer=OPERATOR)
    else:
        moment = clock.now()
        Condition.objects.create(
            condition="no_data:1", code="no_data", thing_id=lead.thing, level=2, at=moment, changed_at=moment
        )
        jobs.follow_rules()
    below.refresh_from_db()
    assert (below.state, below.lead) == (CALLS, None)


def test_it_goes_beneath_its_lead_when_it_comes_back_from_the_shelf(river: dict[str, Thing]) -> None:
    below = at(river["p2c"], 2)
    actions.shelve(below.pk, clock.now() + 10 * MINUTE, "Known", viewer=OPERATOR)
    at(river["cileungsi"], 2)
    actions.unshelve(below.pk, viewer=OPERATOR)
    assert states() == [BENEATH, CALLS]


def test_it_calls_anew_for_water_that_comes_long_after(river: dict[str, Thing]) -> None:
    with clock.at(MORNING):
        actions.acknowledge(at(river["cileungsi"], 2).pk, viewer=OPERATOR)
    with clock.at(MORNING + 13 * 60 * MINUTE):
        assert at(river["p2c"], 2).state == CALLS


def test_it_takes_an_acknowledgement_back_also_from_what_stood_beneath(river: dict[str, Thing]) -> None:
    lower = at(river["p2c"], 2)
    upper = at(river["cileungsi"], 3, "high")
    actions.acknowledge(upper.pk, viewer=OPERATOR)
    actions.undo_acknowledge(upper.pk, viewer=OPERATOR)
    assert Call.objects.filter(acknowledged_at=None).count() == 2
    with pytest.raises(Conflict):
        actions.undo_acknowledge(lower.pk, viewer=OPERATOR)


def test_it_says_in_the_ledger_what_it_follows_from(river: dict[str, Thing]) -> None:
    lead = at(river["cileungsi"], 2)
    at(river["p2c"], 2)
    kind, body = events()[-1]
    assert (kind, body["lead"], body["lead_name"]) == ("alarms.grouped", lead.pk, "cileungsi")


def test_it_knows_what_lies_above_by_links_kilometres_and_basins(river: dict[str, Thing]) -> None:
    named(river["cileungsi"], "Kali Cileungsi", "-13")
    named(river["p2c"], "Kali Bekasi", "0")
    near = city.thing("near", "water_level", {}, river="Kali Bekasi", km="3")
    rains = [city.thing(f"rain{n}", "rain", {}, basin="Kali Cileungsi") for n in range(2)]
    above = downstream.above()
    upper, other, middle = (river[name].pk for name in ("cileungsi", "cikeas", "p2c"))
    wet = {one.pk for one in rains}
    assert above[upper] == wet
    assert above[middle] == wet | {upper, other}
    assert above[near.pk] == wet | {upper, other, middle}
    assert above[rains[0].pk] == {rains[1].pk}
    assert other not in above


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_nobody_in_a_circle(river: dict[str, Thing]) -> None:
    """Gauges change, an operator lays alarms aside, reminders go out: all at once, and nobody is refused."""
    EscalationStep.objects.create(priority="high", step=1, after_minutes=0, role="operator")
    alarms = [at(one, 1, "high") for one in river.values()]

    def live(turn: int) -> None:
        try:
            for n in range(12):
                thing = list(river.values())[(turn + n * (1 if turn % 2 else 3)) % 4]
                at(thing, 1 + n % 3, ("low", "medium", "high")[n % 3])
                with suppress(Refused):
                    until = clock.now() + 5 * MINUTE
                    actions.shelve(alarms[(turn + n) % 4].pk, until, "Known", viewer=OPERATOR)
                with suppress(Refused):
                    actions.unshelve(alarms[(turn + n) % 4].pk, viewer=OPERATOR)
                jobs.escalate()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(live, range(4))) == [None] * 4
