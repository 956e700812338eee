"""Windows of maintenance: suppression planned by a person, with a beginning, an end and a reason."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.alarms import events
from patriot.alarms.change import locked, reason_of, sees, several
from patriot.alarms.conditions import apply_rules
from patriot.alarms.models import Alarm, SuppressionRule
from patriot.alarms.rules import OWNERS
from patriot.kernel import clock, ids
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.ledger import actions as ledger
from patriot.people.rules import Viewer

LONGEST = timedelta(days=14)


@transaction.atomic
def suppress(
    alarm_id: int, starts: datetime, ends: datetime, reason: str, *, viewer: Viewer, whole_thing: bool = True
) -> str:
    """Plan a window in which this alarm, or every alarm of its thing, is expected; returns the rule's key.

    Raises Invalid for a window that has passed or is longer than 14 days, Conflict for an alarm without a
    thing (shelve it instead), NotAllowed, NotFound.
    """
    several()
    row = locked(alarm_id, viewer)
    if not viewer.has(*OWNERS):
        raise NotAllowed(_("Your role does not allow this."))
    if row.thing is None:
        raise Conflict(_("This alarm belongs to no device. Shelve it instead."))
    reason, now = reason_of(reason), clock.now()
    if not (max(starts, now - timedelta(minutes=1)) < ends <= starts + LONGEST and ends > now):
        raise Invalid(
            {"until": _("A window ends after it begins, in the future, and after 14 days at most.")}
        )
    rule = SuppressionRule.objects.create(
        key=f"window-{ids.readable_code(8)}", code="" if whole_thing else row.code, thing=row.thing,
        starts_at=starts, ends_at=ends, reason_id=reason, created_by=viewer.actor, simulated=row.simulated,
    )  # fmt: skip
    planned = events.WindowPlanned(rule.key, rule.code, row.thing, starts, ends, reason)
    _append(planned, rule, row.agency, viewer)
    apply_rules()
    return rule.key


@transaction.atomic
def end_window(key: str, *, viewer: Viewer) -> None:
    """End a window before its time: what it hides comes back. Raises NotFound, NotAllowed."""
    several()
    rule = SuppressionRule.objects.select_for_update().filter(key=key, from_pack=False).first()
    agency = _agency_of(rule)
    if rule is None or not sees(viewer, agency):
        raise NotFound(_("There is no such window."))
    if not viewer.has(*OWNERS):
        raise NotAllowed(_("Your role does not allow this."))
    now = clock.now()
    SuppressionRule.objects.filter(pk=rule.pk, ends_at__gt=now).update(ends_at=now)
    _append(events.WindowEnded(rule.key), rule, agency, viewer)
    apply_rules()


def _agency_of(rule: SuppressionRule | None) -> str:
    thing = rule.thing if rule else None
    return Alarm.objects.filter(thing=thing).values_list("agency", flat=True).first() or ""


def _append(event: object, rule: SuppressionRule, agency: str, viewer: Viewer) -> None:
    subject = f"alarm-rule:{rule.key}"
    ledger.append(event, actor=viewer.actor, subject=subject, agency=agency, simulated=rule.simulated)
