"""Indices from stored readings: computed by jobs, kept in `sensing_index`, announced when they matter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from patriot.ledger import actions as ledger
from patriot.sensing import actions
from patriot.sensing.events import IndexComputed
from patriot.sensing.judging.quality import SECOND
from patriot.sensing.judging.thresholds import Crossing
from patriot.sensing.meaning import ispu, river
from patriot.sensing.models import Condition, Index, Thing
from patriot.sensing.rules import GOOD, UNFIT, UNFIT_FOR_INDEX, Flag, Purpose

FRESH_WATER = timedelta(hours=3)
ACTOR = "system:indices"
LEVELS = {ispu.Class.UNHEALTHY: 1, ispu.Class.VERY_UNHEALTHY: 2, ispu.Class.HAZARDOUS: 3}
POLLUTED = {river.Class.MODERATE: 1, river.Class.HEAVY: 2}
PRIORITY = ("low", "low", "medium", "high")  # by level

# One row a stream and hour of the last 24 (0 the oldest): the mean of the readings that count, each as much
# as any other however it came. A stream with none has one row, empty.
HOURS = f"""
SELECT d.thing_id, d.key, d.id, least(23, floor(extract(epoch FROM o.at - %(since)s) / 3600))::int AS hour,
       avg(o.value) AS value
FROM sensing_datastream d JOIN sensing_thing t ON t.id = d.thing_id
LEFT JOIN sensing_observation o ON o.datastream_id = d.id AND o.at >= %(since)s AND o.at < %(until)s
     AND o.value IS NOT NULL AND o.flags & {int(UNFIT_FOR_INDEX)} = 0
WHERE t.purpose = 'air'
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants only
LATEST = """
SELECT d.thing_id, d.key, l.value, l.at, l.flags
FROM sensing_latest l JOIN sensing_datastream d ON d.id = l.datastream_id
JOIN sensing_thing t ON t.id = d.thing_id
WHERE t.purpose = %s AND l.at >= %s AND l.at <= %s AND l.flags & %s = 0 AND l.value IS NOT NULL
"""


@dataclass(frozen=True)
class Newest:
    """A stream's newest reading."""

    value: float
    at: datetime
    flags: int


type Latest = dict[int, dict[str, Newest]]  # thing → key → reading


@dataclass(frozen=True)
class Computed:
    """One index of one thing. `level` 0: nothing abnormal; `value` None: too little to say."""

    thing: int
    code: str
    value: float | None
    label: str
    level: int
    detail: dict[str, Any]


