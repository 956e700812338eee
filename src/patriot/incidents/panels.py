"""What incidents offer the wall. Each event carries the incident as it stands: a fold replaces one row."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import orjson
from django.db.models import Q

from patriot.incidents import about
from patriot.incidents.models import Incident
from patriot.incidents.rules import OPEN, State
from patriot.kernel.clock import WIB
from patriot.kernel.events import Announcement
from patriot.kernel.panels import Changes, Panel, Row, Rows, offer
from patriot.ledger import queries as ledger
from patriot.people.queries import agency_names

SOURCE = "Reports and the agencies' work"  # the wall says it in its own language
MOST = 7
KEPT_NEWEST = 50  # more than are shown: some leave again when they turn out to be another's
HOUR = timedelta(hours=1)
MOST_TICKS = 300  # a busy hour has more; the strip shows its newest
STALE = timedelta(seconds=15)
ON_MAP = (*OPEN, State.RESOLVED)
INCIDENT_KINDS = frozenset(
    f"incident.{name}" for name in (
        "opened", "report_attached", "state_changed", "rerouted", "priority_changed", "merged",
        "replied", "confirmed", "reopened", "reminded", "escalated", "deadline_near", "deadline_broken",
        "photo_changed", "noted",
    )
)  # fmt: skip
TASK_KINDS = frozenset({"task.opened", "task.funded", "task.state_changed"})
KEPT = (
    "incident", "number", "title", "category", "icon", "state", "priority", "agency", "agency_name",
    "lon", "lat", "place", "kecamatan", "kecamatan_name", "photo", "supporters", "opened_at", "respond_due",
    "resolve_due", "responded_at", "closed_at", "parent", "merged_into",
)  # fmt: skip


def _row(fields: dict[str, Any], simulated: bool) -> Row:
    return {name: fields[name] for name in KEPT} | {"simulated": simulated}


def _rows_of(incidents: Iterable[Incident]) -> dict[str, Row]:
    """Rows as events would carry them: times as the ledger's JSON writes them."""
    names = agency_names()
    plain = {str(row.pk): _row(about.incident(row, names), row.simulated) for row in incidents}
    loaded: dict[str, Row] = orjson.loads(orjson.dumps(plain, option=orjson.OPT_UTC_Z))
    return loaded


def _fold(keeps: Callable[[Row], bool]) -> Callable[[Rows, Announcement], Changes]:
    def fold(_rows: Rows, news: Announcement) -> Changes:
        row = _row(news.body, news.simulated)
        return {str(row["incident"]): row if keeps(row) else None}

    return fold


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# The map: everything open or waiting for the citizen, by id.


def _is_on_map(row: Row) -> bool:
    return row["state"] in ON_MAP and row["lon"] is not None


def _load_map(_now: datetime) -> dict[str, Row]:
    rows = Incident.objects.filter(state__in=ON_MAP, secret=False)
    return {key: _on_map(row) for key, row in _rows_of(rows.select_related("category")).items()}


def _fold_map(_rows: Rows, news: Announcement) -> Changes:
    row = _row(news.body, news.simulated)
    return {str(row["incident"]): _on_map(row) if _is_on_map(row) else None}


def _as_it_is(rows: Rows, _now: datetime) -> Rows:
    return rows


def _on_map(row: Row) -> Row:
    named = ("number", "title", "category", "icon", "state", "priority", "lon", "lat", "agency",
             "agency_name", "opened_at", "resolve_due", "simulated")  # fmt: skip
    shown = {name: row[name] for name in named}
    return {"id": row["incident"], "area": row["place"], "photo": row["photo"] or None, **shown}


# Today: counts since midnight in Jakarta, out of one row for each incident that is open or was touched today.


def midnight(now: datetime) -> datetime:
    """The last midnight in Jakarta."""
    return now.astimezone(WIB).replace(hour=0, minute=0, second=0, microsecond=0)


def load_today(now: datetime) -> dict[str, Row]:
    """One row for each incident that is open, waits for the citizen, or was touched today."""
    since = midnight(now)
    recent = Q(opened_at__gte=since) | Q(closed_at__gte=since) | Q(state__in=ON_MAP)
    return _rows_of(Incident.objects.filter(recent, merged_into=None).select_related("category"))


def _view_today(rows: Rows, now: datetime) -> dict[str, Any]:
    return today(rows, now, MOST)


def today(rows: Rows, now: datetime, most: int) -> dict[str, Any]:
    """Counts of the whole city, of at most `most` agencies and of the kecamatan."""
    counted = [_counts(row, now) for row in rows.values()]
    return {
        **_sum(counted),
        "by_agency": _shares(counted, "agency", most),
        "by_kecamatan": _shares(counted, "kecamatan", 12),
    }


FIGURES = ("received", "closed", "unconfirmed", "open", "late")


def _counts(row: Row, now: datetime) -> Row:
    since = midnight(now)
    is_open = row["state"] in OPEN
    return {
        "agency": (row["agency"], row["agency_name"]),
        "kecamatan": (row["kecamatan"], row["kecamatan_name"]),
        "received": int(_moment(row["opened_at"]) >= since and row["parent"] is None),
        "closed": int(row["state"] == State.CLOSED and _moment(row["closed_at"]) >= since),
        "unconfirmed": int(row["state"] == State.RESOLVED),  # solved, the citizen has not said so yet
        "open": int(is_open),
        "late": int(is_open and _moment(row["resolve_due"]) < now),
    }


