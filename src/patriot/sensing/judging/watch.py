"""What no single reading tells: silence, weak batteries, expired calibrations, drift. Looked at by jobs.

Each look returns only what changed: conditions to bring to another level. Those that already stand so are
left out, so that a look costs one query and no write.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext

from patriot.kernel.clock import WIB
from patriot.sensing.judging.quality import MISSED, SECOND
from patriot.sensing.judging.thresholds import Crossing
from patriot.sensing.models import Condition
from patriot.sensing.rules import UNFIT, Flag

NO_DATA, BATTERY, CALIBRATION, DRIFT = "no_data", "battery", "calibration", "drift"
EVERYTHING = f"{NO_DATA}:intake"
UNITS = {NO_DATA: "sensor", CALIBRATION: "sensor", BATTERY: "%"}  # a count of sensors, a charge
PARTLY, WHOLLY = 1, 2
# So many, and such a part of all, fall silent at once: the platform is deaf, not they mute.
MANY, MOST = 20, 0.5
WEAK_PCT, EMPTY_PCT, BACK_PCT = 20.0, 10.0, 5.0  # battery: low, nearly empty; so much above it is over
SHORT_S = 1200  # over which the two ends of a drift are averaged
STILL = 1 / 3  # of the drift's limit: how little the gauges above may have moved

SILENCE = f"""
SELECT d.thing_id, count(*), count(*) FILTER (WHERE silent),
       count(*) FILTER (WHERE silent AND %(since)s < late), coalesce(max(c.level), 0)
FROM sensing_datastream d
JOIN sensing_latest l ON l.datastream_id = d.id
CROSS JOIN LATERAL (SELECT (d.limits->>'cadence_s')::float8 AS cadence_s) AS limits
CROSS JOIN LATERAL (SELECT %(now)s - make_interval(secs => {MISSED} * cadence_s) AS late) AS t
CROSS JOIN LATERAL (SELECT l.received_at < late AS silent) AS s
LEFT JOIN sensing_condition c ON c.condition = '{NO_DATA}:' || d.thing_id
WHERE cadence_s > 0
GROUP BY d.thing_id
"""  # noqa: S608 - constants only
BATTERIES = f"""
SELECT t.id, least(l.value, v.pct), coalesce(c.level, 0)
FROM sensing_thing t
LEFT JOIN sensing_datastream d ON d.thing_id = t.id AND d.key = '{BATTERY}'
LEFT JOIN sensing_latest l ON l.datastream_id = d.id AND l.flags & {UNFIT.value} = 0
LEFT JOIN (SELECT thing_id, min(battery_pct) AS pct FROM sensing_device WHERE enabled GROUP BY 1) AS v
    ON v.thing_id = t.id
LEFT JOIN sensing_condition c ON c.condition = '{BATTERY}:' || t.id
WHERE least(l.value, v.pct) IS NOT NULL
  AND (coalesce(c.level, 0) > 0 OR least(l.value, v.pct) <= {WEAK_PCT})
"""  # noqa: S608 - constants only
CALIBRATIONS = f"""
SELECT d.thing_id, count(*) FILTER (WHERE d.calibrated_until < %(today)s)
FROM sensing_datastream d LEFT JOIN sensing_condition c ON c.condition = '{CALIBRATION}:' || d.thing_id
GROUP BY d.thing_id
HAVING (count(*) FILTER (WHERE d.calibrated_until < %(today)s) > 0) <> (coalesce(max(c.level), 0) > 0)
"""  # noqa: S608 - constants only
# For each watched gauge how far it moved, now less then, both averaged; and for each gauge above it how
# widely it moved since a wave that passed there could have arrived. What is stuck or unfit tells nothing.
MOVES = f"""
WITH watched AS (
    SELECT d.id, d.thing_id, d.key, (d.limits->>'drift')::float8 AS most,
           make_interval(secs => coalesce((d.limits->>'drift_s')::float8, 21600)) AS span,
           coalesce((SELECT level FROM sensing_condition WHERE condition = '{DRIFT}:' || d.id), 0) AS level
    FROM sensing_datastream d WHERE d.limits ? 'drift'
)
SELECT w.id, w.most, w.level, later.mean - earlier.mean, array_agg(nullif(above.wide, 0))
FROM watched w
JOIN sensing_riverlink r ON r.downstream_id = w.thing_id
JOIN sensing_datastream n ON n.thing_id = r.upstream_id AND n.key = w.key
CROSS JOIN LATERAL (
    SELECT avg(o.value) AS mean FROM sensing_observation o
    WHERE o.datastream_id = w.id AND o.flags & {UNFIT.value} = 0
      AND o.at > %(now)s - make_interval(secs => {SHORT_S}) AND o.at <= %(now)s) AS later
CROSS JOIN LATERAL (
    SELECT avg(o.value) AS mean FROM sensing_observation o
    WHERE o.datastream_id = w.id AND o.flags & {UNFIT.value} = 0
      AND o.at > %(now)s - w.span - make_interval(secs => {SHORT_S}) AND o.at <= %(now)s - w.span) AS earlier
