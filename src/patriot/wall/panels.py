"""The wall's own panel: the scenes that are pinned. Sent to each display as its scene, not as a panel."""

from datetime import datetime

from patriot.kernel.events import Announcement
from patriot.kernel.panels import Changes, Panel, Row, Rows, offer
from patriot.wall.models import Pin

NAME = "scene"
ALL = "all"


def _load(_now: datetime) -> dict[str, Row]:
    return {
        str(display or ALL): {"scene": scene, "incident": incident}
        for display, scene, incident in Pin.objects.values_list("display_id", "scene", "incident")
    }


def _fold(rows: Rows, event: Announcement) -> Changes:
    body = event.body
    if event.kind == "wall.display_removed":
        return {str(body["display"]): None}
    pinned = {"scene": body["scene"], "incident": body["incident"]} if body["scene"] else None
    if body["display"] is not None:
        return {str(body["display"]): pinned}
    return dict.fromkeys(rows) | {ALL: pinned}


def _view(rows: Rows, _now: datetime) -> dict[str, Row]:
    return dict(rows)


KINDS = frozenset({"wall.scene_pinned", "wall.display_removed"})
offer(Panel(NAME, "wall", KINDS, _load, _fold, _view, keyed=True))


def scene_for(display: int | None, pins: Rows) -> Row:
    """What a display shows: its own pin, the one for all, or nothing pinned."""
    pin = pins.get(str(display)) or pins.get(ALL)
    if pin is None:
        return {"scene": None, "pinned": False, "incident": None}
    return {"scene": pin["scene"], "pinned": True, "incident": pin["incident"]}
