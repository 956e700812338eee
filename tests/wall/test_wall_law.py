"""The wall law: rows loaded, then folded with every later event, give the same view as rows loaded afresh."""

import random

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patriot.kernel.panels import panels
from tests.wall.law import WEIGHTED, City, views

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = st.lists(st.tuples(st.sampled_from(WEIGHTED), st.integers(0, 2**24)), min_size=15, max_size=60)


@given(steps=STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck),
          phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])  # fmt: skip
def test_it_holds_for_every_panel_whatever_happens(steps: list[tuple[str, int]]) -> None:
    city = City()
    city.found()
    for move, seed in steps:
        city.live(move, seed)
    city.check()


def test_it_is_tried_on_every_panel_and_every_kind_a_panel_waits_for() -> None:
    """A long life, the same each time: a panel that it never changes, or a kind it never makes, is not
    tested.
    """
    chance = random.Random(20161130)
    city = City()
    city.found()
    before = views(city.boards[0], city.now)
    changed: set[str] = set()
    for turn in range(1400):
        city.live(chance.choice(WEIGHTED), chance.getrandbits(24))
        if turn % 50 == 49:
            city.check()
            now = views(city.boards[0], city.now)
            changed |= {name for name in now if now[name] != before[name]}
    assert changed == set(panels())
    waited_for = frozenset().union(*(panel.kinds for panel in panels().values()))
    assert waited_for - kinds_in_the_ledger() == set(), "add a move to tests/wall/law.py that makes these"


def kinds_in_the_ledger() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT kind FROM ledger_entry")
        return {kind for (kind,) in cursor.fetchall()}
