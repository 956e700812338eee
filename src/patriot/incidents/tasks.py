"""Ordering work, paying for it, doing it. Dispatch calls `start_work`, `release_task`, `complete_task`."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.funds import actions as funds
from patriot.funds.actions import Decision
from patriot.funds.rules import Limits
from patriot.incidents import change, events, follow_up
from patriot.incidents.models import Incident, Task
from patriot.incidents.rules import UNFINISHED, TaskKind, TaskState
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.people.queries import agency_names
from patriot.people.rules import Role, Viewer

OFFICE = (Role.STAFF, Role.HEAD, Role.OPERATOR, Role.DISPATCHER)
REPAIRS = ("temporary", "permanent")


@dataclass(frozen=True)
class OpenedTask:
    """A new task; `decision` is the fund's answer, None when no money is needed."""

    task_id: int
    state: str
    decision: Decision | None


@transaction.atomic
def open_task(incident_id: int, kind: str, estimate: int, *, viewer: Viewer, agency: str = "", note: str = "",
              seen: str = "") -> OpenedTask:  # fmt: skip
    """Order work of an agency (the owner's by default) and ask its fund for `estimate` rupiah unless it is 0.

    Raises Invalid, NotAllowed, NotFound, Conflict.
    """
    row = change.opened_for(viewer, incident_id, *OFFICE)
    step = change.check(row, "open_task", viewer, seen)
    _check_order(kind, estimate, agency or row.agency)
    now = clock.now()
    task = Task.objects.create(
        incident=row, kind=kind, agency=agency or row.agency, state=TaskState.READY, estimate_idr=estimate,
        note=" ".join(note.split())[:300], opened_by=viewer.actor, opened_at=now,
    )  # fmt: skip
    decision = _ask_fund(task, viewer.actor) if estimate else None
    old = change.move(row, step.new, responded_at=row.responded_at or now)
    change.announce_state(row, viewer.actor, old, "open_task")
    change.announce_task(events.TaskOpened, task, viewer.actor, **_ruling(decision))
    return OpenedTask(task.pk, task.state, decision)


def _ruling(decision: Decision | None) -> dict[str, object]:
    """Which rule of the fund applied, to which figures: what the ledger keeps of its answer."""
    if decision is None:
        return {}
    limits = decision.limits or Limits(0, 0, 0)
    return {
        "rule": decision.code, "goes_to": decision.goes_to or "", "available_idr": limits.available,
        "small_limit_idr": limits.small, "head_limit_idr": limits.head,
    }  # fmt: skip


def _check_order(kind: str, estimate: int, agency: str) -> None:
    if kind not in TaskKind.values:
        raise Invalid({"kind": _("Choose what is to be done.")})
    if not 0 <= estimate <= funds.LARGEST_IDR:
        raise Invalid({"estimate": _("The estimate must be 0 or more rupiah.")})
    if agency not in agency_names():
        raise Invalid({"agency": _("Choose an agency.")})


def _ask_fund(task: Task, actor: str) -> Decision:
    row = task.incident
    decision = funds.request(
        task.agency, task.estimate_idr, f"{row.number} · {row.title}", f"task:{task.pk}", actor=actor,
        simulated=row.simulated,
    )  # fmt: skip
    state = TaskState.READY if decision.approved else TaskState.WAITING_FUNDS
    task.commitment_id, task.state = decision.commitment_id, state
    task.save(update_fields=["commitment_id", "state"])
    return decision


@transaction.atomic
def fund_decided(task_id: int, approved: bool, reason: str, *, actor: str) -> None:
    """A person decided about a task's money: it becomes ready, or is cancelled. Repeated: nothing happens."""
    task = change.locked_task(task_id)
    if task.state != TaskState.WAITING_FUNDS:
        return
    _step(task, TaskState.READY if approved else TaskState.CANCELLED)
    change.announce_task(events.TaskFunded, task, actor, approved=approved, reason=reason)
    if not approved:
        _settle(task.incident, actor, reason)


@transaction.atomic
def start_work(task_id: int, *, actor: str) -> None:
    """A crew was assigned: the task is dispatched, the incident in progress. Raises Conflict, NotFound."""
    task = change.locked_task(task_id)
    step = change.check(task.incident, "start_work")
    _from(task, TaskState.READY)
    old_task = _step(task, TaskState.DISPATCHED, started_at=task.started_at or clock.now())
    old = change.move(task.incident, step.new)
    change.announce_state(task.incident, actor, old, "start_work")
    change.announce_task(events.TaskStateChanged, task, actor, old=old_task)


