"""Reading what was sensed: the newest values, series, all streams by the hour, stations.

Columns where there is much of it (see `fetch.py`), rows where people look at it. Files and tables are one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan

from django.db.models import Prefetch, Q, QuerySet

from patriot.kernel import clock
from patriot.people.queries import scope
from patriot.people.rules import Viewer
from patriot.sensing.history import fetch, rollups
from patriot.sensing.history.fetch import Column
from patriot.sensing.history.parquet import moment
from patriot.sensing.history.rollups import ORIGIN
from patriot.sensing.history.series import Series, archived, readings, series
from patriot.sensing.models import Datastream, Location, Thing, Threshold

__all__ = [
    "LatestRow", "Level", "Series", "StationRow", "StreamRow", "archived", "hourly_all", "latest",
    "latest_columns", "readings", "series", "station", "stations",
]  # fmt: skip

LATEST_KINDS = {"datastream_id": "id", "at": "at", "received_at": "at", "value": "number", "flags": "small"}
LATEST = """
    SELECT datastream_id, at, received_at, coalesce(value, 'NaN') AS value, flags FROM sensing_latest
"""
HOURLY_KINDS = {"datastream_id": "id", "bucket": "at", "mean": "number", "low": "number", "high": "number",
                "n": "small"}  # fmt: skip
_MEAN = """coalesce(total / nullif(n, 0), 'NaN') AS mean, coalesce(low, 'NaN') AS low,
    coalesce(high, 'NaN') AS high"""
HOURLY = f"SELECT datastream_id, bucket, {_MEAN}, n FROM sensing_rollup_1h WHERE bucket >= %s AND bucket < %s"  # noqa: S608
OPEN_HOUR = f"""
    UNION ALL SELECT datastream_id, bucket, {_MEAN}, n FROM (
        SELECT datastream_id, date_bin('1 hour', bucket, {ORIGIN}) AS bucket, sum(total) AS total,
               min(low) AS low, max(high) AS high, sum(n)::int AS n
        FROM sensing_rollup_5m WHERE bucket >= %s AND bucket < %s GROUP BY 1, 2) AS hour
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class LatestRow:
    """A datastream's newest reading. `value` None: it has none, or is no number."""

    datastream_id: int
    at: datetime
    received_at: datetime
    value: float | None
    flags: int


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold that is valid now. `below`: abnormal at `value` and less, else at `value` and more."""

    code: str
    level: int
    name: str
    value: float
    below: bool
    priority: str  # low, medium, high


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A datastream of a station with its newest reading. `cadence_s`: how often it speaks; None: unsaid."""

    id: int
    key: str
    name: str
    unit: str
    public: bool
    cadence_s: float | None
    calibrated_until: date | None
    latest: LatestRow | None
    levels: tuple[Level, ...]

    @property
    def level(self) -> Level | None:
        """The worst level at which its newest reading stands."""
        value = self.latest.value if self.latest else None
        if value is None:
            return None
        reached = [one for one in self.levels if (value <= one.value if one.below else value >= one.value)]
        return max(reached, key=lambda one: one.level, default=None)


@dataclass(frozen=True, slots=True)
class StationRow:
    """A thing as lists and maps show it, with what it measures. Degrees; None: it is nowhere."""

    id: int
    name: str
    description: str
    purpose: str
    lon: float | None
    lat: float | None
    agency: str
    area: str
    public: bool
    simulated: bool
    streams: tuple[StreamRow, ...]


def latest_columns() -> dict[str, Column]:
    """The newest reading of every datastream, in no order: `datastream_id`, `at` (µs since 1970), `value`
    (NaN: none), `flags`.
    """
    kinds = {name: kind for name, kind in LATEST_KINDS.items() if name != "received_at"}
    return fetch.columns(kinds, LATEST)


