"""Learning the river's models from what is stored, and speaking of what comes. The mathematics: forecast."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Coalesce
from django.utils import translation
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from patriot.kernel.clock import WIB
from patriot.ledger import actions as ledger
from patriot.sensing.events import ForecastMade
from patriot.sensing.judging.quality import SECOND
from patriot.sensing.judging.thresholds import Crossing
from patriot.sensing.judging.watch import DRIFT
from patriot.sensing.meaning import drift, forecast
from patriot.sensing.meaning.forecast import HOUR, STEP_S, Model, Outlook
from patriot.sensing.meaning.indices import bring
from patriot.sensing.meaning.river import Band, siaga
from patriot.sensing.models import Condition, Datastream, Forecast, ForecastModel, RiverLink, Thing, Threshold
from patriot.sensing.rules import UNFIT, Flag

ACTOR = "system:forecast"
KEY = "level"
HISTORY = timedelta(days=400)
LOOK_BACK = timedelta(hours=16)
SILENT = 4  # grid steps without a reading: the gauge says nothing of now
RISES_CM = 10.0  # what is worth speaking of
NEWS_CM, NEWS_TIME, NEWS_AFTER = 5.0, timedelta(minutes=15), timedelta(minutes=30)
TRY_AGAIN = timedelta(minutes=3)
WARN_FROM = 2  # forecasts of a milder level are shown and open no alarm
OVERDUE = timedelta(hours=3)  # after its peak was expected: a level foretold that nobody can confirm any more
UNUSABLE = int(UNFIT | Flag.FLATLINE)

# Means on the grid, in two ways: from rollups for years, from readings for hours.
LONG = """
SELECT datastream_id, extract(epoch FROM bucket)::float8, total / n FROM sensing_rollup_5m
WHERE datastream_id = ANY(%s) AND bucket >= %s AND bucket < %s AND n > 0 AND flags & %s = 0
"""
SHORT = """
SELECT datastream_id, extract(epoch FROM at)::float8, value FROM sensing_observation
WHERE datastream_id = ANY(%s) AND at >= %s AND at < %s AND value IS NOT NULL AND flags & %s = 0
"""

type Grids = dict[int, NDArray[np.float64]]


@dataclass(frozen=True)
class Upper:
    """An upper gauge, and the usual hours from it to the lower one."""

    stream: int
    hours_min: float
    hours_max: float

    @property
    def usual(self) -> int:
        """Grid steps, the middle of the usual hours."""
        return max(1, round((self.hours_min + self.hours_max) / 2 * HOUR))


@dataclass(frozen=True)
class Target:
    """A gauge to speak of, and those above it."""

    thing: Thing
    stream: int
    uppers: list[Upper]


def targets() -> list[Target]:
    """Every gauge that lies below another, with all above it, however far."""
    links: dict[int, list[RiverLink]] = {}
    for link in RiverLink.objects.order_by("upstream_id"):
        links.setdefault(link.downstream_id, []).append(link)
    rows = Datastream.objects.filter(thing__in={*links, *_ups(links)}, key=KEY)
    streams = dict(rows.values_list("thing_id", "pk"))
    things = Thing.objects.in_bulk(list(links))
    return [
        Target(things[thing], streams[thing], _above(thing, links, streams, 0.0, 0.0))
        for thing in sorted(links) if thing in streams
    ]  # fmt: skip


def _ups(links: Mapping[int, list[RiverLink]]) -> set[int]:
    return {link.upstream_id for rows in links.values() for link in rows}


def _above(
    thing: int, links: Mapping[int, list[RiverLink]], streams: Mapping[int, int], low: float, high: float
) -> list[Upper]:
    """The gauges above, the nearest first; a circle in the links ends at 48 hours."""
    found = []
    for link in links.get(thing, []):
        least, most = low + link.hours_min, high + link.hours_max
        if most < 48:
            if link.upstream_id in streams:
                found.append(Upper(streams[link.upstream_id], least, most))
            found += _above(link.upstream_id, links, streams, least, most)
    return found


def grids(streams: set[int], since: datetime, until: datetime, *, long: bool) -> Grids:
    """Each stream's levels on the forecast's grid, NaN where nothing fit was read."""
    begin = since.timestamp() // STEP_S * STEP_S
    with connection.cursor() as cursor:
        cursor.execute(LONG if long else SHORT, [list(streams), since, until, UNUSABLE])
        rows = cursor.fetchall()
    ids, at, values = (
        (np.array(column) for column in zip(*rows, strict=True)) if rows else ((np.array([]),) * 3)
    )
    return {
        stream: forecast.gridded(at[ids == stream], values[ids == stream], begin, until.timestamp())
        for stream in streams
    }


def _streams(every: list[Target]) -> set[int]:
    return {target.stream for target in every} | {upper.stream for t in every for upper in t.uppers}


def learn(now: datetime, every: list[Target] | None = None) -> list[ForecastModel]:
    """Train a model for these gauges, or all below another; where history is too short its card says so."""
    every = targets() if every is None else every
    if not every:
        return []
    since = _oldest(every, now)
    held = grids(_streams(every), since, now, long=True)
    for stream, spans in drift.spans(_streams(every), since, now).items():
        forecast.blank(held[stream], since.timestamp(), spans)
    return [_learn(target, held, now) for target in every]


def _oldest(every: list[Target], now: datetime) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(bucket) FROM sensing_rollup_5m WHERE datastream_id = ANY(%s) AND bucket >= %s",
            [list(_streams(every)), now - HISTORY],
        )
        return cursor.fetchone()[0] or now - timedelta(days=1)


def _learn(target: Target, held: Grids, now: datetime) -> ForecastModel:
    lower, uppers = held[target.stream], [held[upper.stream] for upper in target.uppers]
    model = forecast.train(lower, uppers, [upper.usual for upper in target.uppers])
    known = np.flatnonzero(np.isfinite(lower))
    span = len(known) and (known[-1] - known[0]) * STEP_S
    row = ForecastModel(thing=target.thing, trained_at=now, method="rule_of_thumb", until=now)
    row.since = now - timedelta(seconds=int(span))
    row.events = len(forecast.waves(lower))
    if model is not None:
        card = model.card
        row.method, row.events, row.parameters = "learned", card.events, model.as_json()
        row.mae_cm, row.mae_hours, row.coverage = card.mae_cm, card.mae_hours, card.coverage
    row.save()
    return row


def learn_if_needed(now: datetime) -> None:
    """Train where there is no model yet, or only the rule of thumb: history may have come since."""
    cards = models()
    wanting = [
        target for target in targets()
        if (card := cards.get(target.thing.pk)) is None
        or (card.method != "learned" and now - card.trained_at >= TRY_AGAIN)
    ]  # fmt: skip
    if wanting:
        learn(now, wanting)


def models() -> dict[int, ForecastModel]:
    """The newest model card of each gauge, by thing."""
    rows = ForecastModel.objects.order_by("thing_id", "-trained_at", "-pk").distinct("thing_id")
    return {row.thing_id: row for row in rows}


def speak(now: datetime) -> list[ForecastMade]:
    """Look ahead for every gauge; returns what was announced, which is what has changed enough."""
    every, cards = targets(), models()
    held = grids(_streams(every), now - LOOK_BACK, now, long=False) if every else {}
    drifting = drift.now()
    for stream in drifting & held.keys():
        held[stream][:] = np.nan  # what it says of the level may be wrong by any amount
    before = {
        row.thing_id: row for row in Forecast.objects.order_by("thing_id", "-made_at").distinct("thing_id")
    }
    said = []
    for target in every:
        card = cards.get(target.thing.pk)
        if card is not None:
            event = _look(target, card, held, now)
            if target.stream in drifting:
                event = replace(event, doubt=DRIFT)
            if _is_news(event, before.get(target.thing.pk)):
                keep(event, card, target.thing)
                said.append(event)
    return said


def _look(target: Target, card: ForecastModel, held: Grids, now: datetime) -> ForecastMade:
    lower = _to_now(held[target.stream])
    uppers = [_to_now(held[upper.stream]) for upper in target.uppers]
    level = float(lower[-1]) if np.isfinite(lower[-1]) else None
    if card.method == "learned":
        model = forecast.from_json(card.parameters)
        seen = forecast.outlook(model, lower, uppers) if len(model.lags) == len(uppers) else None
        if seen is not None and level is not None:
            return _learned(target, card, seen, model, level, now)
    return _by_thumb(target, card, uppers, level, now)


def _to_now(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last level stands until now, unless it is too old to."""
    known = np.flatnonzero(np.isfinite(grid))
    if len(known) and len(grid) - 1 - known[-1] <= SILENT:
        grid = grid.copy()
        grid[known[-1] + 1 :] = grid[known[-1]]
    return grid


