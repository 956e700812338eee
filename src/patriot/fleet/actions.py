"""Writing positions from Django's side, and registering devices. The intake uses the same SQL."""

from datetime import date, timedelta

from django.db import connection, transaction

from patriot.fleet import queries, statements
from patriot.fleet.events import DeviceRegistered
from patriot.fleet.models import Device, Quarantined, Vehicle
from patriot.fleet.rules import REPEAT, Draft, Fix, judge
from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.ledger import actions as ledger

KEEP_QUARANTINE = timedelta(days=30)
DAYS_AHEAD = 3


@transaction.atomic
def record_fix(fix: Fix, source: str, frame: str) -> tuple[Draft, str | None]:
    """Judge and store one position: its draft and the reason when it was refused (then it is in quarantine).

    Telemetry: no ledger entry. Committed when this returns outside a transaction.
    """
    draft, reason = judge(fix, queries.known(fix.uid), clock.now())
    if reason is None:
        _store(draft)
    elif reason != REPEAT:
        quarantine(source, fix.uid, reason, frame)
    return draft, reason


def _store(draft: Draft) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements.ENSURE_DAY, [draft.day])
        cursor.execute(statements.STORE_ONE, statements.row(draft))
        if draft.moves:
            cursor.execute(statements.MOVE_ONE, statements.latest_row(draft))


def quarantine(source: str, uid: str, reason: str, frame: str) -> None:
    """Keep a frame that cannot be used, cut to 2,000 characters."""
    Quarantined.objects.create(at=clock.now(), source=source, uid=uid[:80], reason=reason, frame=frame[:2000])


@transaction.atomic
def register_device(uid: str, vehicle_id: int, *, actor: str, secret_digest: str = "") -> int:
    """Tie a device to a vehicle, or move it to another; returns the device's id. Raises NotFound."""
    vehicle = Vehicle.objects.filter(pk=vehicle_id).first()
    if vehicle is None:
        raise NotFound(f"There is no vehicle {vehicle_id}.")
    device, made = Device.objects.select_for_update().get_or_create(
        uid=uid, defaults={"vehicle": vehicle, "secret_digest": secret_digest, "simulated": vehicle.simulated}
    )
    if made or device.vehicle_id != vehicle_id:
        Device.objects.filter(pk=device.pk).update(vehicle=vehicle)
        ledger.append(
            DeviceRegistered(device.pk, vehicle_id, vehicle.callsign),
            actor=actor,
            subject=f"vehicle:{vehicle_id}",
            agency=vehicle.agency,
            simulated=vehicle.simulated,
        )
    return device.pk


def ensure_days(first: date | None = None, ahead: int = DAYS_AHEAD) -> None:
    """Have the partitions of today and the days after it ready."""
    start = first or clock.now().date()
    with connection.cursor() as cursor:
        for n in range(ahead + 1):
            cursor.execute(statements.ENSURE_DAY, [start + timedelta(days=n)])


def clear_quarantine() -> int:
    """Drop frames older than 30 days; returns how many."""
    dropped, _ = Quarantined.objects.filter(at__lt=clock.now() - KEEP_QUARANTINE).delete()
    return dropped
