"""The SQL of readings and conditions, for Django's side (`actions.py`) and the intake, which has no ORM.

What takes several statements that depend on each other is a script: a generator that yields (SQL, parameters)
and is sent the rows; `drive` and `adrive` run one on a cursor.
"""

from collections.abc import Generator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg

from patriot.kernel.events import encode
from patriot.ledger.statements import APPEND
from patriot.sensing.events import ConditionChanged
from patriot.sensing.judging import combos
from patriot.sensing.judging.quality import NO_NEWS, NO_VALUE, SECOND
from patriot.sensing.judging.thresholds import RISE, Crossing
from patriot.sensing.rules import Flag

type Script[T] = Generator[tuple[str, Sequence[Any]], list[tuple[Any, ...]], T]

ACTOR = "system:sensing"
REPEATED = int(Flag.DUPLICATE)
DEEPEST = 5  # combinations of combinations
UNIT_WIDTH = 40  # of `models.Condition.unit`

# One row a datastream, as columns.StreamRow. Order and lock: see LOCK.
STREAMS = """
SELECT d.id, d.limits::text, d.calibrated_until, l.observation_id,
       (extract(epoch FROM l.at) * 1000000)::bigint, l.value, l.flags,
       (SELECT json_agg(t) FROM (
            SELECT code, level, name, value, valid_from, clear, below, delay_on_s, delay_off_s, window_s,
                   priority, valid_to
            FROM sensing_threshold WHERE datastream_id = d.id ORDER BY code, level, valid_from) AS t)::text,
       (SELECT json_object_agg(c.code, c.level) FROM sensing_condition c
        WHERE c.datastream_id = d.id AND c.level > 0 AND c.condition = c.code || ':' || d.id)::text
FROM sensing_datastream d LEFT JOIN sensing_latest l ON l.datastream_id = d.id
"""
STREAMS_OF = f"{STREAMS} WHERE d.id = ANY(%s)"
# Two writers of one datastream take turns, and lock in the same order.
LOCK = "SELECT FROM sensing_latest WHERE datastream_id = ANY(%s) ORDER BY datastream_id FOR UPDATE"
# What a state is rebuilt from: parameters ids, seconds, counts (see Streams.wanting). Oldest first.
RECENT = f"""
SELECT r.datastream_id, (extract(epoch FROM r.at) * 1000000)::bigint, r.value
FROM unnest(%s::bigint[], %s::float8[], %s::int[]) AS w (id, seconds, count)
JOIN sensing_latest l ON l.datastream_id = w.id
CROSS JOIN LATERAL (
    SELECT o.datastream_id, o.at, o.value FROM sensing_observation o
    WHERE o.datastream_id = w.id AND o.at >= l.at - make_interval(secs => w.seconds) AND o.at <= l.at
      AND o.flags & {NO_NEWS} = 0
    ORDER BY o.at DESC LIMIT w.count
) AS r
ORDER BY r.datastream_id, r.at
"""  # noqa: S608 - constants only
# Since when the newest value has been what it is: parameters ids, seconds (see Streams.flatlining).
SAME = f"""
SELECT w.id, (extract(epoch FROM s.at) * 1000000)::bigint
FROM unnest(%s::bigint[], %s::float8[]) AS w (id, seconds)
JOIN sensing_latest l ON l.datastream_id = w.id AND l.value IS NOT NULL
CROSS JOIN LATERAL (SELECT l.at - make_interval(secs => w.seconds) AS at) AS beginning
CROSS JOIN LATERAL (SELECT coalesce((
    SELECT o.at FROM sensing_observation o
    WHERE o.datastream_id = w.id AND o.at >= beginning.at AND o.at < l.at AND o.value <> l.value
      AND o.flags & {NO_VALUE} = 0
    ORDER BY o.at DESC LIMIT 1), beginning.at) AS at) AS other
CROSS JOIN LATERAL (
    SELECT o.at FROM sensing_observation o
    WHERE o.datastream_id = w.id AND o.at > other.at AND o.at <= l.at AND o.value = l.value
      AND o.flags & {NO_VALUE} = 0
    ORDER BY o.at LIMIT 1) AS s
"""  # noqa: S608 - constants only
IDS = "SELECT nextval('sensing_observation_id') FROM generate_series(1, %s)"
ENSURE_DAY = "SELECT sensing_ensure_day(%s)"
STORED = ("id", "datastream_id", "at", "received_at", "value", "flags")
COPY = f"COPY sensing_observation ({', '.join(STORED)}) FROM STDIN (FORMAT BINARY)"
# Parameters: arrays of datastream ids (ascending), observation ids, at, received_at (µs), value, flags.
LATEST = """
INSERT INTO sensing_latest AS l (datastream_id, observation_id, at, received_at, value, flags, result)
SELECT datastream_id, observation_id, timestamptz 'epoch' + at * interval '1 microsecond',
       timestamptz 'epoch' + received * interval '1 microsecond',
       nullif(value, 'NaN'), flags, NULL
FROM unnest(%s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::float8[], %s::int4[])
     AS n (datastream_id, observation_id, at, received, value, flags)
ON CONFLICT (datastream_id) DO UPDATE SET
    observation_id = excluded.observation_id, at = excluded.at, received_at = excluded.received_at,
    value = excluded.value, flags = excluded.flags, result = excluded.result
WHERE excluded.at > l.at
"""
# A stored reading that proved to be a spike. Parameters: arrays of datastream ids and of at (µs).
SPIKES = f"""
UPDATE sensing_observation o SET flags = o.flags | {int(Flag.SPIKE)}
FROM (SELECT id, timestamptz 'epoch' + at * interval '1 microsecond' AS at
      FROM unnest(%s::int8[], %s::int8[]) AS s (id, at)) AS s
WHERE o.datastream_id = s.id AND o.at = s.at AND o.flags & {NO_NEWS} = 0
"""  # noqa: S608 - constants only
# Late readings of a batch whose moment their stream had said before: in the batch, where numbers ascend, or
# in an earlier one, whatever its numbers are. The bounds of `at` are for the planner: only those days are
# looked into. Parameters: see `repeats`.
REPEATS = f"""
WITH late AS MATERIALIZED (
    SELECT id, datastream_id, timestamptz 'epoch' + at * interval '1 microsecond' AS at
    FROM unnest(%(ids)s::int8[], %(streams)s::int8[], %(at)s::int8[]) AS s (id, datastream_id, at)
)
UPDATE sensing_observation o SET flags = o.flags | {REPEATED} FROM late s
WHERE o.datastream_id = s.datastream_id AND o.at = s.at AND o.id = s.id
  AND o.at BETWEEN %(first)s AND %(last)s
  AND EXISTS (SELECT FROM sensing_observation p
              WHERE p.datastream_id = s.datastream_id AND p.at = s.at AND p.at BETWEEN %(first)s AND %(last)s
                AND (p.id < s.id OR p.id NOT IN (SELECT l.id FROM late l)))
RETURNING o.id
"""  # noqa: S608 - constants only
# Compare and set: a row comes back only if the condition's level changed. A normal one that was never
# otherwise is not kept. A rate of rise is told per hour: "cm/h" where its datastream has "cm". Parameters:
# see `_change_row`.
CHANGE = f"""
INSERT INTO sensing_condition AS c (condition, code, level, old_level, label, priority, value, at, changed_at,
    datastream_id, thing_id, name, unit, agency, area, lon, lat, simulated)
SELECT n.condition, n.code, n.level, 0, n.label, n.priority, n.value, n.at, n.changed_at, n.datastream, t.id,
       coalesce(nullif(n.name, ''), t.name, n.condition),
       coalesce(nullif(n.unit, ''),
                left(d.unit_symbol || CASE WHEN n.code = '{RISE}' THEN '/h' ELSE '' END, {UNIT_WIDTH}), ''),
       coalesce(t.agency, ''), coalesce(t.area, ''), place.lon, place.lat, coalesce(t.simulated, false)
FROM (SELECT %s::text AS condition, %s::text AS code, %s::int AS level, %s::text AS label,
             %s::text AS priority, %s::float8 AS value, %s::timestamptz AS at, %s::timestamptz AS changed_at,
             %s::int8 AS datastream, %s::int8 AS thing, %s::text AS name, %s::text AS unit) AS n
LEFT JOIN sensing_datastream d ON d.id = n.datastream
LEFT JOIN sensing_thing t ON t.id = coalesce(n.thing, d.thing_id)
LEFT JOIN LATERAL (
    SELECT l.lon, l.lat FROM sensing_thing_locations tl JOIN sensing_location l ON l.id = tl.location_id
    WHERE tl.thing_id = t.id AND l.lon IS NOT NULL ORDER BY l.id DESC LIMIT 1) AS place ON true
WHERE n.level > 0 OR EXISTS (SELECT FROM sensing_condition o WHERE o.condition = n.condition AND o.level > 0)
ON CONFLICT (condition) DO UPDATE SET
    old_level = c.level, level = excluded.level, label = excluded.label,
    priority = CASE WHEN excluded.level = 0 THEN c.priority ELSE excluded.priority END,
    value = excluded.value, at = excluded.at, changed_at = excluded.changed_at, thing_id = excluded.thing_id,
    name = excluded.name, unit = excluded.unit, agency = excluded.agency, area = excluded.area,
    lon = excluded.lon, lat = excluded.lat, simulated = excluded.simulated
WHERE c.level <> excluded.level AND excluded.at >= c.at
RETURNING old_level, priority, thing_id, datastream_id, name, unit, agency, area, lon, lat, simulated
"""  # noqa: S608 - constants only
COMBINATIONS = """
SELECT id, name, level, priority, expression::text, thing_id FROM sensing_combination
WHERE enabled AND EXISTS (
    SELECT FROM unnest(%s::text[]) AS k WHERE strpos(expression::text, '"' || k || '"') > 0)
ORDER BY id FOR UPDATE
"""
LEVELS = "SELECT condition, level FROM sensing_condition WHERE condition = ANY(%s)"


