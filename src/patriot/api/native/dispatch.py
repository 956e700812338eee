"""Units, assignments and what crews do."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Header, Router, Status
from ninja.files import UploadedFile

from patriot.api.native.auth import viewer
from patriot.api.native.schemas import (
    AssignIn,
    AssignmentOut,
    FinishIn,
    MeasurementIn,
    PhotoOut,
    ReasonIn,
    StepIn,
    UnitOut,
    WayOut,
)
from patriot.dispatch import actions, duty, queries, ways
from patriot.kernel.errors import Invalid, NotFound
from patriot.kernel.geometry import Point

router = Router(tags=["dispatch"])

Key = Annotated[str | None, Header(alias="Idempotency-Key")]
LARGEST_PHOTO = 25 * 1024 * 1024


def _key(key: str | None) -> UUID | None:
    """The name of a repeat; a program that sends none takes its chances."""
    if not key:
        return None
    try:
        return UUID(key)
    except ValueError as fault:
        raise Invalid({"Idempotency-Key": _("The Idempotency-Key must be a UUID.")}) from fault


def _now(request: HttpRequest, assignment_id: int) -> queries.AssignmentRow:
    return queries.assignment(assignment_id, viewer(request))


@router.get("/units", response=list[UnitOut])
def units(request: HttpRequest) -> list[Any]:
    """The units of the caller's scope."""
    return list(queries.units(viewer(request)))


@router.post("/units/{int:unit_id}/sign-on", response={204: None})
def sign_on(request: HttpRequest, unit_id: int) -> Status[None]:
    """Become crew of a unit: its calls are mine now."""
    duty.sign_on(unit_id, viewer=viewer(request))
    return Status(204, None)


@router.post("/units/sign-off", response={204: None})
def sign_off(request: HttpRequest) -> Status[None]:
    """Leave one's unit."""
    duty.sign_off(viewer=viewer(request))
    return Status(204, None)


@router.post("/tasks/{int:task_id}/assignments", response={201: AssignmentOut})
def assign(request: HttpRequest, task_id: int, order: AssignIn) -> Status[Any]:
    """Call a unit out."""
    sent = actions.assign(task_id, order.unit, viewer=viewer(request), note=order.note)
    return Status(201, queries.assignment(sent, viewer(request)))


@router.get("/assignments", response=list[AssignmentOut])
def assignments(request: HttpRequest, mine: bool = True) -> list[Any]:
    """The caller's crew's assignments; with `mine=false` all active ones of the caller's scope."""
    asks = viewer(request)
    return list(queries.mine(asks) if mine else queries.active(asks))


@router.get("/assignments/{int:assignment_id}", response=AssignmentOut)
def get_assignment(request: HttpRequest, assignment_id: int) -> Any:
    """One assignment."""
    return _now(request, assignment_id)


@router.get("/assignments/{int:assignment_id}/way", response=WayOut)
def way(request: HttpRequest, assignment_id: int, lon: float | None = None, lat: float | None = None) -> Any:
    """The way to the incident, from the given place or from where the unit's vehicle was seen last."""
    origin = Point(lon, lat) if lon is not None and lat is not None else None
    if origin is not None and not origin.is_valid:
        raise Invalid({"lon": _("This is not a position on earth.")})
    found = ways.way_to(_now(request, assignment_id), origin)
    if found is None:
        raise NotFound(_("Nobody knows where the unit is."))
    return found


@router.post("/assignments/{int:assignment_id}/accept", response=AssignmentOut)
def accept(request: HttpRequest, assignment_id: int, step: StepIn, key: Key = None) -> Any:
    """The crew takes the call."""
    actions.accept(assignment_id, viewer=viewer(request), at=step.at, key=_key(key))
    return _now(request, assignment_id)


@router.post("/assignments/{int:assignment_id}/set-off", response=AssignmentOut)
def set_off(request: HttpRequest, assignment_id: int, step: StepIn, key: Key = None) -> Any:
    """The crew is on its way."""
    actions.set_off(assignment_id, viewer=viewer(request), at=step.at, key=_key(key))
    return _now(request, assignment_id)


@router.post("/assignments/{int:assignment_id}/arrive", response=AssignmentOut)
def arrive(request: HttpRequest, assignment_id: int, step: StepIn, key: Key = None) -> Any:
    """The crew is there."""
    actions.arrive(assignment_id, viewer=viewer(request), at=step.at, key=_key(key))
    return _now(request, assignment_id)


@router.post("/assignments/{int:assignment_id}/decline", response=AssignmentOut)
def decline(request: HttpRequest, assignment_id: int, step: ReasonIn, key: Key = None) -> Any:
    """The crew cannot go, and says why."""
    actions.decline(assignment_id, step.reason, viewer=viewer(request), at=step.at, key=_key(key))
    return _now(request, assignment_id)


@router.post("/assignments/{int:assignment_id}/cancel", response=AssignmentOut)
def cancel(request: HttpRequest, assignment_id: int, step: ReasonIn) -> Any:
    """Whoever sent the crew calls it back."""
    actions.cancel(assignment_id, step.reason, viewer=viewer(request))
    return _now(request, assignment_id)


@router.post("/assignments/{int:assignment_id}/measurements", response=AssignmentOut)
def measure(request: HttpRequest, assignment_id: int, sizes: MeasurementIn, key: Key = None) -> Any:
    """What was measured on the spot."""
    actions.record_measurement(
        assignment_id, sizes.length_cm, sizes.width_cm, sizes.depth_cm, viewer=viewer(request), at=sizes.at,
        key=_key(key),
    )  # fmt: skip
    return _now(request, assignment_id)


@router.post("/assignments/{int:assignment_id}/photos", response={201: PhotoOut})
def add_photo(
    request: HttpRequest, assignment_id: int, photo: File[UploadedFile], key: Key = None
) -> Status[PhotoOut]:
    """A picture from the spot, as a multipart field `photo`."""
    if (photo.size or 0) > LARGEST_PHOTO:
        raise Invalid({"photo": _("The picture is larger than 25 MB.")})
    url = actions.add_photo(assignment_id, photo.read(), viewer=viewer(request), key=_key(key))
    return Status(201, PhotoOut(photo=url))


@router.post("/assignments/{int:assignment_id}/finish", response=AssignmentOut)
def finish(request: HttpRequest, assignment_id: int, end: FinishIn, key: Key = None) -> Any:
    """The work is done, for the time being or for good."""
    actions.finish(
        assignment_id, end.repair, viewer=viewer(request), cost_idr=end.cost_idr, notes=end.notes, at=end.at,
        key=_key(key),
    )  # fmt: skip
    return _now(request, assignment_id)
