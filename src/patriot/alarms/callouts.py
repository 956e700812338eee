"""Calling people outside the room: the head of the owning agency, then leadership, when nobody answers.

A step of escalation for such a role leaves a row in its own transaction; a job writes to everybody of the
role, by the house's mail, outside any transaction, until one letter has left or somebody has answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from patriot.alarms import events
from patriot.alarms.change import announce
from patriot.alarms.models import Alarm, Call, CallOut, Contact
from patriot.alarms.rules import RANK, SHOUTING, Priority
from patriot.kernel import clock
from patriot.people import letters
from patriot.people import queries as people
from patriot.people.rules import AGENCY, Role, face

ACTOR = "system:escalation"
OUTSIDE = frozenset({Role.HEAD, Role.LEADERSHIP})  # those who do not sit before the list
AGAIN = timedelta(minutes=1)  # after a try that reached nobody
MOST_NAMED = 10


@dataclass(frozen=True)
class CallOutRow:
    """Who was to be called about an alarm. `sent_at` None: no letter has left yet; `over`: none is needed."""

    role: str
    agency: str
    due_at: datetime
    sent_at: datetime | None
    over: bool


def due(rows: Sequence[Alarm], role: str, agency: str, step: int) -> None:
    """Have somebody of the role called about those of these alarms that last. Within the transaction that
    decided so.
    """
    rows = [row for row in rows if row.level]  # what is over needs a look, and nobody out of bed
    if Role(role) not in OUTSIDE or not rows:
        return
    made = CallOut.objects.create(
        role=role, agency=agency, step=step, due_at=clock.now(), simulated=rows[0].simulated
    )
    made.alarms.set(rows)


def call_waiting() -> int:
    """Write to whoever is due; returns how many letters left."""
    now, left = clock.now(), 0
    open_ones = CallOut.objects.filter(
        Q(tried_at=None) | Q(tried_at__lte=now - AGAIN), sent_at=None, over_at=None
    )
    for pk in list(open_ones.values_list("pk", flat=True)):
        claimed = open_ones.filter(pk=pk).update(tried_at=now)  # of two workers one writes
        if claimed:
            left += _call(CallOut.objects.get(pk=pk), now)
    return left


def _call(row: CallOut, now: datetime) -> int:
    waiting = _waiting(row)
    if not waiting:
        CallOut.objects.filter(pk=row.pk, sent_at=None).update(over_at=now)
        return 0
    left = sum(letters.send(to, *_letter(row, waiting, language, now)) for to, language in _people(row, now))
    if left:
        _note(row, waiting, left)
    return left


def _people(row: CallOut, now: datetime) -> list[tuple[str, str]]:
    """(address, language) of those to write to: heads are heads of an agency, or of the one it became."""
    role = Role(row.role)
    if not letters.leave() or (role in AGENCY and not row.agency):
        return []
    return people.reachable([role], people.agency_at(row.agency, now.astimezone(clock.WIB).date()))


def _waiting(row: CallOut) -> list[Alarm]:
    """Those that last and that nobody has answered since, the most urgent first."""
    answered = Call.objects.filter(acknowledged_at__gte=row.due_at)
    rows = row.alarms.filter(state__in=SHOUTING, level__gt=0).exclude(calls__in=answered)
    return sorted(rows, key=lambda one: (RANK[Priority(one.priority)], one.called_at, one.pk))


@transaction.atomic
def _note(row: CallOut, waiting: list[Alarm], left: int) -> None:
    """A letter has left: say so, here and in the ledger."""
    if CallOut.objects.filter(pk=row.pk, sent_at=None).update(sent_at=clock.now(), letters=left) != 1:
        return
    for alarm in waiting:
        announce(
            events.CalledOutside,
            alarm,
            ACTOR,
            step=row.step,
            role=row.role,
            of_agency=row.agency,
            letters=left,
        )


def _letter(row: CallOut, waiting: list[Alarm], language: str, now: datetime) -> tuple[str, str]:
    """(subject, text) for one person, in their language."""
    first = waiting[0]
    with override(language or settings.LANGUAGE_CODE):
        words = ": ".join(part for part in (first.name, first.label) if part and part != first.code)
        subject = _("ALARM UNANSWERED: {alarm}").format(alarm=words)
        if row.simulated:
            subject = f"{_('DRILL')}: {subject}"
        context = {
            "row": row, "alarms": waiting[:MOST_NAMED], "more": max(0, len(waiting) - MOST_NAMED),
            "minutes": int((now - (first.called_at or now)).total_seconds() // 60),
            "contact": Contact.objects.filter(agency=first.agency).first(),
            "url": settings.CONFIG.public_url + face([Role(row.role)]),
        }  # fmt: skip
        return subject, render_to_string("alarms/mail_unanswered.txt", context)


def of_alarm(alarm: int, since: datetime) -> list[CallOutRow]:
    """Who was called since then, or should have been; the latest first."""
    rows = CallOut.objects.filter(alarms=alarm, due_at__gte=since).order_by("-due_at", "-step")
    return [
        CallOutRow(one.role, one.agency, one.due_at, one.sent_at, one.over_at is not None) for one in rows
    ]
