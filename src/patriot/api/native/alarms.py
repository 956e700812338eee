"""The alarm list, and what an operator does to an alarm."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from patriot.alarms import actions, queries
from patriot.api.native.auth import viewer
from patriot.incidents.actions import open_from_alarm
from patriot.kernel.errors import Invalid

router = Router(tags=["alarms"])
MOST_A_PAGE = 200


class AlarmOut(Schema):
    """An alarm. `state`: of ISA-18.2's life cycle; `level` 0: the condition is over; `lead`: the alarm it
    follows from, while its state is `consequence`.
    """

    id: int
    condition: str
    code: str
    type_name: str
    state: str
    level: int
    label: str
    priority: str
    name: str
    thing: int | None
    datastream: int | None
    value: float | None
    unit: str
    agency: str
    lon: float | None
    lat: float | None
    active_since: datetime | None
    called_at: datetime | None
    acknowledged_at: datetime | None
    until: datetime | None
    reason: str
    reminded: int
    lead: int | None
    incident: int | None
    incident_number: str
    simulated: bool


class AlarmPage(Schema):
    """One page of the list; `unacknowledged`: how many call, by priority, on all pages."""

    alarms: list[AlarmOut]
    page: int
    pages: int
    total: int
    unacknowledged: dict[str, int]


class AlarmsWanted(Schema):
    """The list's filters. `state`: active, shelved, suppressed or out_of_service."""

    state: str = "active"
    priority: str = ""
    agency: str = Field("", max_length=32)
    q: str = Field("", max_length=80)


class AcknowledgeIn(Schema):
    """`level`: the one the caller has seen; a worse one since refuses."""

    level: int | None = None
    note: str = Field("", max_length=2000)


class ShelveIn(Schema):
    """Until when, and why."""

    until: datetime
    reason: str = Field(max_length=300)


class OpenedOut(Schema):
    """The alarm's incident. `found`: it was there already."""

    incident: int
    number: str
    found: bool


@router.get("/alarms", response=AlarmPage)
def list_alarms(
    request: HttpRequest, wanted: Query[AlarmsWanted], page: int = 1, size: int = 50
) -> dict[str, Any]:
    """The alarms of the caller's scope: those nobody has acknowledged first, by priority, then the oldest."""
    asks = viewer(request)
    found = queries.alarms(
        asks, wanted.state, priority=wanted.priority, agency=wanted.agency.replace("\x00", ""),
        words=wanted.q.replace("\x00", ""), page=page, size=max(1, min(size, MOST_A_PAGE)),
    )  # fmt: skip
    return {"alarms": found.rows, "page": found.number, "pages": found.pages, "total": found.total,
            "unacknowledged": queries.counts(asks).unacknowledged}  # fmt: skip


@router.get("/alarms/{int:alarm_id}", response=AlarmOut)
def get_alarm(request: HttpRequest, alarm_id: int) -> Any:
    """One alarm."""
    return queries.alarm(alarm_id, viewer(request))


@router.post("/alarms/{int:alarm_id}/acknowledge", response=AlarmOut)
def acknowledge(request: HttpRequest, alarm_id: int, seen: AcknowledgeIn) -> Any:
    """Somebody has seen it. 409 when somebody was faster, or it has become worse than what they saw."""
    actions.acknowledge(alarm_id, viewer=viewer(request), note=seen.note, seen_level=seen.level)
    return queries.alarm(alarm_id, viewer(request))


@router.post("/alarms/{int:alarm_id}/shelve", response=AlarmOut)
def shelve(request: HttpRequest, alarm_id: int, order: ShelveIn) -> Any:
    """Lay it aside for a while, with a reason; how long depends on its priority."""
    if order.until.tzinfo is None:
        raise Invalid({"until": _("The time needs a zone.")})
    actions.shelve(alarm_id, order.until, order.reason, viewer=viewer(request))
    return queries.alarm(alarm_id, viewer(request))


@router.post("/alarms/{int:alarm_id}/unshelve", response=AlarmOut)
def unshelve(request: HttpRequest, alarm_id: int) -> Any:
    """Take it back before its time."""
    actions.unshelve(alarm_id, viewer=viewer(request))
    return queries.alarm(alarm_id, viewer(request))


@router.post("/alarms/{int:alarm_id}/incident", response=OpenedOut)
def open_incident(request: HttpRequest, alarm_id: int) -> dict[str, Any]:
    """Its incident: the open one, or a new one."""
    opened = open_from_alarm(alarm_id, viewer=viewer(request))
    return {"incident": opened.incident_id, "number": opened.number, "found": opened.found}
