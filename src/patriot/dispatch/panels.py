"""What dispatch offers the wall: what crews are busy with, and the units."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from patriot.dispatch.models import Assignment, Unit
from patriot.dispatch.rules import ACTIVE, State, UnitState
from patriot.dispatch.scene import scenes
from patriot.kernel.events import Announcement
from patriot.kernel.panels import Changes, Panel, Row, Rows, offer
from patriot.people.queries import agency_names

SOURCE = "Crews' phones and the control room"  # the wall says it in its own language
MOST = 7
SHOWN_FINISHED = timedelta(minutes=2)  # a crew that has just finished stays to be seen
RANK = {"P1": 0, "P2": 1, "P3": 2}
BUSY = frozenset(ACTIVE)
GONE = frozenset({State.DECLINED, State.CANCELLED})
OF_INCIDENT = {  # row's field ← field of the incident's events
    "number": "number", "title": "title", "place": "place", "priority": "priority", "owner": "agency_name",
    "lon": "lon", "lat": "lat", "since": "opened_at", "cover": "photo",
}  # fmt: skip
INCIDENT_KINDS = frozenset({
    "incident.report_attached", "incident.state_changed", "incident.rerouted", "incident.priority_changed",
    "incident.merged", "incident.reopened", "incident.photo_changed",
})  # fmt: skip
CALLED = (
    "incident", "number", "title", "place", "priority", "owner", "lon", "lat", "callsign", "crew",
    "state", "eta_s",
)  # fmt: skip
CREW_KINDS = frozenset({"dispatch.assigned", "dispatch.state_changed", "dispatch.photo_added"})
UNIT_KINDS = frozenset({"dispatch.assigned", "dispatch.state_changed", "dispatch.unit_changed"})


def _plain(rows: Mapping[str, Any]) -> dict[str, Row]:
    """Times as the ledger's JSON writes them."""
    plain: dict[str, Row] = orjson.loads(orjson.dumps(rows, option=orjson.OPT_UTC_Z))
    return plain


def _load_working(now: datetime) -> dict[str, Row]:
    recent = Assignment.objects.filter(state=State.FINISHED, ended_at__gt=now - SHOWN_FINISHED)
    rows = list((Assignment.objects.filter(state__in=BUSY) | recent).select_related("unit"))
    where = scenes({row.incident_id for row in rows})
    return _plain({str(row.pk): _working(row, where[row.incident_id].shown) for row in rows})


def _working(row: Assignment, shown: Row) -> Row:
    return {
        "incident": row.incident_id, **{name: shown[field] for name, field in OF_INCIDENT.items()},
        "callsign": row.unit.callsign, "crew": str(row.unit.crew_size), "state": row.state,
        "photo": "" if shown["lon"] is None else row.photo, "eta_s": row.eta_s,
        "assigned_at": row.assigned_at,
        "ended_at": row.ended_at if row.state == State.FINISHED else None, "simulated": row.simulated,
    }  # fmt: skip


def _fold_working(rows: Rows, news: Announcement) -> Changes:
    body = news.body
    if news.kind in INCIDENT_KINDS:
        fresh = {name: body[field] for name, field in OF_INCIDENT.items()}
        return {key: {**row, **fresh} for key, row in rows.items() if row["incident"] == body["incident"]}
    key = str(body["assignment"])
    if news.kind == "dispatch.assigned":
        return {key: _called(body, news.simulated)}
    if key not in rows:
        return {}
    return {key: _moved_on(rows[key], news)}


def _called(body: Row, simulated: bool) -> Row:
    kept = {name: body[name] for name in CALLED}
    times = {name: _moment(body[name]) for name in ("since", "assigned_at")}
    blank = {"photo": "", "ended_at": None}
    return {**kept, **times, **blank, "cover": body["photo"], "simulated": simulated}


def _moved_on(row: Row, news: Announcement) -> Row | None:
    body = news.body
    if news.kind == "dispatch.photo_added":
        return {**row, "photo": body["photo"]}
    if body["state"] in GONE:
        return None
    ended = _moment(body["at"]) if body["state"] == State.FINISHED else None
    return {**row, "state": body["state"], "ended_at": ended}


def _moment(text: str) -> str:
    """An ISO time as the rows write it: in UTC with Z."""
    return str(orjson.loads(orjson.dumps(datetime.fromisoformat(text), option=orjson.OPT_UTC_Z)))


def _view_working(rows: Rows, now: datetime) -> list[Row]:
    shown = [row for row in rows.values() if not _is_over(row, now) and row["lon"] is not None]
    return [_card(row) for row in sorted(shown, key=_urgency)[:MOST]]


def _urgency(row: Row) -> tuple[Any, ...]:
    priority = RANK.get(row["priority"], len(RANK))
    return row["state"] == State.FINISHED, priority, row["since"], row["assigned_at"], row["callsign"]


def _card(row: Row) -> Row:
    """The row as `frontend/src/wall/types.ts` has it: the crew's picture, else the report's."""
    card = {name: value for name, value in row.items() if name not in ("cover", "ended_at")}
    return card | {"photo": row["photo"] or row["cover"] or None}


def _is_over(row: Row, now: datetime) -> bool:
    ended = row["ended_at"]
    return ended is not None and datetime.fromisoformat(ended) <= now - SHOWN_FINISHED


def _load_units(_now: datetime) -> dict[str, Row]:
    names = agency_names()
    busy = dict(Assignment.objects.filter(state__in=BUSY).values_list("unit_id", "incident_id"))
    rows = Unit.objects.filter(vehicle_id__isnull=False)
    return {str(row.vehicle_id): _unit(row, names, busy.get(row.pk)) for row in rows}


def _unit(row: Unit, names: dict[str, str], incident: int | None) -> Row:
    return {
        "id": row.vehicle_id, "callsign": row.callsign, "kind": row.kind, "agency": row.agency,
        "agency_name": names.get(row.agency, row.agency), "state": row.state, "incident": incident,
        "simulated": row.simulated,
    }  # fmt: skip


def _fold_units(rows: Rows, news: Announcement) -> Changes:
    body = news.body
    key = str(body["vehicle"])
    if key not in rows:
        return {}
    if news.kind == "dispatch.unit_changed":
        return {key: {**rows[key], "state": body["state"]}}
    if State(body["state"]) in ACTIVE:
        return {key: {**rows[key], "state": str(UnitState.ASSIGNED), "incident": body["incident"]}}
    return {key: {**rows[key], "state": str(UnitState.FREE), "incident": None}}


def _view_units(rows: Rows, _now: datetime) -> Rows:
    return rows


WORKING = offer(
    Panel("working", SOURCE, CREW_KINDS | INCIDENT_KINDS, _load_working, _fold_working, _view_working)
)
UNITS = offer(Panel("units", SOURCE, UNIT_KINDS, _load_units, _fold_units, _view_units, keyed=True))
