"""The wall law for dispatch's panels: rows folded with later events show what rows loaded afresh show."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest

from patriot.dispatch import actions, duty
from patriot.dispatch.models import Assignment, Unit
from patriot.dispatch.panels import MOST, UNITS, WORKING
from patriot.dispatch.rules import ACTIVE
from patriot.incidents.actions import set_priority
from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.kernel.panels import Panel, merge
from patriot.ledger import actions as ledger
from tests.dispatch.makers import bring_to, called_out, dispatcher, officer, picture, task, unit

pytestmark = pytest.mark.django_db


def shown(panel: Panel, rows: Any, now: Any) -> Any:
    return orjson.loads(orjson.dumps(panel.view(rows, now)))


def do_something(chance: random.Random, units: list[Unit]) -> None:
    row = chance.choice(list(Assignment.objects.filter(state__in=ACTIVE)) or [None])
    act = chance.choice([
        lambda: actions.assign(task(), chance.choice(units).pk, viewer=dispatcher()),
        lambda: actions.accept(row.pk, viewer=officer()),
        lambda: actions.set_off(row.pk, viewer=officer()),
        lambda: actions.arrive(row.pk, viewer=officer()),
        lambda: actions.add_photo(row.pk, picture(), viewer=officer()),
        lambda: actions.finish(row.pk, "permanent", viewer=officer()),
        lambda: actions.decline(row.pk, "x", viewer=officer()),
        lambda: set_priority(row.incident_id, chance.choice(["P1", "P2", "P3"]), "x", viewer=dispatcher()),
        lambda: duty.set_service(chance.choice(units).pk, chance.random() < 0.5, "", viewer=dispatcher()),
    ])  # fmt: skip
    with suppress(Refused, AttributeError):  # not allowed now, or there is no assignment
        act()


@pytest.mark.parametrize("seed", range(4))
def test_it_shows_the_same_folded_as_loaded(seed: int) -> None:
    chance = random.Random(seed)
    units = [unit(f"J{n}") for n in range(5)]
    now = clock.now()
    folded = {panel.name: panel.load(now) for panel in (WORKING, UNITS)}
    for step in range(60):
        with clock.at(now := now + timedelta(seconds=chance.choice([1, 20, 70]))):
            do_something(chance, units)
        for news in ledger.seal():
            for panel in (WORKING, UNITS):
                if news.kind in panel.kinds:
                    folded[panel.name] = merge(folded[panel.name], panel.fold(folded[panel.name], news))
        if step % 5 == 0:
            for panel in (WORKING, UNITS):
                assert shown(panel, folded[panel.name], now) == shown(panel, panel.load(now), now)


def test_it_shows_at_most_seven_crews_the_most_urgent_first() -> None:
    for n in range(MOST + 2):
        called_out(f"J{n}")
    urgent = Assignment.objects.order_by("pk").last()
    assert urgent is not None
    view = WORKING.view(WORKING.load(clock.now()), clock.now())
    assert len(view) == MOST
    fields = (
        "incident number title place priority owner callsign crew state since photo eta_s assigned_at lon lat"
    )
    assert set(view[0]) == {*fields.split(), "simulated"}


def test_it_keeps_a_finished_crew_on_the_wall_for_two_minutes() -> None:
    row = called_out()
    bring_to(row.pk, "on_scene")
    actions.finish(row.pk, "permanent", viewer=officer())
    now = clock.now()
    rows = WORKING.load(now)
    assert [card["state"] for card in WORKING.view(rows, now)] == ["finished"]
    assert WORKING.view(rows, now + timedelta(minutes=3)) == []


def test_it_shows_no_crew_at_a_secret_incident() -> None:
    actions.assign(task(secret=True), unit().pk, viewer=dispatcher())
    assert WORKING.view(WORKING.load(clock.now()), clock.now()) == []
    assigned = next(news for news in ledger.seal() if news.kind == "dispatch.assigned")
    assert assigned.body["lon"] is None
