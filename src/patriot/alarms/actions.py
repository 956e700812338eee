"""What people and jobs do to alarms. One action, one transaction: check, compare and set, announce."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patriot.alarms import events
from patriot.alarms.change import UNHIDDEN, UNSEEN, announce, locked, put, reason_of, sees, several, step
from patriot.alarms.checklist import note, tick_step
from patriot.alarms.conditions import Said, apply_rules, come_back, raise_from_condition
from patriot.alarms.consequences import settle
from patriot.alarms.escalation import remind
from patriot.alarms.maintenance import end_window, suppress
from patriot.alarms.models import Alarm, Call, Note, PriorityRule
from patriot.alarms.rules import FALLBACK_LIMITS, Priority, State, may
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, Refused
from patriot.people.rules import Viewer

__all__ = [
    "Said", "acknowledge", "acknowledge_all", "apply_rules", "end_shelving", "end_window", "hold",
    "link_incident", "note", "raise_from_condition", "remind", "reset", "return_to_service", "shelve",
    "suppress", "take_out_of_service", "tick_step", "undo_acknowledge", "unshelve",
]  # fmt: skip

UNDO_WITHIN = timedelta(minutes=2)
LONGEST_NOTE = 2000
MOST_AT_ONCE = 200


@transaction.atomic
def acknowledge(alarm_id: int, *, viewer: Viewer, note: str = "", seen_level: int | None = None) -> str:
    """Somebody has seen it and acts; returns the new state. `seen_level`: the level on their screen.

    Raises NotFound, NotAllowed, and Conflict when somebody was faster or it has become worse than they saw.
    """
    row = locked(alarm_id, viewer)
    new = step(row, "acknowledge", viewer)
    if seen_level is not None and row.level > seen_level:
        raise Conflict(
            _("It has become worse since: {label}. Look again.").format(label=row.label or row.level)
        )
    now = clock.now()
    old = put(row, state=new, acknowledged_at=now, acknowledged_by=viewer.actor, reminded=0)
    seen = Q(alarm=row) | Q(alarm__lead=row.pk)  # what stood beneath it was on the screen with it
    Call.objects.filter(seen, acknowledged_at=None).update(acknowledged_at=now, acknowledged_by=viewer.actor)
    words = note.strip()[:LONGEST_NOTE]
    kept = Note.objects.create(alarm=row, words=words, actor=viewer.actor, at=now) if words else None
    announce(events.Acknowledged, row, viewer.actor, old=old, note=kept.pk if kept else None)
    return new


def acknowledge_all(seen: Iterable[tuple[int, int]], *, viewer: Viewer) -> int:
    """Acknowledge the alarms that are on a screen, as (id, level seen); returns how many it were.

    What has become worse since, or was acknowledged by somebody else, is left as it is. Raises NotAllowed.
    """
    done = 0
    for alarm_id, level in list(seen)[:MOST_AT_ONCE]:
        try:
            acknowledge(alarm_id, viewer=viewer, seen_level=level)
            done += 1
        except NotAllowed:
            raise
        except Refused:
            continue
    return done


@transaction.atomic
def undo_acknowledge(alarm_id: int, *, viewer: Viewer) -> None:
    """Take one's own acknowledgement back, within two minutes. Raises Conflict, NotAllowed, NotFound."""
    several()
    row = locked(alarm_id, viewer)
    new = step(row, "undo_acknowledge", viewer)
    theirs = row.acknowledged_by == viewer.actor and row.acknowledged_at is not None
    if not theirs or row.acknowledged_at is None or clock.now() - row.acknowledged_at > UNDO_WITHIN:
        raise Conflict(_("Only your own acknowledgement can be undone, within two minutes."))
    seen = Q(alarm=row) | Q(alarm__lead=row.pk)
    Call.objects.filter(seen, acknowledged_at=row.acknowledged_at).update(
        acknowledged_at=None, acknowledged_by=""
    )
    old = put(row, state=new, **UNSEEN)
    announce(events.AcknowledgementUndone, row, viewer.actor, old=old)
    settle()


@transaction.atomic
def reset(alarm_id: int, *, viewer: Viewer) -> None:
    """Say of a latched alarm that it is over indeed."""
    row = locked(alarm_id, viewer)
    put(row, state=step(row, "reset", viewer))
    announce(events.Reset, row, viewer.actor)


