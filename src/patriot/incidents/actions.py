"""Every write about incidents. One action, one transaction: check, compare and set, announce."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.incidents import change, events, policy
from patriot.incidents.change import announce, announce_state, check, move, opened_for, put, reason_of
from patriot.incidents.from_alarm import FromAlarm, open_from_alarm
from patriot.incidents.models import Incident, IncidentReport, Note
from patriot.incidents.receiving import Received, receive_report
from patriot.incidents.rules import OPEN, REOPEN_DAYS, Priority, TaskState
from patriot.incidents.tasks import (
    OFFICE,
    OpenedTask,
    cancel,
    cancel_task,
    complete_task,
    fund_decided,
    open_task,
    release_task,
    start_work,
)  # fmt: skip
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.people.queries import agency_names
from patriot.people.rules import Role, Viewer
from patriot.reports import tokens

__all__ = [
    "FromAlarm", "OpenedTask", "Received", "answer", "cancel_task", "close_unanswered", "complete_task",
    "confirm", "escalate", "fund_decided", "merge", "note", "open_from_alarm", "open_task", "receive_report",
    "reject", "release_task", "remind", "reopen", "reply", "reroute", "set_photo", "set_priority",
    "start_work",
]  # fmt: skip

PUSHERS = (Role.OPERATOR, Role.DISPATCHER, Role.LEADERSHIP)
PUSH_AGAIN = timedelta(minutes=30)
LONGEST_WORDS = 2000


@transaction.atomic
def reroute(incident_id: int, agency: str, reason: str, *, viewer: Viewer, seen: str = "") -> None:
    """Give an incident to another agency. Work that no crew has taken is cancelled; deadlines stay: the
    citizen's clock does not start anew. Raises Conflict while a crew is on it.
    """
    row = opened_for(viewer, incident_id, *OFFICE)
    step = check(row, "reroute", viewer, seen)
    reason = reason_of(reason)
    names = agency_names()
    if agency not in names or agency == row.agency:
        raise Invalid({"agency": _("Choose another agency.")})
    _cancel_work(row, viewer.actor)
    old_agency = row.agency
    move(row, step.new, agency=agency, routed_by=reason[:200])
    announce(events.Rerouted, row, viewer.actor, old_agency=old_agency,
             old_agency_name=names.get(old_agency, old_agency), reason=reason)  # fmt: skip


def _cancel_work(row: Incident, actor: str) -> None:
    """Cancel what no crew has taken; Conflict when one has."""
    for task in row.tasks.filter(state__in=(TaskState.READY, TaskState.WAITING_FUNDS)):
        task.incident = row
        cancel(task, actor)
    if row.tasks.filter(state=TaskState.DISPATCHED).exists():
        raise Conflict(_("A crew is working on it. Withdraw the crew first."))


@transaction.atomic
def reject(incident_id: int, reason: str, *, viewer: Viewer, seen: str = "") -> None:
    """Say in public why nothing can be done."""
    row = opened_for(viewer, incident_id, *OFFICE)
    step = check(row, "reject", viewer, seen)
    reason, now = reason_of(reason), clock.now()
    _cancel_work(row, viewer.actor)
    old = move(row, step.new, closed_at=now, responded_at=row.responded_at or now)
    announce_state(row, viewer.actor, old, "reject", reason)


@transaction.atomic
def answer(incident_id: int, words: str, *, viewer: Viewer, seen: str = "") -> None:
    """Settle an incident by words alone, such as a question: it then waits for the citizen."""
    row = opened_for(viewer, incident_id, *OFFICE)
    step = check(row, "answer", viewer, seen)
    words, now = reason_of(words, "words", LONGEST_WORDS), clock.now()
    _cancel_work(row, viewer.actor)
    old = move(row, step.new, resolved_at=now, responded_at=row.responded_at or now)
    announce_state(row, viewer.actor, old, "answer", words)


@transaction.atomic
def reply(incident_id: int, words: str, *, viewer: Viewer) -> None:
    """Write to the citizen, in public; counts as the first response."""
    row = opened_for(viewer, incident_id, *OFFICE)
    words = reason_of(words, "words", LONGEST_WORDS)
    put(row, responded_at=row.responded_at or clock.now())
    announce(events.Replied, row, viewer.actor, words=words)


@transaction.atomic
def set_priority(incident_id: int, priority: str, reason: str, *, viewer: Viewer) -> str:
    """Change the priority, with a reason that everybody may read; returns the old one."""
    row = opened_for(viewer, incident_id, *OFFICE)
    if priority not in Priority.values:
        raise Invalid({"priority": _("Choose P1, P2 or P3.")})
    if row.state not in OPEN or priority == row.priority:
        raise Conflict(_("The priority is that already, or the incident is no longer open."))
    reason, old = reason_of(reason), row.priority
    put(row, priority=priority)
    announce(events.PriorityChanged, row, viewer.actor, old=old, reason=reason)
    return old


@transaction.atomic
def merge(incident_id: int, into_id: int, *, viewer: Viewer) -> None:
    """Make one of two: the reports of the first go to the second, whose number stays."""
    if incident_id == into_id:
        raise Invalid({"into": _("Choose another incident.")})
    rows = {
        pk: opened_for(viewer, pk, *OFFICE) for pk in sorted((incident_id, into_id))
    }  # one order: no deadlock
    row, into = rows[incident_id], rows[into_id]
    step = check(row, "merge", viewer)
    if into.state not in OPEN or into.simulated != row.simulated:
        raise Conflict(_("The other incident is no longer open."))
    _cancel_work(row, viewer.actor)
    links = row.reports.all()
    moved = list(links.values_list("report_id", flat=True))
    links.update(incident=into)
    move(row, step.new, closed_at=clock.now(), merged_into=into)
    put(into, supporters=into.supporters + 1 + row.supporters, photo=into.photo or row.photo)
    announce(events.Merged, row, viewer.actor, into_number=into.number, reports=moved)
    announce(events.ReportAttached, into, viewer.actor, report_number=row.number)


@transaction.atomic
def confirm(number: str, token: str, *, actor: str = "citizen") -> None:
    """The citizen says it is done. `number` and `token` are a report's, from the link its sender got."""
    row = _of_reporter(number, token)
    step = check(row, "confirm")
    move(row, step.new, closed_at=clock.now())
    announce(events.Confirmed, row, actor)


