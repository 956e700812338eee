"""What warnings offer the wall: what is in force, the city's own and others'."""

from datetime import datetime
from typing import Any

import orjson

from patriot.kernel.events import Announcement
from patriot.kernel.panels import Changes, Panel, Row, Rows, offer
from patriot.warnings.actions import about
from patriot.warnings.models import ForeignAlert, PublicWarning
from patriot.warnings.rules import Severity, State, Status, Step

SOURCE = "Public warnings of the city and of BMKG"  # the wall says it in its own language
MOST = 7
SHOWN = ("warning", "identifier", "step", "status", "event_id", "event_en", "headline_id", "headline_en",
         "places", "severity", "urgency", "sent", "expires", "geometry")  # fmt: skip
OWN_KINDS = frozenset({
    "warnings.published", "warnings.updated", "warnings.cancelled", "warnings.expired",
})  # fmt: skip
KINDS = OWN_KINDS | {"warnings.taken_in"}
RANK = {name: rank for rank, name in enumerate(Severity.values)}


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))


def _moment(text: str | None) -> str | None:
    return None if text is None else str(_plain(datetime.fromisoformat(text)))


def _load(now: datetime) -> dict[str, Row]:
    own = PublicWarning.objects.filter(state=State.PUBLISHED).exclude(status=Status.TEST)
    others = ForeignAlert.objects.filter(ended_at=None)
    rows = {f"own:{row.pk}": _own(about(row), row.simulated) for row in own}
    rows |= {f"other:{row.pk}": _other_row(row) for row in others if not row.expires or row.expires > now}
    found: dict[str, Row] = _plain(rows)
    return found


def _own(body: Row, simulated: bool) -> Row:
    return {name: body[name] for name in SHOWN} | {"source": "", "simulated": simulated}


def _other_row(row: ForeignAlert) -> Row:
    return _other({
        "identifier": row.identifier, "source": row.source, "texts": row.texts, "places": row.area_desc,
        "severity": row.severity, "urgency": row.urgency, "sent": row.sent, "expires": row.expires,
        "geometry": row.geometry, "status": row.status, "alert": row.pk,
    })  # fmt: skip


def _other(body: Row) -> Row:
    texts = body["texts"]
    words: dict[str, Row] = {
        tongue: texts.get(tongue) or next(iter(texts.values()), {}) for tongue in ("id", "en")
    }
    told = {
        f"{name}_{tongue}": words[tongue].get(name, "") for name in ("event", "headline") for tongue in words
    }
    kept = ("identifier", "source", "places", "severity", "urgency", "sent", "expires", "geometry", "status")
    return {name: body[name] for name in kept} | told | {
        "warning": body["alert"], "step": str(Step.ALERT), "simulated": False,
    }  # fmt: skip


def _fold(_rows: Rows, news: Announcement) -> Changes:
    body = news.body
    if news.kind == "warnings.taken_in":
        gone: dict[str, Row | None] = {f"other:{pk}": None for pk in body["ends"]}
        if body["alert"] in body["ends"]:  # a withdrawal, or news that the city is out of it
            return gone
        row = _other(body) | {name: _moment(body[name]) for name in ("sent", "expires")}
        return gone | {f"other:{body['alert']}": row}
    gone = {f"own:{pk}": None for pk in body["ends"]}
    if news.kind == "warnings.expired":
        return gone | {f"own:{body['warning']}": None}
    if body["status"] == Status.TEST:
        return gone
    row = _own(body, news.simulated) | {name: _moment(body[name]) for name in ("sent", "expires")}
    return gone | {f"own:{body['warning']}": row}


def _view(rows: Rows, now: datetime) -> list[Row]:
    live = [row for row in rows.values() if not _is_over(row, now)]
    return sorted(live, key=_order)[:MOST]


def _is_over(row: Row, now: datetime) -> bool:
    return row["expires"] is not None and datetime.fromisoformat(row["expires"]) <= now


def _order(row: Row) -> tuple[Any, ...]:
    good_news = row["step"] in (Step.CANCEL, Step.ALL_CLEAR)
    return bool(row["source"]), good_news, RANK.get(row["severity"], 9), row["sent"], row["identifier"]


offer(Panel("warnings", SOURCE, KINDS, _load, _fold, _view))
