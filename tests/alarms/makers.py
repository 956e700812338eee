"""Makers of alarms for tests of every room."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from patriot.alarms import actions
from patriot.alarms.actions import Said
from patriot.alarms.models import Alarm
from patriot.kernel import clock
from patriot.people.rules import Role, Viewer

MORNING = datetime(2026, 11, 21, 2, tzinfo=UTC)
OPERATOR = Viewer(1, "Operator", frozenset({Role.OPERATOR}))
OTHER = Viewer(2, "Other", frozenset({Role.DISPATCHER}))
HEAD = Viewer(3, "Head", frozenset({Role.HEAD}), frozenset({"bpbd"}))
ENTRIES = count(1_000_000)  # as if the ledger had given them


def said(condition: str = "siaga:1", level: int = 1, **facts: Any) -> Said:
    """What is said of a condition: a river gauge by default."""
    code = condition.partition(":")[0]
    kept: dict[str, Any] = {
        "label": f"Siaga {4 - level}" if level else "Normal", "priority": "high", "name": "P2C", "thing": 7,
        "datastream": 12, "value": 455.0, "unit": "cm", "agency": "bpbd", "area": "32.75.01", "lon": 106.97,
        "lat": -6.31,
    }  # fmt: skip
    return Said(condition=condition, code=code, level=level, at=clock.now(), **kept | facts)


def told(condition: str = "siaga:1", level: int = 1, *, entry: int | None = None, simulated: bool = False,
         **facts: Any) -> Alarm:  # fmt: skip
    """The alarm after its condition was told."""
    number = next(ENTRIES) if entry is None else entry
    actions.raise_from_condition(
        said(condition, level, **facts), entry=number, actor="system:sensing", simulated=simulated
    )
    return Alarm.objects.get(condition=condition)
