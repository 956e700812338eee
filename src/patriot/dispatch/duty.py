"""Units and their crews: in and out of service, signing on and off."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.dispatch.events import UnitChanged
from patriot.dispatch.models import Crew, Unit
from patriot.dispatch.rules import UnitState
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, NotFound
from patriot.ledger import actions as ledger
from patriot.people import actions as people
from patriot.people.queries import on_shift
from patriot.people.rules import Role, Viewer

IN_CHARGE = (Role.OFFICER, Role.STAFF, Role.HEAD, Role.DISPATCHER, Role.OPERATOR)
SHIFT = timedelta(hours=8)


@transaction.atomic
def set_service(unit_id: int, in_service: bool, reason: str, *, viewer: Viewer) -> None:
    """Take a free unit out of service, or back into it. Raises Conflict while it is assigned."""
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None or not viewer.may(IN_CHARGE, unit.agency):
        raise NotFound(_("There is no such unit."))
    old, new = (UnitState.OFF, UnitState.FREE) if in_service else (UnitState.FREE, UnitState.OFF)
    if Unit.objects.filter(pk=unit_id, state=old).update(state=new) != 1:
        raise Conflict(_("{unit} is not in that state any more.").format(unit=unit.callsign))
    what = " ".join(reason.split())[:200] or ("in_service" if in_service else "out_of_service")
    _announce_unit(unit, new, what, viewer)


@transaction.atomic
def sign_on(unit_id: int, *, viewer: Viewer) -> None:
    """Become crew of a unit of one's agency, leaving any other; an eight-hour shift starts when none runs."""
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None or viewer.user_id is None or not viewer.may((Role.OFFICER,), unit.agency):
        raise NotFound(_("There is no such unit."))
    now = clock.now()
    Crew.objects.filter(user=viewer.user_id, until=None).update(until=now)
    Crew.objects.create(unit=unit, user_id=viewer.user_id, since=now)
    if viewer.user_id not in on_shift(now):
        people.plan_shift(viewer.user_id, now, now + SHIFT, actor=viewer.actor)
    _announce_unit(unit, unit.state, "signed_on", viewer)


@transaction.atomic
def sign_off(*, viewer: Viewer) -> None:
    """Leave one's unit. Nothing happens without one."""
    crew = Crew.objects.filter(user=viewer.user_id, until=None).select_related("unit").first()
    if crew is not None and Crew.objects.filter(pk=crew.pk, until=None).update(until=clock.now()):
        _announce_unit(crew.unit, crew.unit.state, "signed_off", viewer)


def _announce_unit(unit: Unit, state: str, what: str, viewer: Viewer) -> None:
    event = UnitChanged(unit.pk, unit.vehicle_id, unit.callsign, unit.kind, unit.agency, str(state), what)
    ledger.append(event, actor=viewer.actor, subject=f"unit:{unit.pk}", agency=unit.agency,
                  simulated=unit.simulated or viewer.simulated)  # fmt: skip
