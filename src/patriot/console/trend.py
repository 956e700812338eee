"""Small pictures out of figures, as SVG: a datastream's last hours beside an alarm, calls by the hour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite

from patriot.alarms.queries import AlarmRow
from patriot.people.rules import Viewer
from patriot.sensing import queries as sensing
from patriot.sensing.history.series import merged, series

type Scale = Callable[[float], float]

SPAN = timedelta(hours=6)
WIDTH, HEIGHT = 600, 120
GAP = timedelta(minutes=30)  # a longer silence interrupts the line
BAR = 24


@dataclass(frozen=True)
class Mark:
    """A level's line: its height in the picture, its name and value."""

    y: float
    name: str
    value: float
    is_here: bool


@dataclass(frozen=True)
class Trend:
    """A line of the last hours as SVG paths in a box of WIDTH × HEIGHT."""

    paths: list[str]
    marks: list[Mark]
    low: float
    high: float
    first: float
    last: float
    unit: str
    since: datetime
    raised_x: float | None
    rows: list[tuple[datetime, float]]  # the table behind it, half-hourly, newest first
    width: int = WIDTH
    height: int = HEIGHT


def of(row: AlarmRow, now: datetime, viewer: Viewer) -> Trend | None:
    """The trend of an alarm's datastream over six hours; None when it has none or nothing was read."""
    if row.datastream is None:
        return None
    since = now - SPAN
    found = merged(series(row.datastream, since, now), "5m")  # of the readings: rollups come a little later
    points = [
        (int(at), float(value)) for at, value in zip(found.at, found.mean, strict=True) if isfinite(value)
    ]
    if len(points) < 2:
        return None
    levels = _levels(row, viewer)
    return drawn(points, levels, row, since, now)


def _levels(row: AlarmRow, viewer: Viewer) -> list[sensing.Level]:
    """The thresholds of the datastream that are valid now."""
    station = sensing.station(row.thing, viewer) if row.thing is not None else None
    streams = station.streams if station else ()
    return [level for one in streams if one.id == row.datastream for level in one.levels]


def drawn(
    points: Sequence[tuple[int, float]], levels: Sequence[sensing.Level], row: AlarmRow, since: datetime,
    now: datetime,
) -> Trend:  # fmt: skip
    """Points (µs since 1970, value) in order, as lines. Pure."""
    values = [value for _at, value in points]
    reach = [*values, *(one.value for one in levels if one.level <= max(1, row.level + 1))]
    low, high = min(reach), max(reach)
    spread = (high - low) or 1.0
    start, whole = since.timestamp() * 1e6, (now - since).total_seconds() * 1e6

    def x(at: float) -> float:
        return round((at - start) / whole * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - 6 - (value - low) / spread * (HEIGHT - 12), 1)

    seen = (one for one in levels if low <= one.value <= high)
    marks = [Mark(y(one.value), one.name, one.value, one.level == row.level) for one in seen]
    raised = x(row.active_since.timestamp() * 1e6) if row.active_since and row.active_since > since else None
    return Trend(
        _paths(points, x, y), marks, min(values), max(values), values[0], values[-1], row.unit, since,
        raised, _table(points),
    )  # fmt: skip


def _paths(points: Sequence[tuple[int, float]], x: Scale, y: Scale) -> list[str]:
    """One path for each stretch without a silence."""
    paths: list[str] = []
    before = None
    for at, value in points:
        fresh = before is None or at - before > GAP.total_seconds() * 1e6
        step = f"{'M' if fresh else 'L'}{x(at)} {y(value)}"
        if fresh:
            paths.append(step)
        else:
            paths[-1] += step
        before = at
    return paths


def _table(points: Sequence[tuple[int, float]]) -> list[tuple[datetime, float]]:
    """The last value of each half hour, newest first."""
    halves = {at // (1800 * 10**6): (at, value) for at, value in points}
    rows = [(datetime.fromtimestamp(at / 1e6, UTC), value) for at, value in halves.values()]
    return rows[::-1]


@dataclass(frozen=True)
class Bar:
    """One bar: where it stands, how high, and its figure."""

    x: int
    y: float
    height: float
    count: int


def bars(counts: Sequence[int]) -> list[Bar]:
    """Counts as bars in a box of 24 a bar × HEIGHT. Pure."""
    most = max([1, *counts])
    heights = [round(one / most * (HEIGHT - 20), 1) for one in counts]
    return [
        Bar(n * BAR, HEIGHT - height, height, count)
        for n, (count, height) in enumerate(zip(counts, heights, strict=True))
    ]
