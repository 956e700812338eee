"""Calling crews out, and what they report. One action, one transaction; the subject is the incident."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from patriot.dispatch import events, queries
from patriot.dispatch.models import Assignment, Handled, Measurement, Unit
from patriot.dispatch.rules import (
    ACTIVE,
    LONGEST_SIDE_CM,
    STAMPS,
    Repair,
    State,
    UnitState,
    area_m2,
    sources,
    stamp,
    volume_m3,
)
from patriot.dispatch.scene import Job, Scene, job, scene
from patriot.incidents import actions as incidents
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer
from patriot.reports import files

SENDERS = (Role.STAFF, Role.HEAD, Role.DISPATCHER, Role.OPERATOR)
CREWS = (Role.OFFICER, Role.STAFF, Role.HEAD, Role.DISPATCHER, Role.OPERATOR)
LARGEST_COST_IDR = 1_000_000_000_000


@transaction.atomic
def assign(task_id: int, unit_id: int, *, viewer: Viewer, note: str = "") -> int:
    """Call a free unit out to a task whose money is approved; returns the assignment's id.

    Raises NotFound, NotAllowed, and Conflict when the unit was taken or the task has moved on.
    """
    task = _task_for(viewer, task_id)
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None or not viewer.sees(unit.agency):
        raise NotFound(_("There is no such unit."))
    advice = queries.recommend(task.scene.incident, task_id=task_id)
    if Unit.objects.filter(pk=unit_id, state=UnitState.FREE).update(state=UnitState.ASSIGNED) != 1:
        raise Conflict(_("{unit} is not free any more. Choose another unit.").format(unit=unit.callsign))
    if task.state == "ready":
        incidents.start_work(task_id, actor=viewer.actor)
    way = next((one for one in advice.units if one.unit_id == unit_id), None)
    row = _create(task, unit, way, viewer)
    first = bool(advice.units) and advice.units[0].unit_id == unit_id
    _announce_call(row, scene(row.incident_id) or task.scene, unit, first, note, viewer)
    return row.pk


def _task_for(viewer: Viewer, task_id: int) -> Job:
    task = job(task_id)
    if task is None or not (viewer.sees(task.agency) or viewer.sees(task.scene.agency)):
        raise NotFound(_("There is no such task."))
    if not viewer.has(*SENDERS):
        raise NotAllowed(_("Your role does not allow this."))
    if task.state == "waiting_funds":
        raise Conflict(_("The money for this task is not approved yet."))
    if task.state not in ("ready", "dispatched"):
        raise Conflict(_("This task is finished or was given up."))
    return task


def _create(task: Job, unit: Unit, way: Any, viewer: Viewer) -> Assignment:
    try:
        with transaction.atomic():
            return Assignment.objects.create(
                task_id=task.id, incident_id=task.scene.incident, number=task.scene.number, unit=unit,
                agency=unit.agency, state=State.ASSIGNED, eta_s=way.eta_s if way else None,
                metres=way.metres if way else None, assigned_by=viewer.actor, assigned_at=clock.now(),
                simulated=task.scene.simulated or unit.simulated or viewer.simulated,
            )  # fmt: skip
    except IntegrityError as clash:
        raise Conflict(
            _("{unit} is not free any more. Choose another unit.").format(unit=unit.callsign)
        ) from clash


def _announce_call(row: Assignment, where: Scene, unit: Unit, first: bool, note: str, viewer: Viewer) -> None:
    shown = where.shown
    _append(events.Assigned(
        **_about(row, where), place=shown["place"], owner=shown["agency_name"], crew=crew_words(unit),
        since=shown["opened_at"].isoformat(), photo=shown["photo"], lon=shown["lon"], lat=shown["lat"],
        assigned_at=row.assigned_at.isoformat(), metres=row.metres, first_choice=first, note=note[:200],
    ), row, viewer.actor)  # fmt: skip


def crew_words(unit: Unit) -> str:
    """How many people a unit is, as the wall shows it."""
    return str(unit.crew_size)


def accept(
    assignment_id: int, *, viewer: Viewer, at: datetime | None = None, key: UUID | None = None
) -> None:
    """The crew takes the call. `at`: when, by the phone's clock; `key`: names a repeat. Raises as all below:
    NotFound, NotAllowed, Conflict when the assignment has moved on."""
    _step(assignment_id, State.ACCEPTED, viewer, at, key)


def set_off(
    assignment_id: int, *, viewer: Viewer, at: datetime | None = None, key: UUID | None = None
) -> None:
    """The crew is on its way."""
    _step(assignment_id, State.EN_ROUTE, viewer, at, key)


def arrive(
    assignment_id: int, *, viewer: Viewer, at: datetime | None = None, key: UUID | None = None
) -> None:
    """The crew is there."""
    _step(assignment_id, State.ON_SCENE, viewer, at, key)


@transaction.atomic
def decline(assignment_id: int, reason: str, *, viewer: Viewer, at: datetime | None = None,
            key: UUID | None = None) -> None:  # fmt: skip
    """The crew cannot go, and says why: the unit is free, the task waits for another."""
    _give_up(assignment_id, State.DECLINED, reason, viewer, at, key)


@transaction.atomic
def cancel(assignment_id: int, reason: str, *, viewer: Viewer) -> None:
    """Whoever sent the crew calls it back."""
    if not viewer.has(*SENDERS):
        raise NotAllowed(_("Your role does not allow this."))
    _give_up(assignment_id, State.CANCELLED, reason, viewer, None, None)


@transaction.atomic
def record_measurement(
    assignment_id: int, length_cm: int, width_cm: int, depth_cm: int = 0, *, viewer: Viewer,
    at: datetime | None = None, key: UUID | None = None,
) -> None:  # fmt: skip
    """What was measured on the spot, in centimetres. Raises Invalid for sizes that cannot be."""
    row = _locked(assignment_id, viewer)
    if _done_before(key, row, "measure", viewer):
        return
    _check_sizes(length_cm, width_cm, depth_cm)
    _check_on_scene(row)
    now = clock.now()
    when = stamp(at, row.arrived_at or row.assigned_at, now)
    sizes: dict[str, Any] = {"length_cm": length_cm, "width_cm": width_cm, "depth_cm": depth_cm}
    Measurement.objects.create(assignment=row, at=when, by=viewer.actor, **sizes)
    surface, hollow = area_m2(length_cm, width_cm), volume_m3(length_cm, width_cm, depth_cm)
    about = _about(row, _scene_of(row))
    _append(events.Measured(**about, **sizes, area_m2=surface, volume_m3=hollow), row, viewer.actor)


def _check_sizes(length_cm: int, width_cm: int, depth_cm: int) -> None:
    faults = {
        name: _("Between {least} and {most} centimetres.").format(least=least, most=LONGEST_SIDE_CM)
        for name, size, least in (
            ("length_cm", length_cm, 1),
            ("width_cm", width_cm, 1),
            ("depth_cm", depth_cm, 0),
        )
        if not least <= size <= LONGEST_SIDE_CM
    }
    if faults:
        raise Invalid(faults)


def _check_on_scene(row: Assignment) -> None:
    if row.state != State.ON_SCENE:
        raise Conflict(_("Say first that you have arrived."))


@transaction.atomic
def add_photo(assignment_id: int, data: bytes, *, viewer: Viewer, key: UUID | None = None) -> str:
    """The crew's picture from the spot; returns its address. Raises Invalid when it is no picture."""
    row = _locked(assignment_id, viewer)
    if _done_before(key, row, "photo", viewer):
        return row.photo
    if State(row.state) not in ACTIVE:
        raise Conflict(_("This assignment has ended."))
    where = _scene_of(row)
    photo = files.save_photo(
        data, f"assignment:{row.pk}", kind="after", public=not where.secret, agency=row.agency,
        simulated=row.simulated,
    )  # fmt: skip
    row.photo = files.url(photo.code)
    row.save(update_fields=["photo"])
    shown = "" if where.secret else row.photo
    _append(events.PhotoAdded(**_about(row, where), photo=shown), row, viewer.actor)
    return row.photo


