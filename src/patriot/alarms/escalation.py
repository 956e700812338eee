"""Reminding: an alarm that nobody acknowledges is told to the next person, each step once, all at once."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction

from patriot.alarms import callouts, events, rules
from patriot.alarms.change import announce, put, several
from patriot.alarms.models import Alarm, EscalationStep
from patriot.alarms.rules import RANK, SHOUTING, Priority
from patriot.kernel import clock
from patriot.people import queries as people
from patriot.people.rules import AGENCY, Role

ACTOR = "system:escalation"


def chain() -> list[rules.Call]:
    """The steps of escalation of every priority, as the city has them."""
    return [
        rules.Call(one.priority, one.step, timedelta(minutes=one.after_minutes), one.role)
        for one in EscalationStep.objects.all()
    ]


@transaction.atomic
def remind() -> int:
    """Tell the next person of alarms that wait for too long; returns how many reminders went out.

    However many alarms are due, each role gets one reminder a round: of the most urgent, naming the others.
    Heads are those of the agency that owns the device, and a drill is never told of together with the real.
    """
    now, steps = clock.now(), chain()
    if not steps:
        return 0
    several()
    due: dict[tuple[str, str, bool], list[tuple[Alarm, rules.Call]]] = defaultdict(list)
    waiting = Alarm.objects.filter(state__in=SHOUTING, called_at__lte=now - min(one.after for one in steps))
    for row in waiting.select_for_update().order_by("pk"):
        found = _due(row, now, steps)
        if found:
            agency = row.agency if found.role == Role.HEAD else ""
            due[found.role, agency, row.simulated].append((row, found))
    for (role, agency, _simulated), rows in due.items():
        _remind(role, agency, rows, now)
    return len(due)


def _due(row: Alarm, now: datetime, steps: list[rules.Call]) -> rules.Call | None:
    if row.called_at is None:
        return None
    return rules.due_call(row.priority, row.reminded, now - row.called_at, steps)


def _remind(role: str, agency: str, rows: list[tuple[Alarm, rules.Call]], now: datetime) -> None:
    rows.sort(key=lambda pair: (RANK[Priority(pair[0].priority)], pair[0].called_at, pair[0].pk))
    for row, found in rows:
        put(row, reminded=found.step)
    first, found = rows[0]
    waited = int((now - first.called_at).total_seconds()) if first.called_at else 0
    announce(
        events.Reminded, first, ACTOR, step=found.step, role=role,
        person=next_person(role, agency, found.step, now), waited_s=waited,
        others=[row.pk for row, _step in rows[1:]],
    )  # fmt: skip
    callouts.due([row for row, _step in rows], role, agency, found.step)


def next_person(role: str, agency: str, step: int, now: datetime) -> int | None:
    """Whom a step tells: those of the role who are on shift in turn, else any of them; None: nobody."""
    if Role(role) in AGENCY and not agency:
        return None  # nobody's head
    holders = [user for user, _name in people.holders([Role(role)], agency)]
    on_duty = people.on_shift(now)
    able = sorted(user for user in holders if user in on_duty) or sorted(holders)
    return able[(step - 1) % len(able)] if able else None
