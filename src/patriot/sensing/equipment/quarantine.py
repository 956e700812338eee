"""What could not be used, grouped by device and reason, and how somebody resolves it.

Replaying ties the device to a thing and stores what was kept by the way every reading goes. Discarding
keeps the payloads and hides them, with a reason, until it is undone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from patriot.kernel import clock
from patriot.kernel.errors import Invalid, NotFound
from patriot.ledger import actions as ledger
from patriot.sensing import actions
from patriot.sensing.actions import Reading
from patriot.sensing.equipment.payloads import BadPayload, decode
from patriot.sensing.events import QuarantineResolved
from patriot.sensing.models import Datastream, Device, Quarantined

KEPT = timedelta(days=30)
DISCARDED, REPLAYED = "discarded", "replayed"  # how a resolution begins; a reason may follow after a colon
GROUPS = """
SELECT q.uid, q.reason, q.source, count(*), min(q.at), max(q.at),
       (array_agg(q.topic ORDER BY q.at DESC))[1], (array_agg(q.payload ORDER BY q.at DESC))[1],
       (array_agg(q.resolution ORDER BY q.at DESC))[1],
       coalesce((SELECT sum(c.count) FROM sensing_quarantine_count c WHERE c.uid = q.uid
                 AND c.reason = q.reason AND c.source = q.source), count(*)),
       (SELECT d.thing_id FROM sensing_device d WHERE d.uid = q.uid)
FROM sensing_quarantined q
WHERE (q.resolved_at IS NULL) <> %(resolved)s
  AND (%(words)s = '' OR q.uid ILIKE %(like)s) AND (%(reason)s = '' OR q.reason = %(reason)s)
GROUP BY q.uid, q.reason, q.source ORDER BY max(q.at) DESC
"""


@dataclass(frozen=True)
class Group:
    """Payloads of one device with one fault. `kept` of the `came` are here; `sample` is the newest.

    `thing`: what the device speaks for, None when nobody said so. `resolution`: empty while it waits.
    """

    uid: str
    reason: str
    source: str
    kept: int
    first_at: datetime
    last_at: datetime
    topic: str
    sample: bytes
    resolution: str
    came: int
    thing: int | None

    @property
    def key(self) -> str:
        """The datastream's key, as the topic has it; empty when the topic is no plain one."""
        return key_of(self.topic, self.uid)

    @property
    def may_undo(self) -> bool:
        """What was stored stays stored; what was discarded can come back."""
        return self.resolution.startswith(DISCARDED)


def key_of(topic: str, uid: str) -> str:
    """`sensing/<uid>/<key>` → key; empty for other topics."""
    parts = topic.split("/")
    return parts[2] if len(parts) == 3 and parts[:2] == ["sensing", uid] else ""


def groups(words: str = "", reason: str = "", *, resolved: bool = False) -> list[Group]:
    """What waits (or was resolved), the newest first."""
    like = "%" + words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, {"words": words, "like": like, "reason": reason, "resolved": resolved})
        return [_group(*row) for row in cursor.fetchall()]


def _group(uid: str, reason: str, source: str, kept: int, first: datetime, last: datetime, topic: str,
           sample: memoryview, resolution: str, came: int, thing: int | None) -> Group:  # fmt: skip
    return Group(
        uid, reason, source, kept, first, last, topic, bytes(sample), resolution, max(kept, int(came)), thing
    )


def reasons() -> list[str]:
    """Every reason that something waits for."""
    waiting = Quarantined.objects.filter(resolved_at=None)
    return list(waiting.values_list("reason", flat=True).distinct().order_by("reason"))


def waiting() -> int:
    """How many payloads wait."""
    return Quarantined.objects.filter(resolved_at=None).count()


def payloads(uid: str, reason: str, most: int = 20) -> list[tuple[datetime, str, bytes]]:
    """The newest that wait: when, topic, payload."""
    rows = Quarantined.objects.filter(uid=uid, reason=reason, resolved_at=None).order_by("-at", "-pk")
    return [(row.at, row.topic, bytes(row.payload)) for row in rows[:most]]


