"""Units with vehicles and positions, tasks ready for a crew."""

from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image

from patriot.dispatch import actions
from patriot.dispatch.models import Assignment, RunCard, Unit
from patriot.fleet.models import Device, Latest, Vehicle
from patriot.incidents.actions import open_task
from patriot.kernel import clock
from patriot.kernel.geometry import Point
from patriot.people.rules import Role, Viewer
from tests import factories

SPOT = Point(106.99, -6.24)


def dispatcher() -> Viewer:
    """Somebody of the control room."""
    return factories.viewer(Role.DISPATCHER)


def officer(agency: str = "dbmta") -> Viewer:
    """A crew member of an agency."""
    return factories.viewer(Role.OFFICER, agency)


def unit(callsign: str = "Jalan 01", point: Point = SPOT, *, kind: str = "road_crew", agency: str = "dbmta",
         **more: object) -> Unit:  # fmt: skip
    """A free unit with a vehicle, at its station."""
    vehicle = Vehicle.objects.create(plate=callsign, kind=kind, agency=agency, callsign=callsign)
    factories.agency(agency)
    return Unit.objects.create(
        callsign=callsign, kind=kind, agency=agency, vehicle_id=vehicle.pk, station_lon=point.lon,
        station_lat=point.lat, crew_size=3, **more,
    )  # fmt: skip


def fix(of: Unit, point: Point, age_s: float = 5, **more: object) -> Latest:
    """Where the unit's vehicle was seen, so many seconds ago."""
    device, _ = Device.objects.get_or_create(uid=f"d-{of.callsign}", vehicle_id=of.vehicle_id)
    at = clock.now() - timedelta(seconds=age_s)
    told = {"claimed_at": at, "fixed_at": at, "received_at": at, "lon": point.lon, "lat": point.lat}
    return Latest.objects.update_or_create(device=device, defaults=told | more)[0]


def task(estimate: int = 0, *, secret: bool = False) -> int:
    """A ready task about a pothole at SPOT, with its run card; returns the task's id."""
    RunCard.objects.get_or_create(category="lubang_jalan", step=1, kind="road_crew")
    privacy = {"privacy": "secret"} if secret else {}
    came = factories.received(SPOT.lon, SPOT.lat, **privacy)  # type: ignore[arg-type]
    return open_task(came.incident_id, "repair", estimate, viewer=dispatcher()).task_id


def called_out(callsign: str = "Jalan 01") -> Assignment:
    """A unit called out to a pothole."""
    sent = actions.assign(task(), unit(callsign).pk, viewer=dispatcher())
    return Assignment.objects.get(pk=sent)


def bring_to(assignment: int, state: str, viewer: Viewer | None = None, at: datetime | None = None) -> None:
    """Walk an assignment forward to the state."""
    who = viewer or officer()
    for step, action in (
        ("accepted", actions.accept),
        ("en_route", actions.set_off),
        ("on_scene", actions.arrive),
    ):
        action(assignment, viewer=who, at=at)
        if step == state:
            return


def picture() -> bytes:
    """A small JPEG, as a phone sends it."""
    out = BytesIO()
    Image.new("RGB", (640, 480), (120, 90, 60)).save(out, "JPEG")
    return out.getvalue()