def _sum(counted: Iterable[Row]) -> dict[str, int]:
    counted = list(counted)
    return {name: sum(one[name] for one in counted) for name in FIGURES}


def _shares(counted: list[Row], by: str, most: int) -> list[Row]:
    """Sums by agency or kecamatan, most open first; those without any figure are left out."""
    named = sorted((one for one in counted if one[by][0]), key=lambda one: one[by])
    shares = [
        {"code": code, "name": name, **_sum(group)}
        for (code, name), group in groupby(named, lambda one: one[by])
    ]
    busy = [share for share in shares if any(share[name] for name in FIGURES)]
    return sorted(busy, key=lambda share: (-share["open"], -share["received"], share["code"]))[:most]


# Deadlines: broken ones and those that break next.


def _load_deadlines(_now: datetime) -> dict[str, Row]:
    return _rows_of(Incident.objects.filter(state__in=OPEN).select_related("category"))


def _is_running(row: Row) -> bool:
    return row["state"] in OPEN


def next_due(row: Row) -> tuple[str, str]:
    """(when, stage): the first response until there was one, then the resolution."""
    if row["responded_at"] is None:
        return row["respond_due"], "first_response"
    return row["resolve_due"], "resolve"


def _view_deadlines(rows: Rows, _now: datetime) -> list[Row]:
    dues = sorted((*next_due(row), row["incident"], row) for row in rows.values())
    return [_deadline(due, stage, row) for due, stage, _id, row in dues[:MOST]]


def _deadline(due: str, stage: str, row: Row) -> Row:
    named = (
        "incident",
        "number",
        "title",
        "place",
        "agency",
        "agency_name",
        "priority",
        "state",
        "simulated",
    )
    return {**{name: row[name] for name in named}, "due": due, "stage": stage}


# Newest: the last reports, with their pictures.


def _load_newest(_now: datetime) -> dict[str, Row]:
    rows = Incident.objects.filter(merged_into=None, parent=None).select_related("category")
    return _rows_of(rows.order_by("-opened_at", "-pk")[:KEPT_NEWEST])


def _is_first(row: Row) -> bool:
    return row["merged_into"] is None and row["parent"] is None


def _fold_newest(rows: Rows, news: Announcement) -> Changes:
    """Only what is new or shown already changes the panel."""
    key, by_age = str(news.body["incident"]), sorted(rows, key=lambda key: rows[key]["opened_at"])
    if key in rows or not rows:
        return _fold(_is_first)(rows, news)
    if news.body["opened_at"] < rows[by_age[0]]["opened_at"]:
        return {}
    leaving = dict.fromkeys(by_age[: max(0, 1 + len(rows) - KEPT_NEWEST)])
    return {**leaving, **_fold(_is_first)(rows, news)}


def _view_newest(rows: Rows, _now: datetime) -> list[Row]:
    newest = sorted(rows.values(), key=lambda row: (row["opened_at"], row["incident"]), reverse=True)
    named = (
        "incident",
        "number",
        "title",
        "place",
        "agency_name",
        "state",
        "priority",
        "supporters",
        "simulated",
    )
    return [
        {**{name: row[name] for name in named}, "at": row["opened_at"], "photo": row["photo"] or None}
        for row in newest[:MOST]
    ]


# The last hour: one tick for each event.


def _load_hour(now: datetime) -> dict[str, Row]:
    return {str(news.entry_id): _tick(news) for news in ledger.since(now - HOUR) if news.kind in TICKS}


def _fold_hour(_rows: Rows, news: Announcement) -> Changes:
    return {str(news.entry_id): _tick(news)}


def _tick(news: Announcement) -> Row:
    body = news.body
    return {
        "n": news.entry_id, "at": news.at.isoformat(), "kind": news.kind, "priority": body.get("priority"),
        "number": body.get("number", ""), "words": body.get("callsign") or body.get("title") or "",
        "simulated": news.simulated,
    }  # fmt: skip


def _view_hour(rows: Rows, now: datetime) -> list[Row]:
    fresh = [row for row in rows.values() if _moment(row["at"]) > now - HOUR]
    return sorted(fresh, key=lambda row: row["n"])[-MOST_TICKS:]


DISPATCH_KINDS = frozenset({"dispatch.assigned", "dispatch.state_changed", "dispatch.measured"})
TICKS = (INCIDENT_KINDS | TASK_KINDS | DISPATCH_KINDS) - {"incident.noted", "incident.photo_changed"}
CHANGING = INCIDENT_KINDS | TASK_KINDS

offer(Panel("map", SOURCE, CHANGING, _load_map, _fold_map, _as_it_is, STALE, keyed=True))
offer(
    Panel(
        "today",
        SOURCE,
        CHANGING,
        load_today,
        _fold(lambda row: row["merged_into"] is None),
        _view_today,
        STALE,
    )
)
offer(Panel("deadlines", SOURCE, CHANGING, _load_deadlines, _fold(_is_running), _view_deadlines, STALE))
offer(Panel("newest", SOURCE, CHANGING, _load_newest, _fold_newest, _view_newest, STALE))
offer(Panel("hour", SOURCE, TICKS, _load_hour, _fold_hour, _view_hour, STALE))