@transaction.atomic
def release_task(task_id: int, *, actor: str) -> None:
    """The crew declined or was withdrawn: the task waits for another one. Raises Conflict, NotFound."""
    task = change.locked_task(task_id)
    _from(task, TaskState.DISPATCHED)
    old_task = _step(task, TaskState.READY)
    row = task.incident
    if not row.tasks.filter(state=TaskState.DISPATCHED).exists():
        old = change.move(row, change.check(row, "release").new)
        change.announce_state(row, actor, old, "release")
    change.announce_task(events.TaskStateChanged, task, actor, old=old_task)


@transaction.atomic
def complete_task(task_id: int, *, actor: str, repair: str = "permanent", cost_idr: int | None = None,
                  viewer: Viewer | None = None) -> None:  # fmt: skip
    """The work is done; its money is booked. A temporary repair opens the incident of its permanent one; the
    last task makes the incident wait for the citizen's word. `viewer`: a person at a desk, for work without a
    crew. Raises Invalid, Conflict, NotAllowed, NotFound.
    """
    task = change.locked_task(task_id)
    if repair not in REPAIRS:
        raise Invalid({"repair": _("Say whether the repair is temporary or permanent.")})
    if viewer is not None:
        _check_task(task, viewer)
        _from(task, TaskState.READY)
    else:
        _from(task, TaskState.READY, TaskState.DISPATCHED)
    if task.commitment_id:
        funds.spend(task.commitment_id, amount=cost_idr, actor=actor)
    old_task = _step(task, TaskState.DONE, repair=repair, done_at=clock.now())
    if repair == "temporary":
        change.put(task.incident, temporary=True)
    change.announce_task(events.TaskStateChanged, task, actor, old=old_task, repair=repair)
    if repair == "temporary":
        follow_up.open_for(task.incident, actor)
    _settle(task.incident, actor)


@transaction.atomic
def cancel_task(task_id: int, reason: str, *, viewer: Viewer) -> None:
    """Give up work that no crew has taken; its money is available again. Raises as `complete_task`."""
    task = change.locked_task(task_id)
    _check_task(task, viewer)
    cancel(task, viewer.actor)
    _settle(task.incident, viewer.actor, change.reason_of(reason))


def cancel(task: Task, actor: str) -> None:
    """Within a transaction that holds the incident: cancel a task no crew has taken."""
    _from(task, TaskState.READY, TaskState.WAITING_FUNDS)
    if task.commitment_id:
        funds.release(task.commitment_id, actor=actor)
    old = _step(task, TaskState.CANCELLED)
    change.announce_task(events.TaskStateChanged, task, actor, old=old)


def _settle(row: Incident, actor: str, reason: str = "") -> None:
    """After a task left: done if all work is done, back to waiting if none is left."""
    states = set(row.tasks.values_list("state", flat=True))
    if states & UNFINISHED:
        return
    action = "finish" if TaskState.DONE in states else "cancel_task"
    if action == "cancel_task" and row.state != "coordinated":
        return
    changes = {"resolved_at": clock.now()} if action == "finish" else {}
    old = change.move(row, change.check(row, action).new, **changes)
    change.announce_state(row, actor, old, action, reason)


def _check_task(task: Task, viewer: Viewer) -> None:
    if not (viewer.sees(task.agency) or viewer.sees(task.incident.agency)):
        raise NotFound(_("There is no such task."))
    if not viewer.has(*OFFICE):
        raise NotAllowed(_("Your role does not allow this."))


def _from(task: Task, *states: TaskState) -> None:
    if task.state not in states:
        state = TaskState(task.state).label
        raise Conflict(_("The task has moved on: it is now “{state}”.").format(state=state))


def _step(task: Task, new: TaskState, **changes: object) -> str:
    """Compare and set a task's state; returns the old one."""
    old = task.state
    if Task.objects.filter(pk=task.pk, state=old).update(state=new, **changes) != 1:
        raise Conflict(_("Somebody was faster. Look at the incident again."))
    task.state = new
    for name, value in changes.items():
        setattr(task, name, value)
    return old