def drive[T](cursor: Any, script: Script[T]) -> T:
    """Run a script on a cursor (Django's or psycopg's)."""
    rows: list[tuple[Any, ...]] | None = None
    while True:
        try:
            sql, parameters = script.send(rows)  # type: ignore[arg-type]
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        cursor.execute(sql, parameters)
        rows = cursor.fetchall() if cursor.description else []


async def adrive[T](cursor: "psycopg.AsyncCursor[Any]", script: Script[T]) -> T:
    """Run a script on an async cursor."""
    rows: list[tuple[Any, ...]] | None = None
    while True:
        try:
            sql, parameters = script.send(rows)  # type: ignore[arg-type]
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        await cursor.execute(sql, parameters)
        rows = await cursor.fetchall() if cursor.description else []


def changes(crossings: Iterable[Crossing], now: datetime, depth: int = 0) -> Script[list[ConditionChanged]]:
    """Bring conditions to their levels, announce those that changed, then combinations they are part of.

    Conditions are taken in the order of their names: two writers never wait for each other in a circle.
    """
    changed = []
    for crossing in sorted(crossings, key=lambda crossing: crossing.condition):
        rows = yield CHANGE, _change_row(crossing, now)
        if rows:
            event, simulated = _event(crossing, rows[0])
            yield APPEND, _entry(event, simulated, now)
            changed.append(event)
    if changed and depth < DEEPEST:
        changed += yield from _combined([event.condition for event in changed], now, depth)
    return changed