@transaction.atomic
def replay(uid: str, reason: str, *, thing: int, key: str = "", actor: str) -> tuple[int, int]:
    """Say what the device speaks for and store what it said; (readings stored, payloads that stay here).

    `key` replaces the topic's own. Raises Invalid for a thing or datastream that is not there, NotFound when
    nothing waits.
    """
    rows = _locked(uid, reason)
    streams = dict(Datastream.objects.filter(thing=thing).values_list("key", "pk"))
    if not streams:
        raise Invalid({"thing": _("This thing has no datastream.")})
    if key and key not in streams:
        raise Invalid({"key": _("This thing has no datastream “{key}”.").format(key=key)})
    readings, used = _read(rows, streams, key)
    _tie(uid, thing)
    if readings:
        actions.store(readings, source="mqtt")
    _close(used, REPLAYED, uid, reason, actor, thing=thing)
    return len(readings), len(rows) - len(used)


def _read(
    rows: list[Quarantined], streams: dict[str, int], key: str
) -> tuple[list[Reading], list[Quarantined]]:
    """Readings of all payloads that can be used now, and those payloads."""
    readings: list[Reading] = []
    used = []
    for row in rows:
        stream = streams.get(key or key_of(row.topic, row.uid))
        try:
            moments, values = decode(bytes(row.payload), round(row.at.timestamp() * 1_000_000))
        except BadPayload:
            continue
        if stream is not None:
            said = zip(moments, values, strict=True)
            readings += [Reading(stream, None if v != v else v, at=_moment(at)) for at, v in said]
            used.append(row)
    return readings, used


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, clock.WIB)


def _tie(uid: str, thing: int) -> None:
    """From now on the device speaks for this thing. A device that speaks for another keeps to it."""
    device, is_new = Device.objects.select_for_update().get_or_create(uid=uid, defaults={"thing_id": thing})
    if not is_new and device.thing_id is None:
        device.thing_id = thing
        device.save(update_fields=["thing"])
    elif not is_new and device.thing_id != thing:
        raise Invalid({"thing": _("This device speaks for another thing. Change that under Devices first.")})


@transaction.atomic
def discard(uid: str, reason: str, *, words: str, actor: str) -> int:
    """Put a group away, with words why; how many payloads. Raises Invalid without words, NotFound."""
    words = words.strip()[:160]
    if not words:
        raise Invalid({"words": _("Say why it may be discarded.")})
    rows = _locked(uid, reason)
    _close(rows, f"{DISCARDED}: {words}", uid, reason, actor)
    return len(rows)


@transaction.atomic
def undo(uid: str, reason: str, *, actor: str) -> int:
    """Take a discarded group back; how many payloads. Raises NotFound when there is none."""
    gone = Quarantined.objects.filter(uid=uid, reason=reason, resolution__startswith=DISCARDED)
    count = gone.update(resolved_at=None, resolution="")
    if not count:
        raise NotFound(_("Nothing of this was discarded."))
    _announce(uid, reason, "undone", count, actor)
    return count


def _locked(uid: str, reason: str) -> list[Quarantined]:
    rows = Quarantined.objects.select_for_update().filter(uid=uid, reason=reason, resolved_at=None)
    found = list(rows.order_by("at", "pk"))
    if not found:
        raise NotFound(_("Nothing of this waits any more."))
    return found


def _close(
    rows: list[Quarantined], resolution: str, uid: str, reason: str, actor: str, thing: int | None = None
) -> None:
    if rows:
        ids = [row.pk for row in rows]
        Quarantined.objects.filter(pk__in=ids).update(resolved_at=clock.now(), resolution=resolution)
        _announce(uid, reason, resolution, len(rows), actor, thing)


def _announce(
    uid: str, reason: str, resolution: str, count: int, actor: str, thing: int | None = None
) -> None:
    event = QuarantineResolved(uid, reason, resolution, count, thing)
    ledger.append(event, actor=actor, subject=f"device:{uid}")


def forget(now: datetime) -> int:
    """Drop payloads older than `KEPT`, resolved or not, and their counts; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sensing_quarantine_count WHERE day < %s", [(now - KEPT).date()])
        cursor.execute("DELETE FROM sensing_quarantined WHERE at < %s", [now - KEPT])
        return int(cursor.rowcount)