@transaction.atomic
def reopen(
    number: str, words: str, token: str = "", *, viewer: Viewer | None = None, actor: str = "citizen"
) -> None:
    """Somebody says it is not done: it starts again, with new deadlines. A citizen needs the token of their
    report, a viewer the scope. Raises Conflict 30 days after the closing: then it is a new problem.
    """
    row = _of_viewer(number, viewer) if viewer else _of_reporter(number, token)
    actor = viewer.actor if viewer else actor
    step, now = check(row, "reopen", viewer), clock.now()
    if row.merged_into_id or (row.closed_at and now - row.closed_at > timedelta(days=REOPEN_DAYS)):
        raise Conflict(_("This is too long ago. Please report it anew."))
    kept = _note(row, Note.Kind.REOPEN, reason_of(words, "words", LONGEST_WORDS), actor)
    respond_due, resolve_due = policy.deadlines(row.category, now)
    old = move(row, step.new, respond_due=respond_due, resolve_due=resolve_due, responded_at=None,
               resolved_at=None, closed_at=None, reopened=row.reopened + 1)  # fmt: skip
    announce(events.Reopened, row, actor, old=old, times=row.reopened, note=kept.pk)


def _of_reporter(number: str, token: str) -> Incident:
    link = IncidentReport.objects.filter(number=number).first()
    if link is None:
        raise NotFound(_("There is no report of this number."))
    if not tokens.valid(number, token):
        raise NotAllowed(_("Only the sender of the report can do this, by the link they were given."))
    return change.locked(link.incident_id)


def _of_viewer(number: str, viewer: Viewer) -> Incident:
    found = Incident.objects.filter(number=number).values_list("pk", flat=True).first()
    return opened_for(viewer, found or 0, *OFFICE)


@transaction.atomic
def close_unanswered(incident_id: int) -> None:
    """The citizen did not answer in time: closed. For the job; Conflict when they did meanwhile."""
    row = change.locked(incident_id)
    step = check(row, "close_unanswered")
    old = move(row, step.new, closed_at=clock.now())
    announce_state(row, "system:close_unanswered", old, "close_unanswered")


@transaction.atomic
def remind(incident_id: int, words: str = "", *, viewer: Viewer) -> None:
    """Remind the owner, at most every 30 minutes."""
    row = opened_for(viewer, incident_id, *PUSHERS, Role.HEAD)
    kept = _push(row, Note.Kind.REMIND, words, viewer)
    announce(events.Reminded, row, viewer.actor, note=kept.pk)


@transaction.atomic
def escalate(incident_id: int, words: str = "", *, viewer: Viewer) -> None:
    """Take it above the owner, at most every 30 minutes (R30)."""
    row = opened_for(viewer, incident_id, *PUSHERS, Role.HEAD)
    kept = _push(row, Note.Kind.ESCALATE, words, viewer)
    put(row, escalated=True)
    announce(events.Escalated, row, viewer.actor, note=kept.pk)


def _push(row: Incident, kind: Note.Kind, words: str, viewer: Viewer) -> Note:
    if row.state not in OPEN:
        raise Conflict(_("The incident is no longer open."))
    if row.notes.filter(kind=kind, at__gt=clock.now() - PUSH_AGAIN).exists():
        raise Conflict(_("This was done less than 30 minutes ago."))
    return _note(row, kind, " ".join(words.split())[:LONGEST_WORDS], viewer.actor)


@transaction.atomic
def note(incident_id: int, words: str, *, viewer: Viewer) -> None:
    """Write something for colleagues only."""
    row = opened_for(viewer, incident_id, *OFFICE, Role.LEADERSHIP)
    kept = _note(row, Note.Kind.NOTE, reason_of(words, "words", LONGEST_WORDS), viewer.actor)
    announce(events.Noted, row, viewer.actor, note=kept.pk)


def _note(row: Incident, kind: Note.Kind, words: str, actor: str) -> Note:
    return Note.objects.create(incident=row, kind=kind, words=words, actor=actor, at=clock.now())


@transaction.atomic
def set_photo(incident_id: int, photo: str, *, actor: str) -> None:
    """Another picture for the incident, or none: after moderation. The same one again: nothing happens."""
    row = change.locked(incident_id)
    if row.photo != photo:
        put(row, photo=photo)
        announce(events.PhotoChanged, row, actor)
