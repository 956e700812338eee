"""What sensing offers the wall: conclusions, folded from the ledger. Live values travel beside them.

A panel's rows: `t<thing>`, what stands in the register and was last concluded of it, and `c<condition>`,
what is abnormal now. Views name datastreams by id; the newest readings of those come over `readings`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection

from patriot.kernel.clock import WIB
from patriot.kernel.events import Announcement
from patriot.kernel.panels import Changes, Panel, Row, Rows, offer
from patriot.people.queries import agency_names
from patriot.sensing.meaning import trees
from patriot.sensing.meaning.lights import is_dark
from patriot.sensing.models import Condition, Datastream, Forecast, Index, RiverLink, Thing, Threshold
from patriot.sensing.rules import Purpose

SOURCES = {  # the wall says them in its own language
    "water": "River and rain gauges",
    "air": "Air and water quality stations",
    "lights": "Street-light controllers",
    "parking": "Parking counters",
}
STALE = timedelta(seconds=15)  # of conclusions; each reading has its own age
CHANGED, COMPUTED, FORETOLD = "sensing.condition_changed", "sensing.index_computed", "sensing.forecast_made"
SHOWN = ("condition", "code", "level", "label", "priority", "thing", "name", "value", "at")
TOLD = ("method", "state", "now", "value", "low", "high", "peak_at", "peak_from", "peak_to", "level", "label",
        "mae_cm", "mae_hours", "coverage", "waves", "days", "ahead_h", "at", "doubt")  # fmt: skip
INDEX = ("value", "label", "critical", "reason", "level", "at")
PURPOSES: dict[str, tuple[Purpose, ...]] = {
    "water": (Purpose.WATER_LEVEL, Purpose.RAIN),
    "air": (Purpose.AIR, Purpose.WATER_QUALITY),
    "lights": (Purpose.LIGHT_GROUP,),
    "parking": (Purpose.PARKING,),
}
KEYS = {
    Purpose.WATER_LEVEL: ("level", "discharge"), Purpose.RAIN: ("rain",), Purpose.LIGHT_GROUP: ("burning",),
    Purpose.PARKING: ("occupied",),
    Purpose.AIR: ("pm10", "pm25", "so2", "co", "o3", "no2", "hc"),
}  # fmt: skip


def _plain(rows: dict[str, Any]) -> dict[str, Row]:
    """Rows as events would carry them: times as the ledger's JSON writes them."""
    loaded: dict[str, Row] = orjson.loads(orjson.dumps(rows, option=orjson.OPT_UTC_Z))
    return loaded


def _things(name: str, now: datetime) -> dict[str, Row]:
    names = agency_names()
    things = Thing.objects.filter(purpose__in=PURPOSES[name]).prefetch_related("locations")
    streams = _streams([thing.pk for thing in things], now)
    return {f"t{thing.pk}": _thing(thing, names, streams.get(thing.pk, {})) for thing in things}


def _thing(thing: Thing, names: dict[str, str], streams: dict[str, Row]) -> Row:
    place = next(iter(thing.locations.all()), None)
    keys = KEYS.get(Purpose(thing.purpose), ())
    return {
        "thing": thing.pk, "name": thing.name, "purpose": thing.purpose, "agency": thing.agency,
        "agency_name": names.get(thing.agency, thing.agency), "details": thing.properties or {},
        "lon": place.lon if place else None, "lat": place.lat if place else None,
        "streams": {key: streams[key] for key in keys if key in streams},
        "simulated": thing.simulated,
    }  # fmt: skip


def _streams(things: Iterable[int], now: datetime) -> dict[int, dict[str, Row]]:
    """By thing and key: the datastream, its unit, how often it speaks, and the levels in force today."""
    today = now.astimezone(WIB).date()
    bands: dict[int, list[Row]] = {}
    for row in Threshold.objects.filter(code__in=("siaga", "rain")).order_by("level"):
        if row.valid_from <= today and (row.valid_to is None or today < row.valid_to):
            bands.setdefault(row.datastream_id, []).append(
                {"name": row.name, "level": row.level, "value": row.value}
            )
    found: dict[int, dict[str, Row]] = {}
    for stream in Datastream.objects.filter(thing__in=list(things)):
        found.setdefault(stream.thing_id, {})[stream.key] = {
            "id": stream.pk, "unit": stream.unit_symbol or "", "bands": bands.get(stream.pk, []),
            "every_s": stream.limits.get("cadence_s", 300), "calibrated_until": stream.calibrated_until,
        }  # fmt: skip
    return found


