"""Writing readings and conditions from Django's side. The intake uses the same engine and the same SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from threading import Lock
from typing import Any

import numpy as np
import orjson
from django.db import connection, transaction
from numpy.typing import NDArray

from patriot.kernel import clock, pulse
from patriot.kernel.errors import NotFound
from patriot.sensing.events import ConditionChanged
from patriot.sensing.judging import statements
from patriot.sensing.judging.columns import Batch, StreamRow, Streams, Verdict
from patriot.sensing.judging.quality import SECOND, Floats, Ints
from patriot.sensing.judging.thresholds import Crossing

OWN_DAYS_BACK = 400  # readings of older days go to the default partition: a broken clock cannot make tables
OWN_DAYS_AHEAD = 1
EXTRAS = ("feature_id", "until", "result_time", "valid_from", "valid_to", "result", "quality", "parameters")
NO_EXTRAS = (None,) * len(EXTRAS)
_extras_of = attrgetter(*EXTRAS)
JSON = ("result", "quality", "parameters")
INSERT = f"""
INSERT INTO sensing_observation (id, datastream_id, at, received_at, value, flags, {", ".join(EXTRAS)})
VALUES ({", ".join(["%s"] * 14)})
"""  # noqa: S608 - constants only
LATEST_RESULT = "UPDATE sensing_latest SET result = %s WHERE datastream_id = %s AND observation_id = %s"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading. `at` None: now. `value` None without `result`: the device has none.

    `result`: what is no number, as JSON values. The rest is what SensorThings knows of an observation.
    """

    datastream_id: int
    value: float | None
    at: datetime | None = None
    result: Any = None
    feature_id: int | None = None
    until: datetime | None = None
    result_time: datetime | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    quality: Any = None
    parameters: Any = None

    @property
    def plain(self) -> bool:
        """It is a time and a number, nothing else."""
        return _extras_of(self) == NO_EXTRAS


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of readings, in their order: observation ids and flags."""

    ids: list[int]
    flags: list[int]


class Engine:
    """This process's streams. State is believed while the database names the observation it was built on."""

    def __init__(self) -> None:
        self.streams = Streams()
        self.lock = Lock()

    def judge(self, rows: list[StreamRow], batch: Batch, ids: Ints, now: int) -> Verdict:
        """Judge a batch, whose slots are rows of `rows`, with the database's rows as they are locked now.

        The state becomes that after the batch; if its transaction fails, the next call sees so and begins
        anew.
        """
        with self.lock:
            others = [row for row in rows if self._known(row[0]) != row[3]]
            self.streams.refresh(rows)
            if others:
                self._rebuild(others)
            batch.slot = np.array([self._slot(row) for row in rows], np.int32)[batch.slot]
            verdict = self.streams.judge(batch, now)
            for slot, row in zip(*verdict.newest, strict=True):
                self.streams.observation[slot] = int(ids[row])
            return verdict

    def _rebuild(self, rows: list[StreamRow]) -> None:
        """Begin anew from what is stored."""
        datastreams = [row[0] for row in rows]
        self.streams.restart(rows)
        self.streams.warm(_rows(statements.RECENT, self.streams.wanting(datastreams)))
        self.streams.hold(_rows(statements.SAME, self.streams.flatlining(datastreams)))

    def _known(self, datastream: int) -> int | None:
        """The observation that our state of it was built on."""
        slot = self.streams.slot_of.get(datastream)
        return None if slot is None else self.streams.observation[slot]

    def _slot(self, row: StreamRow) -> int:
        return self.streams.slot_of[row[0]]


_engine = Engine()
_days: set[date] = set()


def store(readings: Sequence[Reading], *, source: str) -> Stored:
    """Check and store readings in the order given, in one transaction; they are durable when it commits.

    `source`: "http", "csv" or "mqtt", counted in the process's pulse. Telemetry: no ledger entry, but what
    changes a condition is announced. Raises NotFound for an unknown datastream: then nothing is stored.
    """
    if not readings:
        return Stored([], [])
    now = clock.now()
    received = _us(now)
    at = [received if reading.at is None else _us(reading.at) for reading in readings]
    value = [np.nan if reading.value is None else reading.value for reading in readings]
    other = [reading.result is not None and reading.value is None for reading in readings]
    owners = np.array([reading.datastream_id for reading in readings], np.int64)
    batch = Batch.of(np.zeros(len(owners)), at, value, np.full(len(owners), received), other)
    ids = _store(owners, batch, readings, now, source)
    return Stored(ids.tolist(), batch.flags.tolist())


def store_columns(datastreams: Ints, at: Ints, value: Floats, *, source: str) -> Ints:
    """The same for plain numbers in columns; returns the observations' ids. `at`: µs since 1970."""
    now = clock.now()
    batch = Batch.of(np.zeros(len(at)), at, value, np.full(len(at), _us(now)))
    return _store(datastreams, batch, (), now, source)