def _learned(
    target: Target, card: ForecastModel, seen: Outlook, model: Model, level: float, now: datetime
) -> ForecastMade:
    rises = seen.peak.hours > 0 and seen.peak.value - level >= RISES_CM
    band = siaga(seen.peak.value, bands(target.stream), now.astimezone(WIB).date()) if rises else None
    return _event(
        target, card, now, state="rising" if rises else "steady", level=level,
        value=seen.peak.value if rises else None, low=seen.peak.low if rises else None,
        high=seen.peak.high if rises else None,
        hours=(seen.peak.hours, seen.peak_from, seen.peak_to) if rises else None, band=band,
        ahead=model.horizons[-1].steps / HOUR,
    )  # fmt: skip


def _by_thumb(
    target: Target, card: ForecastModel, uppers: list[NDArray[np.float64]], level: float | None, now: datetime
) -> ForecastMade:
    told = [
        forecast.rule_of_thumb(grid, upper.hours_min, upper.hours_max)
        for grid, upper in zip(uppers, target.uppers, strict=True)
    ]
    known = [one for one in told if one is not None]
    first = min(known, key=lambda one: one.hours_from) if known else None
    hours = ((first.hours_from + first.hours_to) / 2, first.hours_from, first.hours_to) if first else None
    state = "rising" if first else "steady" if _heard(target, uppers) else "unknown"
    ahead = min((upper.hours_min for upper in target.uppers), default=0.0)
    return _event(target, card, now, state=state, level=level, hours=hours, ahead=ahead, thumb=True)