def latest(ids: Iterable[int] | None = None) -> list[LatestRow]:
    """The newest reading of these datastreams (None: of all), as rows."""
    where = "" if ids is None else "WHERE datastream_id = ANY(%s)"
    columns = fetch.columns(LATEST_KINDS, LATEST + where, [] if ids is None else [list(ids)])
    rows = zip(*(one.tolist() for one in columns.values()), strict=True)
    return [
        LatestRow(stream, moment(at), moment(received), None if isnan(value) else value, flags)
        for stream, at, received, value, flags in rows
    ]


def hourly_all(since: datetime, until: datetime, *, extremes: bool = False) -> dict[str, Column]:
    """All streams by the hour, hours that begin in [since, until): `datastream_id`, `bucket` (µs since 1970),
    `mean` (NaN: nothing fit), `n`, with `extremes` also `low` and `high`. The hour that is not over yet: as
    far as it is rolled up.
    """
    rolled = rollups.through("1h")
    kinds = {name: kind for name, kind in HOURLY_KINDS.items() if extremes or name not in ("low", "high")}
    if until <= rolled:
        return fetch.columns(kinds, HOURLY, [since, until])
    return fetch.columns(kinds, HOURLY + OPEN_HOUR, [since, rolled, max(since, rolled), until])


def stations(viewer: Viewer | None = None, purpose: str | None = None) -> list[StationRow]:
    """The stations this viewer may see, by name: public ones, and those of their scope. None: a stranger."""
    things = _visible(Thing.objects.all(), viewer)
    if purpose:
        things = things.filter(purpose=purpose)
    return _rows(things, viewer)


def station(thing_id: int, viewer: Viewer | None = None) -> StationRow | None:
    """One station, or None when there is none that this viewer may see."""
    found = _rows(_visible(Thing.objects.filter(pk=thing_id), viewer), viewer)
    return found[0] if found else None


def _visible(things: QuerySet[Thing], viewer: Viewer | None) -> QuerySet[Thing]:
    """Public things with something public to see, and the viewer's own."""
    public = Thing.objects.filter(public=True, datastreams__public=True)
    seen = Q(pk__in=public.values("pk"))
    if viewer is not None:
        own = scope(Thing.objects.filter(datastreams__isnull=False), viewer)
        seen |= Q(pk__in=own.values("pk"))
    return things.filter(seen)


def _rows(things: QuerySet[Thing], viewer: Viewer | None) -> list[StationRow]:
    today = clock.now().astimezone(clock.WIB).date()
    valid = Threshold.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=today), valid_from__lte=today)
    streams = Datastream.objects.order_by("pk").prefetch_related(
        Prefetch("thresholds", valid.exclude(code="rate_of_rise").order_by("level"))
    )
    found = list(
        things.order_by("name", "pk").prefetch_related(
            Prefetch("datastreams", streams), Prefetch("locations", Location.objects.defer("location"))
        )
    )
    ids = [stream.pk for thing in found for stream in thing.datastreams.all()]
    newest = {row.datastream_id: row for row in latest(ids)} if ids else {}
    return [_station(thing, viewer, newest) for thing in found]


def _station(thing: Thing, viewer: Viewer | None, newest: dict[int, LatestRow]) -> StationRow:
    inside = viewer is not None and viewer.sees(thing.agency)
    shown = [stream for stream in thing.datastreams.all() if inside or (thing.public and stream.public)]
    place = next((one for one in thing.locations.all() if one.lon is not None), None)
    return StationRow(
        thing.pk, thing.name, thing.description, thing.purpose,
        place.lon if place else None, place.lat if place else None,
        thing.agency, thing.area, thing.public, thing.simulated,
        tuple(_stream(stream, newest.get(stream.pk)) for stream in shown),
    )  # fmt: skip


def _stream(stream: Datastream, newest: LatestRow | None) -> StreamRow:
    levels = tuple(
        Level(one.code, one.level, one.name, one.value, one.below, one.priority)
        for one in stream.thresholds.all()
    )
    return StreamRow(
        stream.pk, stream.key, stream.name, stream.unit_symbol or "", stream.public,
        stream.limits.get("cadence_s"), stream.calibrated_until, newest, levels,
    )  # fmt: skip
