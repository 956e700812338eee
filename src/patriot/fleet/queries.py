"""Where vehicles are and were."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from patriot.fleet.models import Device, Latest, Vehicle
from patriot.fleet.rules import STAYS, Flag, Known, Last
from patriot.kernel import clock
from patriot.kernel.geometry import Point
from patriot.people.queries import scope
from patriot.people.rules import Viewer

TRAIL = """
SELECT lon, lat, heading, speed_kmh, fixed_at FROM fleet_position
WHERE device_id = ANY(%s) AND claimed_at > %s AND day >= %s AND flags & %s = 0 ORDER BY fixed_at
"""


@dataclass(frozen=True, slots=True)
class LatestPosition:
    """A vehicle's newest position. Degrees; None where the device did not say."""

    vehicle_id: int
    callsign: str
    kind: str
    agency: str
    lon: float
    lat: float
    speed_kmh: float | None
    heading: float | None
    fixed_at: datetime
    received_at: datetime
    simulated: bool
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class TrailPoint:
    """One fix of a trail."""

    lon: float
    lat: float
    heading: float | None
    speed_kmh: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """A vehicle as lists show it."""

    id: int
    plate: str
    kind: str
    agency: str
    callsign: str
    simulated: bool


def latest_positions(
    viewer: Viewer | None = None, vehicle_ids: list[int] | None = None
) -> list[LatestPosition]:
    """The newest position of every vehicle the viewer may see (None: of all), one row a vehicle."""
    rows = Latest.objects.filter(device__vehicle__isnull=False)
    if viewer is not None:
        rows = scope(rows, viewer, "device__vehicle__agency")
    if vehicle_ids is not None:
        rows = rows.filter(device__vehicle__in=vehicle_ids)
    newest = rows.order_by("device__vehicle_id", "-fixed_at").distinct("device__vehicle_id")
    return [
        LatestPosition(*row)
        for row in newest.annotate(vehicle=F("device__vehicle_id")).values_list(
            "vehicle",
            "device__vehicle__callsign",
            "device__vehicle__kind",
            "device__vehicle__agency",
            "lon",
            "lat",
            "speed_kmh",
            "heading",
            "fixed_at",
            "received_at",
            "device__vehicle__simulated",
            "accuracy_m",
        )
    ]


def latest_fixes() -> dict[int, tuple[Point, datetime]]:
    """Where every vehicle was last, and when: by vehicle id, for who needs no more."""
    rows = Latest.objects.filter(device__vehicle__isnull=False).order_by("fixed_at")
    seen = rows.values_list("device__vehicle_id", "lon", "lat", "fixed_at")
    return {vehicle: (Point(lon, lat), at) for vehicle, lon, lat, at in seen}


def trail(vehicle_id: int, minutes: int = 15) -> list[TrailPoint]:
    """Where a vehicle was in the last minutes, oldest first; without jumps and unbelievable clocks."""
    since = clock.now() - timedelta(minutes=minutes)
    devices = list(Device.objects.filter(vehicle=vehicle_id).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(TRAIL, [devices, since, since.date(), (STAYS & ~Flag.LATE).value])
        return [TrailPoint(*row) for row in cursor.fetchall()]


def vehicles(viewer: Viewer) -> list[VehicleRow]:
    """The vehicles of the viewer's scope."""
    rows = scope(Vehicle.objects.all(), viewer)
    return [
        VehicleRow(*row) for row in rows.values_list("id", "plate", "kind", "agency", "callsign", "simulated")
    ]


def known(uid: str) -> Known | None:
    """A registered device and its last fix, as the handlers want it."""
    device = Device.objects.filter(uid=uid).select_related("latest").first()
    if device is None:
        return None
    newest = getattr(device, "latest", None)
    last = Last(newest.claimed_at, newest.fixed_at, newest.lon, newest.lat) if newest else None
    return Known(device.pk, device.vehicle_id, device.secret_digest, last)


def by_plate() -> dict[str, VehicleRow]:
    """Every vehicle by its plate."""
    rows = Vehicle.objects.values_list("id", "plate", "kind", "agency", "callsign", "simulated")
    return {row[1]: VehicleRow(*row) for row in rows}
