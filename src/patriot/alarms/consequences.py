"""Alarms that follow from others along a river: they stand beneath their lead, seen and counted, without a
call of their own. The rules are `grouping`'s; which types of alarms take part is the city's to say.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from patriot.alarms import events
from patriot.alarms.change import UNHIDDEN, UNSEEN, announce, call, put
from patriot.alarms.grouping import GROUPED, Member, lead_of, settled
from patriot.alarms.models import Alarm, AlarmType
from patriot.alarms.rules import State
from patriot.kernel import clock
from patriot.sensing.meaning import downstream

ACTOR = "system:alarm-rules"


def _types() -> set[str]:
    """The types of alarms that tell of one wave."""
    return set(AlarmType.objects.filter(along_river=True).values_list("code", flat=True))


def _member(row: Alarm, doubted: frozenset[int]) -> Member:
    since = row.called_at or row.changed_at
    return Member(
        row.pk, row.state, row.priority, row.thing, since, row.simulated, row.thing in doubted, row.lead
    )


def lead_for(row: Alarm, code: str, thing: int | None, priority: str) -> int | None:
    """Beneath which alarm this one would stand, being of this priority; None: it calls for itself."""
    types = _types()
    if thing is None or code not in types:
        return None
    doubted = downstream.doubted()
    others = Alarm.objects.filter(code__in=types, state__in=GROUPED).exclude(pk=row.pk)
    own = _member(row, doubted)._replace(thing=thing, priority=priority)
    return lead_of(own, [_member(one, doubted) for one in others], downstream.above(), clock.now())


def put_beneath(row: Alarm, lead: int, actor: str, changes: Mapping[str, Any]) -> None:
    """Let an alarm that would call stand beneath another instead."""
    beneath = {"state": State.CONSEQUENCE, "lead": lead}
    old = put(row, **{**changes, **UNSEEN, **UNHIDDEN, **beneath})
    name = Alarm.objects.filter(pk=lead).values_list("name", flat=True).first() or ""
    announce(events.Grouped, row, actor, old=old, lead_name=name)


@transaction.atomic
def settle() -> int:
    """Bring every alarm of a river to its place as things stand now; returns how many changed it.

    Done after each change of a lead: those beneath one that ended go beneath the next, or call.
    """
    found = Alarm.objects.filter(code__in=_types(), state__in=GROUPED)
    rows = {row.pk: row for row in found.select_for_update().order_by("pk")}
    if not rows:
        return 0
    doubted = downstream.doubted()
    members = [_member(row, doubted) for row in rows.values()]
    moved = settled(members, downstream.above(), clock.now())
    for pk, lead in moved.items():
        if lead is None:
            _call(rows[pk])
        else:
            put_beneath(rows[pk], lead, ACTOR, {})
    return len(moved)


def _call(row: Alarm) -> None:
    """Its lead is over, and it is not: now it asks for itself."""
    old = put(row, state=State.UNACKNOWLEDGED, **UNSEEN, called_at=clock.now())
    call(row)
    announce(events.Raised, row, ACTOR, old=old)
