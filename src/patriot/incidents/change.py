"""The one way in which an incident's row changes: locked, checked, compared and set, announced."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from patriot.incidents import about, events
from patriot.incidents.models import Incident, Task
from patriot.incidents.rules import TRANSITIONS, State, TaskState, Transition
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer

type MakeEvent = Callable[..., events.About]
LONGEST_REASON = 300


def locked(incident_id: int) -> Incident:
    """The incident's row, held until the transaction ends. Raises NotFound."""
    rows = Incident.objects.select_related("category").select_for_update(of=("self",))
    row = rows.filter(pk=incident_id).first()
    if row is None:
        raise NotFound(_("There is no such incident."))
    return row


def locked_task(task_id: int) -> Task:
    """A task with its incident, the incident's row held. Raises NotFound."""
    incident_id = Task.objects.filter(pk=task_id).values_list("incident_id", flat=True).first()
    if incident_id is None:
        raise NotFound(_("There is no such task."))
    incident = locked(incident_id)
    task = Task.objects.get(pk=task_id)
    task.incident = incident
    return task


def sees(viewer: Viewer, row: Incident) -> bool:
    """True when the incident, or a task of it, belongs to the viewer's scope."""
    if viewer.sees(row.agency):
        return True
    tasks = Task.objects.filter(incident=row, agency__in=viewer.agencies)
    return tasks.exclude(state=TaskState.CANCELLED).exists()


def opened_for(viewer: Viewer, incident_id: int, *roles: Role) -> Incident:
    """The locked incident, for a viewer who holds one of the roles and whose scope holds it."""
    row = locked(incident_id)
    if not sees(viewer, row):
        raise NotFound(_("There is no such incident."))
    if not viewer.has(*roles):
        raise NotAllowed(_("Your role does not allow this."))
    return row


def check(row: Incident, action: str, viewer: Viewer | None = None, seen: str = "") -> Transition:
    """The transition that `action` makes of the row's state.

    `viewer` None: another room or a job asks. `seen` is the state on the asker's screen: when it is no more,
    somebody was faster. Raises Conflict, NotAllowed.
    """
    step = TRANSITIONS.get((State(row.state), action))
    if step is None or (seen and seen != row.state):
        state = State(row.state).label
        raise Conflict(_("The incident has moved on: its state is now “{state}”.").format(state=state))
    if viewer is not None and not viewer.has(*step.by):
        raise NotAllowed(_("Your role does not allow this."))
    return step


def move(row: Incident, new: str, **changes: object) -> str:
    """Compare and set: from the state read to `new`; returns the old one."""
    old = row.state
    put(row, state=str(new), **changes)
    return old


def put(row: Incident, **changes: Any) -> None:
    """Compare and set columns while the state is the one read."""
    if Incident.objects.filter(pk=row.pk, state=row.state).update(**changes) != 1:
        raise Conflict(_("Somebody was faster. Look at the incident again."))
    for name, value in changes.items():
        setattr(row, name, value)


def announce(make: MakeEvent, row: Incident, actor: str, **extra: object) -> None:
    """Append an event about the incident as it is now."""
    event = make(**about.incident(row), **extra)
    ledger.append(
        event, actor=actor, subject=f"incident:{row.pk}", agency=row.agency, simulated=row.simulated
    )


def announce_state(row: Incident, actor: str, old: str, action: str, reason: str = "") -> None:
    """Append the change of state, when there was one."""
    if row.state != old:
        announce(events.StateChanged, row, actor, old=old, action=action, reason=reason)


def announce_task(make: MakeEvent, task: Task, actor: str, **extra: object) -> None:
    """Append an event about a task and its incident as they are now."""
    row = task.incident
    event = make(**about.task(task), **extra)
    ledger.append(
        event, actor=actor, subject=f"incident:{row.pk}", agency=row.agency, simulated=row.simulated
    )


def reason_of(words: str, field: str = "reason", longest: int = LONGEST_REASON) -> str:
    """Words that must be there. Raises Invalid when they are not."""
    words = " ".join(words.split())
    if not words:
        raise Invalid({field: _("Say why: the reason is shown to everybody concerned.")})
    return words[:longest]