def rows_of(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def latest(purpose: Purpose, now: datetime, fresh: timedelta, without: Flag = UNFIT) -> Latest:
    """The newest reading of each stream of these things, not older than `fresh`, with none of these flags."""
    found: Latest = {}
    for thing, key, *reading in rows_of(LATEST, [purpose, now - fresh, now, int(without)]):
        found.setdefault(thing, {})[key] = Newest(*reading)
    return found


def air(until: datetime) -> list[Computed]:
    """Every air station's ISPU over the 24 hours before `until`."""
    table = ispu.table_at(until.date())
    hours: dict[int, dict[str, list[tuple[int, float]]]] = {}
    for thing, key, _id, hour, value in rows_of(
        HOURS, {"since": until - timedelta(hours=24), "until": until}
    ):
        if key in table.concentrations:
            kept = hours.setdefault(thing, {}).setdefault(key, [])
            kept += [(hour, value)] if value is not None else []
    expired = _expired(until)
    return [_air(thing, streams, thing in expired, table) for thing, streams in sorted(hours.items())]


def _expired(until: datetime) -> set[int]:
    """Stations of which an analyser's calibration has expired."""
    things = Thing.objects.filter(purpose=Purpose.AIR)
    valid = things.exclude(datastreams__calibrated_until__lt=until.date())
    return set(things.values_list("pk", flat=True)) - set(valid.values_list("pk", flat=True))


def _air(
    thing: int, streams: Mapping[str, list[tuple[int, float]]], expired: bool, table: ispu.Table
) -> Computed:
    means = {key: ispu.daily_mean(*_columns(rows)) for key, rows in streams.items()}
    found = ispu.ispu({key: mean for key, (mean, _share) in means.items() if mean is not None}, table)
    detail = {
        "critical": found.critical, "parts": dict(found.parts), "table": table.name,
        "hours": {key: round(24 * share) for key, (_mean, share) in means.items()},
        "reason": "" if found.value is not None else "uncalibrated" if expired else "too_few_hours",
    }  # fmt: skip
    level = LEVELS.get(found.klass, 0) if found.klass else 0
    return Computed(thing, "ispu", found.value, str(found.klass or ""), level, detail)


def _columns(rows: list[tuple[int, float]]) -> tuple[Any, Any, Any]:
    """Hours, their means, and their flags: none is left."""
    hours, values = zip(*rows, strict=True) if rows else ((), ())
    return np.array(hours, int), np.array(values, float), np.zeros(len(rows), int)


def water(now: datetime) -> list[Computed]:
    """Every water quality station's Pollution Index from its newest readings; none without a fresh sample."""
    samples = latest(Purpose.WATER_QUALITY, now, FRESH_WATER, GOOD)
    return [
        _water(thing, streams)
        for thing, streams in sorted(samples.items())
        if not river.PARAMETERS.isdisjoint(streams)
    ]


def _water(thing: int, streams: Mapping[str, Newest]) -> Computed:
    values = {key: one.value for key, one in streams.items() if not one.flags & UNFIT_FOR_INDEX}
    found = river.pollution(values, temperature=values.get("temperature", 25.0))
    if found is None or len(found.ratios) < river.LEAST_PARAMETERS:
        expired = any(streams[key].flags & Flag.UNCALIBRATED for key in river.PARAMETERS & streams.keys())
        reason = "uncalibrated" if expired else "too_few_parameters"
        return Computed(thing, "pollution", None, "", 0, {"critical": "", "ratios": {}, "reason": reason})
    ratios = {name: round(one, 2) for name, one in found.ratios.items()}
    detail = {"critical": found.worst, "ratios": ratios, "reason": ""}
    level = POLLUTED.get(found.klass, 0)
    return Computed(thing, "pollution", round(found.value, 2), str(found.klass), level, detail)


@transaction.atomic
def keep(found: Iterable[Computed], at: datetime) -> None:
    """Store indices of the period ending `at`, announce each, and bring their conditions to its level.

    Done again for the same moment it changes nothing.
    """
    found = list(found)
    things = {thing.pk: thing for thing in Thing.objects.filter(pk__in=[one.thing for one in found])}
    crossings = []
    for one in found:
        told = {"value": one.value, "label": one.label, "detail": {**one.detail, "level": one.level}}
        _row, made = Index.objects.get_or_create(thing_id=one.thing, code=one.code, at=at, defaults=told)
        if made:
            _announce(one, things[one.thing], at)
        if one.value is not None:
            crossings.append(
                Crossing(
                    f"{one.code}:{one.thing}", one.code, one.level, one.label if one.level else "",
                    PRIORITY[one.level], us(at), one.value, thing=one.thing,
                )
            )  # fmt: skip
    bring(crossings)


def _announce(one: Computed, thing: Thing, at: datetime) -> None:
    event = IndexComputed(
        thing=thing.pk, name=thing.name, code=one.code, value=one.value, label=one.label,
        critical=one.detail.get("critical") or "", reason=one.detail.get("reason", ""), level=one.level,
        agency=thing.agency, area=thing.area, at=at,
    )  # fmt: skip
    ledger.append(
        event, actor=ACTOR, subject=f"thing:{thing.pk}", agency=thing.agency, simulated=thing.simulated
    )


def bring(crossings: Iterable[Crossing]) -> None:
    """Change those conditions whose level is another than it was: most stand as they stood."""
    crossings = list(crossings)
    known = dict(
        Condition.objects.filter(condition__in=[one.condition for one in crossings]).values_list(
            "condition", "level"
        )
    )
    changed = [one for one in crossings if known.get(one.condition, 0) != one.level]
    if changed:
        actions.change_conditions(changed)


def us(at: datetime) -> int:
    """Microseconds since the epoch."""
    return round(at.timestamp() * SECOND)


def store(found: Iterable[Computed], at: datetime) -> None:
    """Keep figures that nobody need be told of."""
    rows = [
        Index(thing_id=one.thing, code=one.code, at=at, value=one.value, label=one.label, detail=one.detail)
        for one in found
    ]
    Index.objects.bulk_create(rows, ignore_conflicts=True)