CROSS JOIN LATERAL (
    SELECT max(o.value) - min(o.value) AS wide FROM sensing_observation o
    WHERE o.datastream_id = n.id AND o.flags & {int(UNFIT | Flag.FLATLINE)} = 0
      AND o.at > %(now)s - w.span - make_interval(secs => 3600 * r.hours_max) AND o.at <= %(now)s) AS above
GROUP BY w.id, w.most, w.level, later.mean, earlier.mean
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class Silence:
    """How many of a thing's watched datastreams are silent, and how its condition stands.

    `missed`: those that are silent and were watched for as long: what was not watched was not missed.
    """

    thing: int
    streams: int
    silent: int
    missed: int
    level: int

    @property
    def due(self) -> int:
        """The level at which it should stand: raised by what was missed, kept by what is silent."""
        return max(self._level(self.missed), min(self.level, self._level(self.silent)))

    def _level(self, silent: int) -> int:
        if not silent:
            return 0
        return WHOLLY if silent == self.streams else PARTLY

    def deaf(self, already: bool) -> bool:
        """Whether it speaks for nothing coming in at all; `already`: that stands."""
        return self._level(self.silent if already else self.missed) == WHOLLY


def silences(now: datetime, since: datetime) -> list[Crossing]:
    """Things that missed three readings in a row, and those that speak again.

    `since`: when this watch began; a center that was off for a night does not blame its devices for it.
    When very many fall silent at once one condition says that nothing comes in, and no thing is blamed.
    """
    rows = [Silence(*row) for row in _rows(SILENCE, {"now": now, "since": since})]
    already = Condition.objects.filter(condition=EVERYTHING, level__gt=0).exists()
    deaf = len([row for row in rows if row.deaf(already)])
    mute = deaf >= MANY and deaf >= MOST * len(rows)
    found = []
    if mute != already:
        every = _condition(EVERYTHING, NO_DATA, int(mute), "high", now, float(deaf), name=_every_sensor())
        found.append(every)
    for row in rows:
        if row.due != row.level and not (mute and row.due > row.level):
            priority = "medium" if row.due == WHOLLY else "low"
            name, silent = f"{NO_DATA}:{row.thing}", float(row.silent)
            found.append(_condition(name, NO_DATA, row.due, priority, now, silent, thing=row.thing))
    return found


def _every_sensor() -> str:
    """A name for all of them, as the names of stations are: in the city's language."""
    with translation.override(settings.LANGUAGE_CODE):
        return gettext("All sensors")


def batteries(now: datetime) -> list[Crossing]:
    """Weak and nearly empty batteries, and those that were charged or changed."""
    found = []
    for thing, percent, level in _rows(BATTERIES, []):
        due = battery_level(percent, level)
        if due != level:
            name, priority = f"{BATTERY}:{thing}", "medium" if due == 2 else "low"
            found.append(_condition(name, BATTERY, due, priority, now, percent, thing=thing))
    return found


def battery_level(percent: float, level: int) -> int:
    """0 good, 1 weak, 2 nearly empty; `level`: how it stood, better only when clearly so."""
    for due, limit in ((2, EMPTY_PCT), (1, WEAK_PCT)):
        if percent <= limit or (level >= due and percent < limit + BACK_PCT):
            return due
    return 0


def calibrations(now: datetime) -> list[Crossing]:
    """Things with a sensor whose calibration has expired, and those that were calibrated again."""
    today = now.astimezone(WIB).date()
    return [
        _condition(f"{CALIBRATION}:{thing}", CALIBRATION, int(n > 0), "low", now, float(n), thing=thing)
        for thing, n in _rows(CALIBRATIONS, {"today": today})
    ]


def drifts(now: datetime) -> list[Crossing]:
    """Gauges that wander off while the river above them stands still."""
    found = []
    for stream, most, level, moved, above in _rows(MOVES, {"now": now}):
        due = drift_level(moved, most, above, level)
        if due != level:
            name = f"{DRIFT}:{stream}"
            found.append(_condition(name, DRIFT, due, "low", now, moved, datastream=stream))
    return found


def drift_level(moved: float | None, most: float, above: Iterable[float | None], level: int) -> int:
    """1 when it moved by more than `most` while no gauge above it moved by a third of that.

    `above`: how widely each of them moved, None where that is not known: then, as while the river itself
    moves, nobody can tell, and it stands as it stood. Over when it is back within half of `most`.
    """
    others = list(above)
    if moved is None or not others or any(other is None or other >= STILL * most for other in others):
        return level
    return int(abs(moved) > most) or (level if abs(moved) > most / 2 else 0)


def _condition(
    condition: str, code: str, level: int, priority: str, now: datetime, value: float | None = None,
    *, thing: int | None = None, datastream: int | None = None, name: str = "",
) -> Crossing:  # fmt: skip
    at = round(now.timestamp() * SECOND)
    label = code if level else ""
    unit = UNITS.get(code, "")
    return Crossing(condition, code, level, label, priority, at, value, datastream, thing, name, unit)


def _rows(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
