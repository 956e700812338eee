"""Periodic work: deadlines are watched, unanswered results are closed."""

from datetime import datetime

from django.db import transaction

from patriot.incidents import actions, change, events, policy
from patriot.incidents.deadlines import due, is_near
from patriot.incidents.models import DeadlineNotice, Incident
from patriot.incidents.rules import OPEN, State
from patriot.kernel import clock
from patriot.kernel.errors import Conflict
from patriot.kernel.jobs import every

ACTOR = "system:deadlines"
LONGEST_WAIT = 1000  # incidents looked at in one round


@every("* * * * *")
def watch_deadlines() -> None:
    """Announce each deadline once when it comes near and once when it is broken."""
    now = clock.now()
    rows = Incident.objects.filter(state__in=OPEN).order_by("resolve_due")
    for row in rows.only("pk", "opened_at", "respond_due", "resolve_due", "responded_at").iterator():
        for stage, ends in _running(row):
            kind = _kind(row.opened_at, ends, now)
            if kind:
                _notify(row.pk, stage, kind, ends)


def _running(row: Incident) -> list[tuple[str, datetime]]:
    first = [] if row.responded_at else [("first_response", row.respond_due)]
    return [*first, ("resolve", row.resolve_due)]


def _kind(opened: datetime, ends: datetime, now: datetime) -> str:
    if now > ends:
        return "broken"
    return "near" if is_near(opened, ends, now) else ""


@transaction.atomic
def _notify(incident_id: int, stage: str, kind: str, ends: datetime) -> None:
    """Once per deadline: the notice's row is unique, also under several workers."""
    if DeadlineNotice.objects.filter(incident=incident_id, stage=stage, kind=kind, due=ends).exists():
        return
    row = change.locked(incident_id)
    if row.state not in OPEN or (stage, ends) not in _running(row):
        return
    _notice, is_new = DeadlineNotice.objects.get_or_create(incident=row, stage=stage, kind=kind, due=ends)
    if is_new:
        make = events.DeadlineBroken if kind == "broken" else events.DeadlineNear
        change.announce(make, row, ACTOR, stage=stage, due=ends)


@every("*/10 * * * *")
def close_unanswered() -> None:
    """Close what was resolved and not answered by the citizen within the service level's time."""
    now = clock.now()
    rows = Incident.objects.filter(state=State.RESOLVED).select_related("category").order_by("resolved_at")
    for row in rows[:LONGEST_WAIT]:
        if row.resolved_at and _answer_due(row, row.resolved_at) < now:
            _close(row.pk)


def _answer_due(row: Incident, resolved_at: datetime) -> datetime:
    span = policy.spans(row.category.service_level)["close_after_answer"]
    return due(resolved_at, span, policy.holidays(resolved_at))


def _close(incident_id: int) -> None:
    try:
        actions.close_unanswered(incident_id)
    except Conflict:  # the citizen answered between the look and the lock
        return