def _heard(target: Target, uppers: list[NDArray[np.float64]]) -> bool:
    """Whether every gauge above was heard for as long as a wave may be on its way: else one may be."""
    spans = [ceil(upper.hours_max * HOUR) for upper in target.uppers]
    return bool(uppers) and all(np.isfinite(grid[-n:]).all() for grid, n in zip(uppers, spans, strict=True))


def _event(
    target: Target, card: ForecastModel, now: datetime, *, state: str, level: float | None, ahead: float,
    value: float | None = None, low: float | None = None, high: float | None = None,
    hours: tuple[float, float, float | None] | None = None, band: Band | None = None, thumb: bool = False,
) -> ForecastMade:  # fmt: skip
    peak = [None if one is None else _minute(now + timedelta(hours=one)) for one in hours or (None,) * 3]
    span = (card.until - card.since).total_seconds() / 86400 if card.since and card.until else 0.0
    return ForecastMade(
        thing=target.thing.pk, name=target.thing.name, method="rule_of_thumb" if thumb else card.method,
        state=state, now=_cm(level), value=_cm(value), low=_cm(low), high=_cm(high), peak_at=peak[0],
        peak_from=peak[1], peak_to=peak[2], level=band.level if band else 0, label=band.name if band else "",
        mae_cm=_cm(card.mae_cm), mae_hours=card.mae_hours and round(card.mae_hours, 2),
        coverage=card.coverage and round(card.coverage, 3), waves=card.events, days=round(span, 1),
        ahead_h=round(ahead, 1), agency=target.thing.agency, area=target.thing.area, at=now,
    )  # fmt: skip


def _cm(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _minute(at: datetime) -> datetime:
    return (at + timedelta(seconds=30)).replace(second=0, microsecond=0)


def bands(stream: int) -> list[Band]:
    """A gauge's siaga levels of all times."""
    return [
        Band(row.name, row.level, row.value, row.valid_from, row.valid_to)
        for row in Threshold.objects.filter(datastream=stream, code="siaga")
    ]


def _is_news(event: ForecastMade, before: Forecast | None) -> bool:
    if before is None or event.at - before.made_at >= NEWS_AFTER:
        return True
    told: dict[str, Any] = before.detail
    said = (event.state, event.method, event.level, event.doubt)
    if said != (told["state"], told["method"], told["level"], told.get("doubt", "")):
        return True
    if event.value is not None and abs(event.value - (before.value or 0.0)) >= NEWS_CM:
        return True
    return event.peak_at is not None and abs(event.peak_at - (before.peak_at or event.at)) >= NEWS_TIME


@transaction.atomic
def keep(event: ForecastMade, card: ForecastModel, thing: Thing) -> None:
    """Store and announce a forecast, and bring its condition to the level foretold."""
    Forecast.objects.update_or_create(
        thing=thing, made_at=event.at,
        defaults={
            "model": card, "peak_at": event.peak_at, "peak_from": event.peak_from, "peak_to": event.peak_to,
            "value": event.value, "low": event.low, "high": event.high,
            "detail": {
                "state": event.state, "method": event.method, "level": event.level, "label": event.label,
                "now": event.now, "ahead_h": event.ahead_h, "doubt": event.doubt,
            },
        },
    )  # fmt: skip
    ledger.append(
        event, actor=ACTOR, subject=f"thing:{thing.pk}", agency=thing.agency, simulated=thing.simulated
    )
    if (crossing := _condition(event)) is not None:
        bring([crossing])


def _condition(event: ForecastMade) -> Crossing | None:
    """A level foretold is abnormal while it is worse than the one that stands: then the gauge says so.

    None: it stays as it is. The rule of thumb knows no level and so takes none back: gauges that fall silent
    end no alarm.
    """
    levels = Condition.objects.filter(thing_id=event.thing, code="siaga").values_list("level", flat=True)
    stands = max(levels, default=0)
    if event.method != "learned" and _is_awaited(event, stands):
        return None
    worse = event.level >= WARN_FROM and event.level > stands
    level = event.level if worse else 0
    with translation.override(settings.LANGUAGE_CODE):  # as the labels of thresholds are
        label = _("Expected: %(level)s") % {"level": event.label} if worse else ""
    return Crossing(
        f"forecast:{event.thing}", "forecast", level, label, "high" if level >= 3 else "medium",
        round(event.at.timestamp() * SECOND), event.value, thing=event.thing, unit="cm",
    )  # fmt: skip


def _is_awaited(event: ForecastMade, stands: int) -> bool:
    """Whether the level last foretold is still to come: not reached by `stands`, and not `OVERDUE`."""
    foretold = Condition.objects.filter(condition=f"forecast:{event.thing}", level__gt=stands)
    if not foretold.exists():
        return False
    learned = Forecast.objects.filter(thing_id=event.thing, detail__method="learned").order_by("-made_at")
    ends = learned.values_list(Coalesce("peak_to", "peak_at"), flat=True).first()
    return ends is not None and event.at < ends + OVERDUE