def _conditions(codes: Iterable[str]) -> dict[str, Row]:
    rows = Condition.objects.filter(code__in=list(codes), level__gt=0)
    return {
        f"c{row.condition}": {
            "condition": row.condition, "code": row.code, "level": row.level, "label": row.label,
            "priority": row.priority, "thing": row.thing_id, "name": row.name, "value": row.value,
            "at": row.at, "simulated": row.simulated,
        }
        for row in rows
    }  # fmt: skip


def _fold_condition(codes: frozenset[str], news: Announcement) -> Changes:
    body = news.body
    if body["code"] not in codes:
        return {}
    row = {name: body[name] for name in SHOWN} | {"simulated": news.simulated}
    return {f"c{body['condition']}": row if body["level"] else None}


def _abnormal(rows: Rows) -> list[Row]:
    """Conditions, worst first."""
    found = [row for key, row in rows.items() if key.startswith("c")]
    return sorted(found, key=lambda row: (-row["level"], row["at"], row["condition"]))


def _of(rows: Rows) -> list[Row]:
    return sorted((row for key, row in rows.items() if key.startswith("t")), key=lambda row: row["thing"])


# Water: gauges along the rivers, what is foretold of them, rain above.

WATER_CODES = frozenset({"siaga", "rate_of_rise", "rain", "no_data", "flatline", "drift", "forecast"})


def _load_water(now: datetime) -> dict[str, Row]:
    rows = _things("water", now)
    above: dict[int, list[int]] = {}
    for link in RiverLink.objects.order_by("upstream_id"):
        above.setdefault(link.downstream_id, []).append(link.upstream_id)
    told = {row.thing_id: row for row in Forecast.objects.select_related("model").order_by("made_at")}
    for row in rows.values():
        row["above"] = above.get(row["thing"], [])
        row["forecast"] = _told(told[row["thing"]]) if row["thing"] in told else None
    mine = {row["thing"] for row in rows.values()}
    abnormal = _conditions(WATER_CODES)
    return _plain({**rows, **{key: row for key, row in abnormal.items() if row["thing"] in mine}})


def _told(row: Forecast) -> Row:
    card = row.model
    span = (card.until - card.since).total_seconds() / 86400 if card.since and card.until else 0.0
    return {
        "doubt": "", **row.detail, "value": row.value, "low": row.low, "high": row.high,
        "peak_at": row.peak_at, "peak_from": row.peak_from, "peak_to": row.peak_to,
        "at": row.made_at, "waves": card.events,
        "mae_cm": card.mae_cm and round(card.mae_cm, 1), "days": round(span, 1),
        "mae_hours": card.mae_hours and round(card.mae_hours, 2),
        "coverage": card.coverage and round(card.coverage, 3),
    }  # fmt: skip


def _fold_water(rows: Rows, news: Announcement) -> Changes:
    key = f"t{news.body['thing']}"
    if key not in rows:
        return {}
    if news.kind == FORETOLD:
        return {key: {**rows[key], "forecast": {name: news.body[name] for name in TOLD}}}
    return _fold_condition(WATER_CODES, news)


def _view_water(rows: Rows, _now: datetime) -> dict[str, Any]:
    things = _of(rows)
    gauges = [row for row in things if row["purpose"] == Purpose.WATER_LEVEL]
    return {
        "gauges": sorted(gauges, key=lambda row: (float(row["details"].get("km", 0)), row["thing"])),
        "rain": [row for row in things if row["purpose"] == Purpose.RAIN],
        "conditions": _abnormal(rows),
    }


# Air: ISPU by station; the Pollution Index of rivers beside it.

AIR_CODES = frozenset({"ispu", "pollution", "calibration", "no_data", "flatline"})


def _load_air(now: datetime) -> dict[str, Row]:
    rows = _things("air", now)
    newest = (
        Index.objects.filter(code__in=("ispu", "pollution")).order_by("thing_id", "-at").distinct("thing_id")
    )
    told = {row.thing_id: row for row in newest}
    for row in rows.values():
        row["index"] = _index(told[row["thing"]]) if row["thing"] in told else None
    mine = {row["thing"] for row in rows.values()}
    abnormal = _conditions(AIR_CODES)
    return _plain({**rows, **{key: row for key, row in abnormal.items() if row["thing"] in mine}})


def _index(row: Index) -> Row:
    told = row.detail
    return {
        "value": row.value, "label": row.label, "critical": told.get("critical") or "",
        "reason": told.get("reason", ""), "level": told.get("level", 0), "at": row.at,
    }  # fmt: skip


def _fold_air(rows: Rows, news: Announcement) -> Changes:
    key = f"t{news.body['thing']}"
    if key not in rows:
        return {}
    if news.kind == COMPUTED:
        return {key: {**rows[key], "index": {name: news.body[name] for name in INDEX}}}
    return _fold_condition(AIR_CODES, news)