@transaction.atomic
def finish(assignment_id: int, repair: str, *, viewer: Viewer, cost_idr: int | None = None, notes: str = "",
           at: datetime | None = None, key: UUID | None = None) -> None:  # fmt: skip
    """Done, for the time being or for good. The last crew of a task completes it. Raises Invalid."""
    row = _locked(assignment_id, viewer)
    if _done_before(key, row, "finish", viewer):
        return
    if repair not in set(Repair):
        raise Invalid({"repair": _("Say whether the repair is temporary or permanent.")})
    if cost_idr is not None and not 0 <= cost_idr <= LARGEST_COST_IDR:
        raise Invalid({"cost_idr": _("The cost must be 0 or more rupiah.")})
    old = _move(
        row, State.FINISHED, at, repair=repair, cost_idr=cost_idr, notes=" ".join(notes.split())[:500]
    )
    _free(row)
    _after_state(row, old, viewer)
    _settle_task(row, viewer)


@transaction.atomic
def suggest_arrival(assignment_id: int, metres: float) -> bool:
    """The unit's own position says that it is there. False when that was said before or no longer matters."""
    rows = Assignment.objects.filter(pk=assignment_id, arrival_suggested_at=None,
                                     state__in=(State.ACCEPTED, State.EN_ROUTE))  # fmt: skip
    if rows.update(arrival_suggested_at=clock.now()) != 1:
        return False
    row = Assignment.objects.select_related("unit").get(pk=assignment_id)
    suggested = events.ArrivalSuggested(**_about(row, _scene_of(row)), metres=round(metres, 1))
    _append(suggested, row, "system:geofence")
    return True