def _store(owners: Ints, batch: Batch, readings: Sequence[Reading], now: datetime, source: str) -> Ints:
    """`owners`: each row's datastream. `readings`: what the columns do not say; none: they say it all."""
    datastreams, slots = np.unique(owners, return_inverse=True)
    batch.slot = slots.astype(np.int32)
    _ensure_days(batch.at, now.date())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.LOCK, [datastreams.tolist()])
        cursor.execute(statements.STREAMS_OF, [datastreams.tolist()])
        rows: list[StreamRow] = sorted(cursor.fetchall())
        if len(rows) != len(datastreams):
            missing = set(datastreams.tolist()) - {row[0] for row in rows}
            raise NotFound(f"There is no datastream {min(missing)}.")
        cursor.execute(statements.IDS, [len(owners)])
        ids = np.array([row[0] for row in cursor.fetchall()], np.int64)
        verdict = _engine.judge(rows, batch, ids, _us(now))
        _write(cursor, readings, batch, ids, owners)
        _settle(cursor, readings, batch, ids, owners, verdict)
        statements.drive(cursor, statements.changes(verdict.crossings, now))
    pulse.count(f"readings_{source}", len(owners))
    return ids


def _write(cursor: Any, readings: Sequence[Reading], batch: Batch, ids: Ints, owners: Ints) -> None:
    """Plain readings by COPY, the others in one pipeline."""
    plain = np.array([reading.plain for reading in readings] or np.ones(len(ids)), np.bool_)
    columns: tuple[NDArray[Any], ...] = (ids, owners, batch.at, batch.received, batch.value, batch.flags)
    if plain.any():
        with cursor.copy(statements.COPY) as copy:
            copy.write(statements.copy_rows(*(column[plain] for column in columns)))
    others = np.flatnonzero(~plain).tolist()
    if others:
        cursor.executemany(INSERT, [[*_common(columns, n), *_extras(readings[n])] for n in others])


def _common(columns: tuple[Any, ...], n: int) -> list[Any]:
    number, owner, at, received, value, flags = (column[n].item() for column in columns)
    moments = [statements.moment(at), statements.moment(received)]
    return [number, owner, *moments, None if np.isnan(value) else value, flags]


def _extras(reading: Reading) -> list[Any]:
    told = [(name, getattr(reading, name)) for name in EXTRAS]
    return [_json(value) if name in JSON else value for name, value in told]


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _settle(
    cursor: Any, readings: Sequence[Reading], batch: Batch, ids: Ints, owners: Ints, verdict: Verdict
) -> None:
    """Move the latest values, and flag what only now is known to be odd."""
    rows = verdict.newest[1][np.argsort(owners[verdict.newest[1]])]
    columns = (owners, ids, batch.at, batch.received, batch.value, batch.flags)
    cursor.execute(statements.LATEST, [column[rows].tolist() for column in columns])
    for n in rows if readings else ():
        if readings[n].result is not None:
            cursor.execute(LATEST_RESULT, [_json(readings[n].result), int(owners[n]), int(ids[n])])
    if verdict.spikes:
        cursor.execute(statements.SPIKES, [list(column) for column in zip(*verdict.spikes, strict=True)])
    if len(verdict.late):
        late = verdict.late
        cursor.execute(statements.REPEATS, statements.repeats(ids[late], owners[late], batch.at[late]))
        repeated = [row[0] for row in cursor.fetchall()]
        batch.flags[np.isin(ids, repeated)] |= statements.REPEATED


def _rows(sql: str, columns: tuple[list[Any], ...]) -> list[tuple[Any, ...]]:
    """Ask about these datastreams (the first column), if there are any."""
    if not columns[0]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, columns)
        return list(cursor.fetchall())


def _us(moment: datetime) -> int:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def _ensure_days(at: Ints, today: date) -> None:
    """Have partitions for the days of these times, as far as they are believed."""
    for number in np.unique(at // (86_400 * SECOND)).tolist():
        day = date(1970, 1, 1) + timedelta(days=number) if abs(number) < 500_000 else None
        if day is None or day in _days:
            continue
        if -OWN_DAYS_BACK <= (day - today).days <= OWN_DAYS_AHEAD:
            with connection.cursor() as cursor:
                cursor.execute(statements.ENSURE_DAY, [day])
            _days.add(day)


@transaction.atomic
def change_conditions(changes: Iterable[Crossing]) -> list[ConditionChanged]:
    """Bring conditions to these levels: those that changed, as announced, and combinations that followed.

    A condition that stands at its level already is left alone, and so is one that a later reading moved.
    """
    with connection.cursor() as cursor:
        return statements.drive(cursor, statements.changes(changes, clock.now()))
