"""The one way in which an alarm's row changes: locked, checked, compared and set, announced."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from patriot.alarms import events
from patriot.alarms.models import Alarm, AlarmType, Call
from patriot.alarms.rules import State, after, may
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from patriot.ledger import actions as ledger
from patriot.people.queries import agency_names
from patriot.people.rules import Viewer

type MakeEvent = Callable[..., events.About]
LONGEST_REASON = 300
SEVERAL = int.from_bytes(b"alarms")  # the advisory lock of those who change several
COPIED = tuple(name for name in events.About.__dataclass_fields__ if name not in ("alarm", "agency_name"))


def sees(viewer: Viewer, agency: str) -> bool:
    """True when an alarm of this agency is within the viewer's scope."""
    return viewer.sees(agency) if agency else viewer.citywide


def locked(alarm_id: int, viewer: Viewer | None = None) -> Alarm:
    """The alarm's row, held until the transaction ends. Raises NotFound, also for what is not theirs."""
    row = Alarm.objects.select_for_update().filter(pk=alarm_id).first()
    if row is None or (viewer is not None and not sees(viewer, row.agency)):
        raise NotFound(_("There is no such alarm."))
    return row


def several() -> None:
    """Wait until nobody else changes several alarms, and be the only one to until this transaction ends.

    Before any row is held: else two who each hold one and want the other's would wait in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEVERAL])


def is_latching(code: str) -> bool:
    """True when alarms of this type wait for a person's reset."""
    return AlarmType.objects.filter(code=code, latching=True).exists()


def step(row: Alarm, action: str, viewer: Viewer | None = None) -> State:
    """The state that `action` makes of the row; `viewer` None: a job asks. Raises Conflict, NotAllowed."""
    new = after(row.state, action, row.level, latching=is_latching(row.code))
    if new is None:
        label = State(row.state).label
        raise Conflict(_("The alarm has moved on: it is now “{state}”.").format(state=label))
    if viewer is not None and not may(row.state, action, viewer.roles):
        raise NotAllowed(_("Your role does not allow this."))
    return new


def put(row: Alarm, **changes: Any) -> str:
    """Compare and set columns while state and level are those read; returns the old state.

    Only a consequence has a lead: whatever leaves that state leaves it behind.
    """
    old = row.state
    if changes.get("state", State.CONSEQUENCE) != State.CONSEQUENCE:
        changes["lead"] = None
    if Alarm.objects.filter(pk=row.pk, state=old, level=row.level).update(**changes) != 1:
        raise Conflict(_("Somebody was faster. Look at the alarm again."))
    for name, value in changes.items():
        setattr(row, name, value)
    return old


UNHIDDEN: dict[str, Any] = {
    "until": None, "reason": "", "hidden_by": "", "hidden_at": None, "shelved_priority": "", "rule": "",
}  # fmt: skip
UNSEEN: dict[str, Any] = {"acknowledged_at": None, "acknowledged_by": "", "reminded": 0}


def call(row: Alarm) -> None:
    """Count that the alarm asks for attention now; its row says so already."""
    Call.objects.create(
        alarm=row, at=clock.now(), level=row.level, label=row.label, priority=row.priority, value=row.value,
        simulated=row.simulated,
    )  # fmt: skip


def about(row: Alarm) -> dict[str, Any]:
    """The fields of `events.About`."""
    fields = {name: getattr(row, name) for name in COPIED}
    return {**fields, "alarm": row.pk, "agency_name": agency_names().get(row.agency, row.agency)}


def announce(make: MakeEvent, row: Alarm, actor: str, **extra: object) -> None:
    """Append an event about the alarm as it is now."""
    ledger.append(
        make(**about(row), **extra), actor=actor, subject=f"alarm:{row.pk}", agency=row.agency,
        simulated=row.simulated,
    )  # fmt: skip


def reason_of(words: str) -> str:
    """Words that must be there. Raises Invalid when they are not."""
    words = " ".join(words.split())
    if not words:
        raise Invalid({"reason": _("Say why: the reason is shown to everybody concerned.")})
    return words[:LONGEST_REASON]