def _view_air(rows: Rows, _now: datetime) -> dict[str, Any]:
    things = _of(rows)
    return {
        "stations": [row | {"trees": _trees(row)} for row in things if row["purpose"] == Purpose.AIR],
        "rivers": [row for row in things if row["purpose"] == Purpose.WATER_QUALITY],
        "conditions": _abnormal(rows),
    }


def _trees(row: Row) -> Row | None:
    """What to plant against the pollutant that makes the index, on a hundred metres; None: nothing to say."""
    index = row["index"]
    advice = trees.advise(index["critical"], 100) if index and index["critical"] else None
    if advice is None or not advice.picks:
        return None
    picks = [
        {
            "name": pick.species.name, "trees": pick.trees, "quantity": pick.evidence.quantity,
            "value": pick.evidence.value, "unit": pick.evidence.unit, "source": pick.evidence.source,
        }
        for pick in advice.picks
    ]  # fmt: skip
    return {"trees": advice.trees, "strength": str(advice.picks[0].strength), "picks": picks}


# Lights and parking: what is registered, and what is abnormal.

LIGHT_CODES = frozenset({"feeder", "light_dark", "light_day"})
PARKING_CODES = frozenset({"parking_full"})
type Slim = Callable[[Row], Row]


def _load_slim(name: str, codes: frozenset[str], slim: Slim) -> Callable[[datetime], dict[str, Row]]:
    def load(now: datetime) -> dict[str, Row]:
        rows = {key: slim(row) for key, row in _things(name, now).items()}
        return _plain({**rows, **_conditions(codes)})

    return load


def _group(row: Row) -> Row:
    """As little as may be: there are many."""
    details, stream = row["details"], row["streams"].get("burning")
    return {
        "thing": row["thing"], "name": row["name"], "lon": row["lon"], "lat": row["lat"],
        "stream": stream and stream["id"], "every_s": stream and stream["every_s"],
        "lamps": int(details.get("lamps", 0)), "feeder": details.get("feeder", ""),
        "simulated": row["simulated"],
    }  # fmt: skip


def _lot(row: Row) -> Row:
    stream = row["streams"].get("occupied")
    return {
        "thing": row["thing"], "name": row["name"], "lon": row["lon"], "lat": row["lat"],
        "stream": stream and stream["id"], "every_s": stream and stream["every_s"],
        "capacity": int(row["details"].get("capacity", 0)), "simulated": row["simulated"],
    }  # fmt: skip


def _fold_codes(codes: frozenset[str]) -> Callable[[Rows, Announcement], Changes]:
    return lambda _rows, news: _fold_condition(codes, news)


def _view_lights(rows: Rows, now: datetime) -> dict[str, Any]:
    groups = _of(rows)
    where = next(((row["lon"], row["lat"]) for row in groups if row["lon"] is not None), None)
    dark = is_dark(now, *where) if where else None
    return {"groups": groups, "conditions": _abnormal(rows), "dark": dark}


def _view_parking(rows: Rows, _now: datetime) -> dict[str, Any]:
    return {"lots": _of(rows), "conditions": _abnormal(rows)}


# Live values

LIVE = """
SELECT d.id, l.value, (extract(epoch FROM l.at) * 1000)::bigint, l.flags
FROM sensing_datastream d JOIN sensing_thing t ON t.id = d.thing_id
LEFT JOIN sensing_latest l ON l.datastream_id = d.id
WHERE (t.purpose, d.key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""


def live_readings() -> list[tuple[int, float | None, int | None, int | None]]:
    """Every datastream that a panel shows, with its newest reading; None where there was none."""
    shown = [(str(purpose), key) for purpose, keys in KEYS.items() for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(LIVE, [list(column) for column in zip(*shown, strict=True)])
        return list(cursor.fetchall())


offer(
    Panel(
        "water",
        SOURCES["water"],
        frozenset({CHANGED, FORETOLD}),
        _load_water,
        _fold_water,
        _view_water,
        STALE,
    )
)
offer(Panel("air", SOURCES["air"], frozenset({CHANGED, COMPUTED}), _load_air, _fold_air, _view_air, STALE))
offer(
    Panel(
        "lights", SOURCES["lights"], frozenset({CHANGED}), _load_slim("lights", LIGHT_CODES, _group),
        _fold_codes(LIGHT_CODES), _view_lights, STALE,
    )
)  # fmt: skip
offer(
    Panel(
        "parking", SOURCES["parking"], frozenset({CHANGED}), _load_slim("parking", PARKING_CODES, _lot),
        _fold_codes(PARKING_CODES), _view_parking, STALE,
    )
)  # fmt: skip
