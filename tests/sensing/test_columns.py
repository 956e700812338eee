"""The engine: the same flags and conditions however readings are cut into batches."""

import json
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patriot.sensing.judging.columns import Batch, Streams
from patriot.sensing.judging.quality import midnight
from patriot.sensing.judging.thresholds import Crossing
from patriot.sensing.rules import Flag

SECOND = 1_000_000
MINUTE = 60 * SECOND
BEGIN = midnight(date(2026, 11, 21))
LIMITS = {
    "low": -20,
    "high": 500,
    "cadence_s": 60,
    "spike": 60,
    "max_rate_per_min": 40,
    "flatline_s": 240,
    "missing": [-9999, 999],
}
DEGREES = [
    {"code": "siaga", "level": 1, "name": "Siaga 3", "value": 100, "clear": 90, "valid_from": "2026-01-01"},
    {"code": "siaga", "level": 2, "name": "Siaga 2", "value": 140, "clear": 120, "valid_from": "2026-01-01",
     "delay_on_s": 120, "delay_off_s": 60},
    {"code": "rate_of_rise", "level": 1, "name": "rising", "value": 600, "window_s": 180,
     "valid_from": "2026-11-20"},
]  # fmt: skip


def streams(
    limits: dict[str, Any] = LIMITS, degrees: list[dict[str, Any]] = DEGREES, count: int = 3
) -> Streams:
    """Some streams with the same limits; their ids are 11, 12, …"""
    row = (json.dumps(limits), None, None, None, None, None, json.dumps(degrees) if degrees else None, None)
    return Streams.load([(11 + n, *row) for n in range(count)])


def judge(
    engine: Streams, readings: list[tuple[int, int, float, int]]
) -> tuple[list[int], list[Crossing], Any]:
    """Flags, crossings and the verdict of one batch of (slot, at, value, received)."""
    batch = Batch.of(*(list(column) for column in zip(*readings, strict=True)))
    verdict = engine.judge(batch, BEGIN)
    return batch.flags.tolist(), verdict.crossings, verdict


def one_by_one(*values: float, engine: Streams | None = None) -> list[Flag]:
    """Flags of one stream's readings, one a minute, in one batch."""
    readings = [(0, BEGIN + n * MINUTE, value, BEGIN + n * MINUTE) for n, value in enumerate(values)]
    return [Flag(flag) for flag in judge(engine or streams(), readings)[0]]


def test_it_leaves_good_readings_alone() -> None:
    assert one_by_one(50, 51, 52.5) == [Flag(0)] * 3


@pytest.mark.parametrize(
    ("at", "received", "flag"),
    [
        (BEGIN + 301 * SECOND, BEGIN, Flag.CLOCK),
        (BEGIN + 299 * SECOND, BEGIN, Flag(0)),
        (0, BEGIN, Flag.CLOCK | Flag.STALE),
        (-(2**62), BEGIN, Flag.CLOCK | Flag.STALE),
        (2**62, BEGIN, Flag.CLOCK),
        (BEGIN, BEGIN + 901 * SECOND, Flag.STALE),
    ],
)
def test_it_compares_clocks(at: int, received: int, flag: Flag) -> None:
    assert judge(streams(), [(0, at, 50, received)])[0] == [flag]


def test_it_knows_duplicates_and_the_late() -> None:
    times = [BEGIN, BEGIN + MINUTE, BEGIN + MINUTE, BEGIN, BEGIN + 2 * MINUTE]
    flags, _, verdict = judge(streams(), [(1, at, 50 + n, BEGIN) for n, at in enumerate(times)])
    assert flags == [0, 0, Flag.DUPLICATE, Flag.LATE, 0]
    assert (verdict.newest[0].tolist(), verdict.newest[1].tolist(), verdict.late.tolist()) == ([1], [4], [3])


def test_it_knows_what_a_sensor_cannot_measure_and_what_it_calls_none() -> None:
    flags = one_by_one(50, 501, -21, -9999, 999, float("nan"), float("-inf"), 51)
    assert flags == [Flag(0), Flag.RANGE, Flag.RANGE, *[Flag.MISSING] * 4, Flag(0)]


def test_it_knows_a_sensor_that_repeats_itself() -> None:
    engine = streams()
    assert one_by_one(50, 50, 50, 50, 50, 50, 51, engine=engine)[3:] == [
        Flag(0), Flag.FLATLINE, Flag.FLATLINE, Flag(0),
    ]  # fmt: skip