def _combined(conditions: list[str], now: datetime, depth: int) -> Script[list[ConditionChanged]]:
    """Work out the combinations that these conditions are part of, as of now.

    Their rows are locked first: of two writers that change two parts at once, the second sees both.
    """
    crossings = []
    for number, name, level, priority, text, thing in (yield COMBINATIONS, [conditions]):
        expression = combos.parse(text)
        levels: dict[str, int] = dict((yield LEVELS, [sorted(combos.members(expression))]))
        reached = level if combos.holds(expression, levels) else 0
        crossings.append(
            Crossing(
                f"combination:{number}", "combination", reached, name if reached else "", priority,
                round(now.timestamp() * SECOND), thing=thing, name=name,
            )
        )  # fmt: skip
    if not crossings:
        return []
    return (yield from changes(crossings, now, depth + 1))


def moment(at: int) -> datetime:
    """µs since the epoch as a time in UTC."""
    return datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND)


def repeats(ids: Any, streams: Any, at: Any) -> dict[str, Any]:
    """Parameters of `REPEATS` from columns; `at` in µs."""
    bounds = {"first": moment(int(at.min())), "last": moment(int(at.max()))}
    return {"ids": ids.tolist(), "streams": streams.tolist(), "at": at.tolist(), **bounds}


