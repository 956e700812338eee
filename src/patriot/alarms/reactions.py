"""What alarms do when something was announced: by sensing below, and by incidents above, as news only.

Alarms stay few (DESIGN 7): of incidents only P1 call, until somebody has responded: when they open, when
their first response is about to be late, and when it is late. All other deadlines are on the queue, the wall
and the desk: an alarm for each would be hundreds a day. While five emergencies call already, further ones are
on top of the queue without an alarm of their own.
"""

from datetime import datetime
from typing import Any

from patriot.alarms.actions import Said, raise_from_condition
from patriot.alarms.models import Alarm
from patriot.alarms.rules import SHOUTING, Priority
from patriot.kernel.events import Announcement
from patriot.kernel.reactions import reacts_to

EMERGENCY = "emergency"
MOST_EMERGENCIES = 5
OPENED, NEAR, LATE = 1, 2, 3
WAITING = frozenset({"received", "coordinated", "in_progress"})
STAGES = {"incident.deadline_near": NEAR, "incident.deadline_broken": LATE}


@reacts_to("sensing.condition_changed")
def condition_changed(news: Announcement) -> None:
    """The alarm follows its condition."""
    raise_from_condition(Said.of(news.body), entry=news.entry_id, actor=news.actor, simulated=news.simulated)


@reacts_to(
    "incident.opened", "incident.state_changed", "incident.priority_changed", "incident.merged",
    "incident.reopened", "incident.deadline_near", "incident.deadline_broken", "incident.replied",
)  # fmt: skip
def incident_moved(news: Announcement) -> None:
    """A P1 incident calls until somebody has responded to it."""
    body = news.body
    condition = f"{EMERGENCY}:{body['incident']}"
    known = Alarm.objects.filter(condition=condition).values_list("level", flat=True).first()
    level = _level(news, known or 0)
    if known is None and (level == 0 or body.get("alarm") or _is_flood()):
        return
    raise_from_condition(
        _said(condition, level, body, news.at),
        entry=news.entry_id,
        actor=news.actor,
        simulated=news.simulated,
    )


def _level(news: Announcement, known: int) -> int:
    body = news.body
    waits = body["state"] in WAITING and body["responded_at"] is None and body["merged_into"] is None
    if body["priority"] != "P1" or not waits:
        return 0
    stage = (
        STAGES.get(news.kind, OPENED) if body.get("stage", "first_response") == "first_response" else OPENED
    )
    return max(stage, known)


def _is_flood() -> bool:
    calling = Alarm.objects.filter(code=EMERGENCY, state__in=SHOUTING)
    return calling.count() >= MOST_EMERGENCIES


def _said(condition: str, level: int, body: dict[str, Any], at: datetime) -> Said:
    return Said(
        condition=condition, code=EMERGENCY, level=level, at=at, label="P1",
        priority=Priority.HIGH, name=f"{body['title']} · {body['place']}".strip(" ·"), agency=body["agency"],
        area=body["area"], lon=body["lon"], lat=body["lat"],
    )  # fmt: skip
