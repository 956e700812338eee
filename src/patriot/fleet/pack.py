"""Loading a city's vehicles and their devices."""

from dataclasses import dataclass

from django.db import transaction

from patriot.fleet.actions import ensure_days
from patriot.fleet.models import Device, Vehicle
from patriot.kernel.pack import Pack


@dataclass(frozen=True)
class VehicleRow:
    """A line of vehicles.csv. `device_uid` is what its tracker calls itself; empty: it has none yet."""

    plate: str
    kind: str
    agency: str
    callsign: str
    device_uid: str = ""
    simulated: bool = False


@transaction.atomic
def load(pack: Pack) -> int:
    """Create the pack's vehicles and devices or bring them up to date; returns how many vehicles."""
    rows = pack.table("vehicles.csv", VehicleRow)
    for row in rows:
        told = {"kind": row.kind, "agency": row.agency, "callsign": row.callsign, "simulated": row.simulated}
        vehicle, _made = Vehicle.objects.update_or_create(plate=row.plate, defaults=told)
        if row.device_uid:
            tied = {"vehicle": vehicle, "simulated": row.simulated}
            Device.objects.update_or_create(uid=row.device_uid, defaults=tied)
    ensure_days()
    return len(rows)