def _change_row(crossing: Crossing, now: datetime) -> tuple[Any, ...]:
    return (
        crossing.condition, crossing.code, crossing.level, crossing.label, crossing.priority, crossing.value,
        moment(crossing.at), now, crossing.datastream, crossing.thing, crossing.name,
        crossing.unit,
    )  # fmt: skip


def _event(crossing: Crossing, row: tuple[Any, ...]) -> tuple[ConditionChanged, bool]:
    old_level, priority, thing, datastream, name, unit, agency, area, lon, lat, simulated = row
    return ConditionChanged(
        crossing.condition, crossing.code, crossing.level, old_level, crossing.label, priority,
        thing, datastream, name, crossing.value, unit, agency, area, lon, lat, moment(crossing.at),
    ), simulated  # fmt: skip


def _entry(event: ConditionChanged, simulated: bool, now: datetime) -> tuple[Any, ...]:
    subject = f"thing:{event.thing}" if event.thing else f"condition:{event.condition}"
    return now, event.kind, ACTOR, subject, event.agency, simulated, encode(event)  # type: ignore[attr-defined]


_POSTGRES_EPOCH = 946_684_800 * SECOND
_ROW = np.dtype(
    [("fields", ">i2"), *((f"{part}_{name}", kind) for name, kind_of in
     zip(STORED, (">i8", ">i8", ">i8", ">i8", ">f8", ">i4"), strict=True)
     for part, kind in (("length", ">i4"), ("value", kind_of)))]
)  # fmt: skip
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"


def copy_rows(ids: Any, datastreams: Any, at: Any, received: Any, value: Any, flags: Any) -> bytes:
    """The whole binary COPY stream of readings, for `COPY`. NaN goes as NULL. Times in µs since the epoch."""
    rows = np.empty(len(ids), _ROW)
    rows["fields"] = len(STORED)
    columns = (ids, datastreams, at - _POSTGRES_EPOCH, received - _POSTGRES_EPOCH, value, flags)
    for name, column in zip(STORED, columns, strict=True):
        rows[f"length_{name}"] = _ROW[f"value_{name}"].itemsize
        rows[f"value_{name}"] = column
    none = np.isnan(value)
    whole: bytes = rows[~none].tobytes()
    return _HEAD + whole + (_without_value(rows[none]) if none.any() else b"") + _TAIL


def _without_value(rows: Any) -> bytes:
    """Rows whose value is NULL: its length is −1 and its eight bytes are left out."""
    rows["length_value"] = -1
    raw = rows.view(np.uint8).reshape(len(rows), _ROW.itemsize)
    begin = _ROW.fields["value_value"][1]  # type: ignore[index]
    kept: bytes = np.delete(raw, slice(begin, begin + 8), axis=1).tobytes()
    return kept