def longest_shelving(priority: str) -> timedelta:
    """How long an alarm of this priority may be shelved."""
    rule = PriorityRule.objects.filter(priority=priority).first()
    if rule is not None:
        return timedelta(minutes=rule.shelve_max_minutes)
    return FALLBACK_LIMITS[Priority(priority)].shelve_max


@transaction.atomic
def shelve(alarm_id: int, until: datetime, reason: str, *, viewer: Viewer) -> None:
    """Lay an alarm aside for a limited time, and say why. Raises Invalid, Conflict, NotAllowed, NotFound."""
    several()
    row = locked(alarm_id, viewer)
    new = step(row, "shelve", viewer)
    reason, now = reason_of(reason), clock.now()
    longest = longest_shelving(row.priority)
    if not now < until <= now + longest + timedelta(seconds=60):
        minutes = int(longest.total_seconds() // 60)
        words = ngettext(
            "An alarm of this priority can be shelved for {n} minute at most.",
            "An alarm of this priority can be shelved for {n} minutes at most.", minutes,
        )  # fmt: skip
        raise Invalid({"until": words.format(n=minutes)})
    hidden = {"until": until, "reason": reason, "hidden_by": viewer.actor, "hidden_at": now}
    old = put(row, state=new, **{**UNHIDDEN, **hidden, "shelved_priority": row.priority})
    announce(events.Shelved, row, viewer.actor, old=old, reason=reason)
    settle()  # what is hidden leads nobody


@transaction.atomic
def unshelve(alarm_id: int, *, viewer: Viewer) -> None:
    """Take a shelved alarm back before its time; while it is abnormal it asks for attention anew."""
    row = locked(alarm_id, viewer)
    come_back(row, step(row, "unshelve", viewer))
    announce(events.Unshelved, row, viewer.actor, by_time=False)


@transaction.atomic
def end_shelving(alarm_id: int) -> bool:
    """The time of a shelved alarm is over. False when it was not shelved any more, or not for so long yet."""
    row = locked(alarm_id)
    if row.state != State.SHELVED or row.until is None or row.until > clock.now():
        return False
    come_back(row, step(row, "expire"))
    announce(events.Unshelved, row, "system:shelving", by_time=True)
    return True


@transaction.atomic
def take_out_of_service(alarm_id: int, reason: str, *, viewer: Viewer, until: datetime | None = None) -> None:
    """Nobody trusts it for now, and why; `until`: when it is expected back. Raises Invalid and the others."""
    several()
    row = locked(alarm_id, viewer)
    new = step(row, "take_out", viewer)
    reason, now = reason_of(reason), clock.now()
    if until is not None and until <= now:
        raise Invalid({"until": _("This time has passed.")})
    hidden = {**UNHIDDEN, "until": until, "reason": reason, "hidden_by": viewer.actor, "hidden_at": now}
    old = put(row, state=new, **hidden)
    announce(events.OutOfService, row, viewer.actor, old=old, reason=reason)
    settle()


@transaction.atomic
def return_to_service(alarm_id: int, *, viewer: Viewer) -> None:
    """It is trusted again; while it is abnormal it asks for attention anew."""
    row = locked(alarm_id, viewer)
    come_back(row, step(row, "put_back", viewer))
    announce(events.PutBack, row, viewer.actor)


def hold(alarm_id: int, *, viewer: Viewer) -> None:
    """Hold the alarm's row until the caller's transaction ends. Raises NotFound."""
    locked(alarm_id, viewer)


@transaction.atomic
def link_incident(alarm_id: int, incident: int, number: str, *, actor: str) -> None:
    """Note which incident the alarm led to. Within the transaction that opened or found the incident."""
    row = locked(alarm_id)
    if row.incident != incident:
        put(row, incident=incident, incident_number=number)
        announce(events.IncidentLinked, row, actor)


def may_see(viewer: Viewer, row: Alarm) -> bool:
    """True when the alarm is within the viewer's scope."""
    return sees(viewer, row.agency)


def allowed(row: Alarm, viewer: Viewer) -> frozenset[str]:
    """The actions that a viewer's buttons offer for an alarm as it is."""
    steps = ("acknowledge", "undo_acknowledge", "reset", "shelve", "unshelve", "take_out", "put_back")
    return frozenset(name for name in steps if may(row.state, name, viewer.roles))
