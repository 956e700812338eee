"""What alarms offer the wall: how many call, the newest of them, and where on the map."""

from collections import Counter
from datetime import datetime
from typing import Any

import orjson

from patriot.alarms.change import about
from patriot.alarms.models import Alarm
from patriot.alarms.rules import HIDDEN, RANK, SHOUTING, SHOWN, Priority, State
from patriot.kernel.events import Announcement
from patriot.kernel.panels import Changes, Panel, Row, Rows, offer

SOURCE = "Sensors and emergencies"  # the wall says it in its own language
MOST = 7
MOST_MARKS = 200
KINDS = frozenset(
    f"alarms.{name}" for name in (
        "raised", "changed", "grouped", "cleared", "acknowledged", "acknowledgement_undone", "reset",
        "shelved", "unshelved", "suppressed", "released", "out_of_service", "put_back", "reminded",
        "incident_linked",
    )
)  # fmt: skip
KEPT = (
    "alarm", "code", "state", "level", "label", "priority", "name", "thing", "value", "unit", "agency",
    "agency_name", "lon", "lat", "called_at", "changed_at", "lead", "incident", "incident_number",
)  # fmt: skip


def _row(fields: dict[str, Any], simulated: bool) -> Row:
    return {name: fields.get(name) for name in KEPT} | {"simulated": simulated}


def _load(_now: datetime) -> dict[str, Row]:
    rows = Alarm.objects.exclude(state=State.NORMAL)
    plain = {str(one.pk): _row(about(one), one.simulated) for one in rows}
    loaded: dict[str, Row] = orjson.loads(orjson.dumps(plain, option=orjson.OPT_UTC_Z))
    return loaded


def _fold(_rows: Rows, news: Announcement) -> Changes:
    row = _row(news.body, news.simulated)
    return {str(row["alarm"]): None if row["state"] == State.NORMAL else row}


def _view(rows: Rows, _now: datetime) -> dict[str, Any]:
    shown = [row for row in rows.values() if row["state"] in SHOWN]
    calling = sorted((row for row in shown if row["state"] in SHOUTING), key=_urgency)
    beneath = Counter(row["lead"] for row in shown)
    return {
        "unacknowledged": _counted(calling),
        "active": _counted([row for row in shown if row["level"]]),
        "hidden": sum(row["state"] in HIDDEN for row in rows.values()),
        "top": [_card(row) | {"consequences": beneath[row["alarm"]]} for row in calling[:MOST]],
        "marks": [_mark(row) for row in _worst_by_place(shown)][:MOST_MARKS],
    }


def _worst_by_place(rows: list[Row]) -> list[Row]:
    """Of several alarms of one place the most urgent: the others would lie below its mark, or on it."""
    worst: dict[tuple[float, float], Row] = {}
    for row in sorted(rows, key=_urgency):
        if row["lon"] is not None:
            worst.setdefault((row["lon"], row["lat"]), row)
    return list(worst.values())


def _urgency(row: Row) -> tuple[Any, ...]:
    """Most urgent first, then the newest."""
    newest = -datetime.fromisoformat(row["called_at"] or row["changed_at"]).timestamp()
    return row["state"] not in SHOUTING, RANK[Priority(row["priority"])], newest, row["alarm"]


def _counted(rows: list[Row]) -> dict[str, int]:
    return {str(priority): sum(row["priority"] == priority for row in rows) for priority in RANK}


def _card(row: Row) -> Row:
    named = ("alarm", "code", "state", "level", "label", "priority", "name", "value", "unit", "agency_name",
             "lon", "lat", "incident", "incident_number", "changed_at", "simulated")  # fmt: skip
    return {**{name: row[name] for name in named}, "at": row["called_at"] or row["changed_at"]}


def _mark(row: Row) -> Row:
    """`frontend/src/wall/types.ts: AlarmMark`."""
    named = ("alarm", "thing", "name", "label", "priority", "lon", "lat", "simulated")
    return {**{name: row[name] for name in named}, "calls": row["state"] in SHOUTING}


offer(Panel("alarms", SOURCE, KINDS, _load, _fold, _view))