@transaction.atomic
def _step(assignment_id: int, target: State, viewer: Viewer, at: datetime | None, key: UUID | None) -> None:
    row = _locked(assignment_id, viewer)
    if not _done_before(key, row, target, viewer):
        _after_state(row, _move(row, target, at), viewer)


def _give_up(assignment_id: int, target: State, reason: str, viewer: Viewer, at: datetime | None,
             key: UUID | None) -> None:  # fmt: skip
    row = _locked(assignment_id, viewer)
    if _done_before(key, row, target, viewer):
        return
    words = " ".join(reason.split())[:200]
    if not words:
        raise Invalid({"reason": _("Say why.")})
    old = _move(row, target, at, reason=words)
    _free(row)
    _after_state(row, old, viewer)
    _settle_task(row, viewer)


def _locked(assignment_id: int, viewer: Viewer) -> Assignment:
    """The assignment, held, for somebody of its unit's agency or the control room."""
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("unit")
    row = rows.filter(pk=assignment_id).first()
    if row is None or not viewer.sees(row.agency):
        raise NotFound(_("There is no such assignment."))
    if not viewer.has(*CREWS):
        raise NotAllowed(_("Your role does not allow this."))
    return row


def _done_before(key: UUID | None, row: Assignment, action: str, viewer: Viewer) -> bool:
    """True when this very action of a phone was carried out already: its answer was lost on the way."""
    if key is None:
        return False
    first = {"assignment": row, "actor": viewer.actor, "action": str(action), "at": clock.now()}
    _, made = Handled.objects.get_or_create(key=key, defaults=first)
    return not made


def _move(row: Assignment, target: State, at: datetime | None, **changes: object) -> State:
    """Compare and set; stamps the step. Returns the old state."""
    old = State(row.state)
    earliest = max(
        moment for moment in (row.assigned_at, row.accepted_at, row.set_off_at, row.arrived_at) if moment
    )
    values = {"state": target, STAMPS[target]: stamp(at, earliest, clock.now()), **changes}
    if old not in sources(target) or Assignment.objects.filter(pk=row.pk, state=old).update(**values) != 1:
        raise Conflict(_("This call has moved on: it is now “{state}”.").format(state=old.label))
    for name, value in values.items():
        setattr(row, name, value)
    return old


def _free(row: Assignment) -> None:
    Unit.objects.filter(pk=row.unit_id, state=UnitState.ASSIGNED).update(state=UnitState.FREE)


def _settle_task(row: Assignment, viewer: Viewer) -> None:
    """Once no crew is on the task any more: done if one of them finished, else waiting for another."""
    others = Assignment.objects.filter(task_id=row.task_id)
    if others.filter(state__in=ACTIVE).exists():
        return
    finished = list(others.filter(state=State.FINISHED).order_by("ended_at"))
    if not finished:
        incidents.release_task(row.task_id, actor=viewer.actor)
        return
    costs = [one.cost_idr for one in finished if one.cost_idr is not None]
    incidents.complete_task(row.task_id, actor=viewer.actor, repair=finished[-1].repair,
                            cost_idr=sum(costs) if costs else None)  # fmt: skip


def _after_state(row: Assignment, old: State, viewer: Viewer) -> None:
    taken_place: datetime = getattr(row, STAMPS[State(row.state)])
    _append(events.StateChanged(
        **_about(row, _scene_of(row)), old=str(old), at=taken_place.isoformat(), repair=row.repair,
        reason=row.reason, cost_idr=row.cost_idr,
    ), row, viewer.actor)  # fmt: skip


def _scene_of(row: Assignment) -> Scene:
    where = scene(row.incident_id)
    assert where is not None, "an assignment's incident is never deleted"
    return where


def _about(row: Assignment, where: Scene) -> dict[str, Any]:
    """The fields of `events.AboutAssignment`."""
    return {
        "assignment": row.pk, "task": row.task_id, "incident": row.incident_id, "number": where.number,
        "title": where.title, "category": where.category, "priority": where.priority, "agency": row.agency,
        "unit": row.unit_id, "vehicle": row.unit.vehicle_id, "callsign": row.unit.callsign,
        "unit_kind": row.unit.kind, "state": str(row.state), "eta_s": row.eta_s,
    }  # fmt: skip


def _append(event: object, row: Assignment, actor: str) -> None:
    ledger.append(event, actor=actor, subject=f"incident:{row.incident_id}", agency=row.agency,
                  simulated=row.simulated)  # fmt: skip