def test_it_knows_what_comes_after_a_silence() -> None:
    minutes = (0, 3, 7, 6, 8)
    readings = [(0, BEGIN + n * MINUTE, 50.0 + n, BEGIN + n * MINUTE) for n in minutes]
    assert judge(streams(), readings)[0] == [0, 0, Flag.GAP, Flag.LATE, 0]


def test_it_announces_a_flat_line_and_its_end() -> None:
    readings = [(0, BEGIN + n * MINUTE, 50.0 if n < 6 else 51.0, BEGIN + n * MINUTE) for n in range(8)]
    crossings = judge(streams(), readings)[1]
    assert [(c.condition, c.level, c.at) for c in crossings] == [
        ("flatline:11", 1, BEGIN + 4 * MINUTE), ("flatline:11", 0, BEGIN + 6 * MINUTE),
    ]  # fmt: skip


def test_it_knows_when_the_calibration_ended() -> None:
    engine = Streams.load([(11, None, date(2026, 11, 20), None, None, None, None, None, None)])
    readings = [(0, BEGIN - SECOND, 1, BEGIN), (0, BEGIN, 1, BEGIN)]
    assert judge(engine, readings)[0] == [0, Flag.UNCALIBRATED]


def test_it_moves_no_condition_by_what_is_unfit() -> None:
    levels = [50.0, 130, 450, 999, 501, -9999, 50, 450, 52]  # 130 and 450 are steps too wide to believe
    readings = [(0, BEGIN + n * MINUTE, value, BEGIN + n * MINUTE) for n, value in enumerate(levels)]
    assert judge(streams(), readings)[1] == []


def test_it_keeps_the_past_out_of_conditions_and_tells_where_it_stands_now() -> None:
    day = 86_400 * SECOND
    past = [(0, BEGIN - day + n * MINUTE, 110.0 + n % 2, BEGIN) for n in range(10)]
    engine = streams(LIMITS | {"flatline_s": None})
    assert judge(engine, past)[1] == []
    now = judge(engine, [(0, BEGIN, 111.0, BEGIN)])[1]
    assert [(c.condition, c.level) for c in now] == [("siaga:11", 1)]


def test_what_is_no_number_is_checked_for_its_time_only() -> None:
    batch = Batch.of([0, 0], [BEGIN, BEGIN], [np.nan, np.nan], [BEGIN, BEGIN], [True, True])
    streams().judge(batch, BEGIN)
    assert batch.flags.tolist() == [0, Flag.DUPLICATE]


def test_it_goes_on_with_new_thresholds() -> None:
    engine = streams(count=1)
    judge(engine, [(0, BEGIN, 110, BEGIN)])
    higher = [DEGREES[0] | {"value": 120, "clear": 115}]
    row = (json.dumps(LIMITS), None, None, None, None, None, json.dumps(higher), None)
    engine.refresh([(11, *row)])
    crossings = judge(engine, [(0, BEGIN + MINUTE, 110.5, BEGIN)])[1]
    assert [(c.condition, c.level) for c in crossings] == [("siaga:11", 0)]
    engine.refresh([(11, *row[:6], None, None)])
    assert judge(engine, [(0, BEGIN + 2 * MINUTE, 130, BEGIN)])[1] == []


def test_it_ends_a_condition_whose_thresholds_are_gone() -> None:
    engine = streams(count=1)
    judge(engine, [(0, BEGIN, 110, BEGIN)])
    engine.refresh([(11, None, None, None, None, None, None, None, None)])
    crossings = judge(engine, [(0, BEGIN + MINUTE, 111, BEGIN)])[1]
    assert [(c.condition, c.level) for c in crossings] == [("siaga:11", 0)]


def test_it_begins_where_the_database_says_that_it_stands() -> None:
    row = (json.dumps(LIMITS), None, 5, BEGIN, 110.0, 0, json.dumps(DEGREES), '{"siaga": 1}')
    engine = Streams.load([(11, *row)])
    assert judge(engine, [(0, BEGIN, 110, BEGIN)])[0] == [Flag.DUPLICATE]
    assert judge(engine, [(0, BEGIN + MINUTE, 95, BEGIN)])[1] == []
    assert [c.level for c in judge(engine, [(0, BEGIN + 2 * MINUTE, 85, BEGIN)])[1]] == [0]


