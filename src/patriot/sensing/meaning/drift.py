"""When gauges drifted: what they said then is no ground for a forecast, nor for learning one."""

from collections.abc import Collection
from datetime import datetime, timedelta

import orjson

from patriot.ledger.models import Entry
from patriot.sensing.judging.watch import DRIFT
from patriot.sensing.models import Condition, Datastream

KIND = "sensing.condition_changed"
BEFORE = timedelta(hours=7)  # a drift is noticed by comparing with six hours ago: it had begun by then


def now() -> set[int]:
    """Datastreams that drift now."""
    rows = Condition.objects.filter(code=DRIFT, level__gt=0, datastream_id__isnull=False)
    return {stream for stream in rows.values_list("datastream_id", flat=True) if stream is not None}


def spans(streams: Collection[int], since: datetime, until: datetime) -> dict[int, list[tuple[float, float]]]:
    """By datastream, from when to when (seconds since 1970) it drifted, as the ledger tells."""
    things = Datastream.objects.filter(pk__in=streams).values_list("thing_id", flat=True)
    told = Entry.objects.filter(kind=KIND, subject__in={f"thing:{thing}" for thing in things})
    began: dict[int, float] = {}
    found: dict[int, list[tuple[float, float]]] = {}
    for text in told.order_by("id").values_list("body", flat=True).iterator():
        body = orjson.loads(text)
        if body["code"] != DRIFT or body["datastream"] not in streams:
            continue
        stream, at = int(body["datastream"]), datetime.fromisoformat(body["at"])
        if body["level"]:
            began.setdefault(stream, (at - BEFORE).timestamp())
        elif stream in began:
            found.setdefault(stream, []).append((began.pop(stream), at.timestamp()))
    for stream, begin in began.items():
        found.setdefault(stream, []).append((begin, until.timestamp()))
    return {stream: kept for stream, rows in found.items() if (kept := _since(rows, since.timestamp()))}


def _since(rows: list[tuple[float, float]], moment: float) -> list[tuple[float, float]]:
    return [(begin, end) for begin, end in rows if end > moment]
