"""Where vehicles are, and where an officer's phone says it is."""

from typing import Any

import orjson
from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from patriot.api.native.auth import viewer
from patriot.api.native.schemas import PositionIn, PositionOut, Stored, TrailOut
from patriot.dispatch import queries as dispatch
from patriot.fleet import actions, queries
from patriot.fleet.rules import Draft, Fix
from patriot.kernel.errors import Conflict, Invalid, NotFound
from patriot.kernel.positions import SUBJECT
from patriot.ledger import live
from patriot.people.rules import Viewer

router = Router(tags=["fleet"])
MOST_AT_ONCE = 500
MOST_MINUTES = 24 * 60


@router.get("/positions", response=list[PositionOut])
def positions(request: HttpRequest) -> list[Any]:
    """The newest position of every vehicle of the caller's scope."""
    return list(queries.latest_positions(viewer(request)))


@router.get("/vehicles/{int:vehicle_id}/trail", response=list[TrailOut])
def trail(request: HttpRequest, vehicle_id: int, minutes: int = 15) -> list[Any]:
    """Where a vehicle was."""
    if vehicle_id not in {row.id for row in queries.vehicles(viewer(request))}:
        raise NotFound(_("There is no such vehicle."))
    return list(queries.trail(vehicle_id, max(1, min(minutes, MOST_MINUTES))))


@router.post("/positions", response=Stored)
def report_positions(request: HttpRequest, said: list[PositionIn]) -> Stored:
    """The positions of an officer's phone, oldest first: those of the unit the officer signed on to.

    Answered after commit, through the same handlers as the trackers'.
    """
    asks = viewer(request)
    if len(said) > MOST_AT_ONCE:
        raise Invalid({"positions": _("At most {most} positions at once.").format(most=MOST_AT_ONCE)})
    uid = _phone(asks)
    stored, refused = [], 0
    for one in said:
        fix = Fix(uid, one.lon, one.lat, one.at, one.speed_kmh, one.heading, None, one.accuracy_m)
        draft, reason = actions.record_fix(fix, "phone", one.model_dump_json())
        if reason is None:
            stored.append(draft)
        else:
            refused += 1
    _tell(stored)
    return Stored(stored=len(stored), refused=refused)


def _phone(asks: Viewer) -> str:
    """The officer's phone as a device of their unit's vehicle. Raises Conflict without one."""
    unit = dispatch.unit_of(asks)
    if unit is None or unit.vehicle_id is None:
        raise Conflict(_("Sign on to a unit with a vehicle first."))
    uid = f"phone:{asks.user_id}"
    actions.register_device(uid, unit.vehicle_id, actor=asks.actor)
    return uid


def _tell(stored: list[Draft]) -> None:
    """Let the live maps know, where this process has live sources."""
    moved = [
        [draft.known.vehicle_id, draft.fix.lon, draft.fix.lat, draft.fix.heading, draft.fix.speed_kmh,
         int(draft.fixed_at.timestamp() * 1000)]
        for draft in stored if draft.moves and draft.known
    ]  # fmt: skip
    if moved:
        async_to_sync(_publish)(orjson.dumps(moved))


async def _publish(payload: bytes) -> None:
    sources = live.running()
    if sources is not None and not await sources.bus.publish(SUBJECT, payload):
        sources.positions.receive(payload)