def test_it_rebuilds_its_timers_from_what_is_stored() -> None:
    fed, warmed = streams(count=1), streams(count=1)
    past = [(11, BEGIN + n * MINUTE, 100.0 + 30 * (n > 1) + 15 * (n > 2)) for n in range(4)]
    judge(fed, [(0, at, value, at) for _, at, value in past])
    known = json.dumps({"siaga": 1, "rate_of_rise": 1})
    row = (json.dumps(LIMITS), None, 5, past[-1][1], past[-1][2], 0, json.dumps(DEGREES), known)
    warmed.restart([(11, *row)])
    warmed.warm(past)
    following = [(0, BEGIN + n * MINUTE, 146.0 + n, BEGIN + n * MINUTE) for n in range(4, 9)]
    assert judge(fed, following)[:2] == judge(warmed, following)[:2]


readings = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-2, 12),  # seconds × 40 beside the regular time
        st.sampled_from(
            [-9999.0, float("nan"), float("inf"), 5, 50, 50, 80, 95, 101, 125, 141, 150, 180, 300, 600]
        ),
        st.sampled_from([0, 0, 0, 2000, 30_000, -1000]),  # late arrival, seconds
    ),
    max_size=40,
)


def timed(drawn: list[tuple[int, int, float, int]]) -> list[tuple[int, int, float, int]]:
    """Drawn readings at one a minute, more or less."""
    return [
        (slot, BEGIN + n * MINUTE + 40 * jitter * SECOND, value, BEGIN + n * MINUTE + late * SECOND)
        for n, (slot, jitter, value, late) in enumerate(drawn)
    ]


def replay(engine: Streams, batches: list[list[tuple[int, int, float, int]]]) -> tuple[dict[Any, int], Any]:
    """Final flags by (stream, at, n-th) with later spikes applied, and crossings by condition."""
    flags: dict[tuple[int, int, int], int] = {}
    crossings: dict[str, list[Crossing]] = {}
    seen: dict[tuple[int, int], int] = {}
    no_news = Flag.CLOCK | Flag.DUPLICATE | Flag.LATE
    for batch in batches:
        if not batch:
            continue
        found, crossed, verdict = judge(engine, batch)
        for (slot, at, _, _), flag in zip(batch, found, strict=True):
            n = seen[slot, at] = seen.get((slot, at), 0) + 1
            flags[slot, at, n] = flag
        for stream, at in verdict.spikes:
            for key, flag in flags.items():
                if key[:2] == (engine.slot_of[stream], at) and not flag & no_news:
                    flags[key] = flag | Flag.SPIKE
        for crossing in crossed:
            crossings.setdefault(crossing.condition, []).append(crossing)
    return flags, crossings


@settings(max_examples=300, deadline=None)
@given(readings, st.lists(st.integers(0, 40), max_size=8))
def test_it_judges_the_same_however_readings_are_cut_into_batches(
    drawn: list[tuple[int, int, float, int]], cuts: list[int]
) -> None:
    said = timed(drawn)
    edges = [0, *sorted(cut for cut in cuts if cut <= len(said)), len(said)]
    whole = replay(streams(), [said])
    assert replay(streams(), [said[a:b] for a, b in pairwise(edges)]) == whole
    assert replay(streams(), [[reading] for reading in said]) == whole
    alone: tuple[dict[Any, int], dict[str, Any]] = ({}, {})
    for slot in range(3):
        flags, crossings = replay(streams(), [[reading for reading in said if reading[0] == slot]])
        alone[0].update(flags)
        alone[1].update(crossings)
    assert alone == whole


def picture(engine: Streams) -> Any:
    """All that it remembers."""
    everything = np.arange(len(engine.ids), dtype=np.int32)
    columns = [column.tolist() for part in (engine.state, engine.quiet) for column in part.take(everything)]
    return repr((columns, {slot: [one.save() for one in steps] for slot, steps in engine.ladders.items()}))


@settings(max_examples=200, deadline=None)
@given(readings, readings, readings)
def test_it_stands_as_before_when_batches_are_undone(first: Any, second: Any, third: Any) -> None:
    said = timed([*first, *second, *third])
    parts = [said[: len(first)], said[len(first) :][: len(second)], said[len(first) + len(second) :]]
    engine = streams()
    if parts[0]:
        judge(engine, parts[0])
    before = picture(engine)
    verdicts = [judge(engine, part)[2] for part in parts[1:] if part]
    for verdict in reversed(verdicts):
        engine.undo(verdict)
    assert picture(engine) == before


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(-(2**63), 2**63 - 1), st.floats(), st.integers(0, 4 * 10**15)
        ),
        max_size=20,
    )
)
def test_it_bears_any_time_and_any_number(said: Any) -> None:
    engine = streams()
    for part in (said[:7], said[7:]):
        if part:
            _, _, verdict = judge(engine, part)
            assert len(set(verdict.newest[0].tolist())) == len(verdict.newest[0])
