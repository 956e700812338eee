"""Loading a city's units and run cards."""

from dataclasses import dataclass, field

from django.db import transaction

from patriot.dispatch.models import RunCard, Unit
from patriot.fleet.queries import by_plate
from patriot.kernel.pack import Pack


@dataclass(frozen=True)
class UnitRow:
    """A line of units.csv: a crew, its station and the plate of its vehicle."""

    callsign: str
    kind: str
    agency: str
    station: str
    lon: float
    lat: float
    crew_size: int
    capabilities: list[str] = field(default_factory=list)
    plate: str = ""
    around_the_clock: bool = True


@dataclass(frozen=True)
class RunCardRow:
    """A line of run_cards.csv."""

    category: str
    step: int
    unit_kind: str
    count: int


@transaction.atomic
def load(pack: Pack) -> int:
    """Create the pack's units or bring them up to date, and replace the run cards; returns how many units.

    A unit's state stays as it is: a crew on its way is not called back by a new pack.
    """
    vehicles = by_plate()
    rows = pack.table("units.csv", UnitRow)
    for row in rows:
        vehicle = vehicles.get(row.plate)
        told = {
            "kind": row.kind, "agency": row.agency, "station": row.station, "station_lon": row.lon,
            "station_lat": row.lat, "crew_size": row.crew_size, "capabilities": row.capabilities,
            "around_the_clock": row.around_the_clock, "vehicle_id": vehicle.id if vehicle else None,
            "simulated": bool(vehicle and vehicle.simulated),
        }  # fmt: skip
        Unit.objects.update_or_create(callsign=row.callsign, defaults=told)
    RunCard.objects.all().delete()
    RunCard.objects.bulk_create(
        RunCard(category=row.category, step=row.step, kind=row.unit_kind, count=row.count)
        for row in pack.table("run_cards.csv", RunCardRow)
    )
    return len(rows)
