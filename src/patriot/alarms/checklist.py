"""Ticking the steps of an alarm's checklist, and notes."""

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.alarms import events
from patriot.alarms.change import announce, locked
from patriot.alarms.models import Alarm, DoneStep, Note, SopStep
from patriot.alarms.rules import OPERATORS
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed
from patriot.people.rules import Viewer

LONGEST_NOTE = 2000


def sop_of(code: str, level: int) -> list[SopStep]:
    """The checklist for a type and level: the level's own, else that of the next lower level that has one."""
    steps = list(SopStep.objects.filter(code=code, level__lte=max(level, 0)).order_by("-level", "step"))
    return [one for one in steps if one.level == steps[0].level]


@transaction.atomic
def tick_step(alarm_id: int, number: int, done: bool, *, viewer: Viewer) -> None:
    """A step was done, or was not after all. The same twice changes nothing.

    Raises Conflict when the alarm has no such step, NotAllowed, NotFound.
    """
    row = _theirs(alarm_id, viewer)
    if row.active_since is None or number not in {one.step for one in sop_of(row.code, row.level)}:
        raise Conflict(_("The checklist has changed. Look at the alarm again."))
    ticked = DoneStep.objects.filter(alarm=row, occurrence=row.active_since, step=number)
    if ticked.exists() == done:
        return
    if done:
        DoneStep.objects.create(
            alarm=row, occurrence=row.active_since, step=number, actor=viewer.actor, at=clock.now()
        )
    else:
        ticked.delete()
    announce(events.StepTicked, row, viewer.actor, step=number, done=done)


@transaction.atomic
def note(alarm_id: int, words: str, *, viewer: Viewer) -> None:
    """Write something down for the colleagues. Raises Invalid when there are no words."""
    row = _theirs(alarm_id, viewer)
    words = words.strip()[:LONGEST_NOTE]
    if not words:
        raise Invalid({"words": _("Write something.")})
    kept = Note.objects.create(alarm=row, words=words, actor=viewer.actor, at=clock.now())
    announce(events.Noted, row, viewer.actor, note=kept.pk)


def _theirs(alarm_id: int, viewer: Viewer) -> Alarm:
    row = locked(alarm_id, viewer)
    if not viewer.has(*OPERATORS):
        raise NotAllowed(_("Your role does not allow this."))
    return row
