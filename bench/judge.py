"""What checks and thresholds cost per reading, in CPU time. Baseline: the same batches without thresholds."""

import json
import os
import time

import numpy as np

from patriot.sensing.judging.columns import Batch, Streams

STREAMS = int(os.environ.get("BENCH_STREAMS", "20000"))
READINGS = int(os.environ.get("BENCH_READINGS", "50000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "20"))
SECOND = 1_000_000
BEGIN = 1_790_000_000 * SECOND

LIMITS = json.dumps(
    {"low": -50, "high": 1100, "max_rate_per_min": 25, "spike": 80, "flatline_s": 21600, "cadence_s": 60}
)
DEGREES = json.dumps(
    [
        {"code": "siaga", "level": level, "name": f"Siaga {4 - level}", "value": value, "clear": value - 10,
         "valid_from": "2020-01-01", "delay_on_s": 60, "delay_off_s": 600}
        for level, value in enumerate((351, 451, 551), 1)
    ]
)  # fmt: skip


def rows(degrees: str | None) -> list[tuple[object, ...]]:
    """What the database would say of the streams."""
    return [(n, LIMITS, None, None, None, None, None, degrees, None) for n in range(1, STREAMS + 1)]


def batches(rise: float, odd: float) -> list[Batch]:
    """Levels that rise by so much a minute; a part `odd` of the readings is nonsense."""
    random = np.random.default_rng(3)
    level = random.uniform(200, 340, STREAMS)
    made, at = [], BEGIN
    for _ in range(ROUNDS):
        slot = random.integers(0, STREAMS, READINGS)
        at += 60 * SECOND
        level += rise
        times = np.full(READINGS, at) + np.arange(READINGS) * 1000
        value = level[slot] + random.normal(0, 1, READINGS)
        wild = random.random(READINGS) < odd
        value[wild] = random.choice([np.nan, -9999, 5000, 700], int(wild.sum()))
        made.append(Batch.of(slot, times, value, times + SECOND))
    return made


def measure(name: str, streams: Streams, work: list[Batch]) -> float:
    """µs of CPU per reading."""
    streams.judge(work[0], 0)
    began, crossings = time.process_time(), 0
    for batch in work[1:]:
        crossings += len(streams.judge(batch, 0).crossings)
    spent = time.process_time() - began
    each = spent / (READINGS * (len(work) - 1)) * 1e6
    print(
        f"{name:<44} {each:6.2f} µs/reading  {spent / (len(work) - 1) * 1e3:6.1f} ms/batch"
        f"  {crossings / (len(work) - 1):8.1f} crossings/batch"
    )
    return each


def main() -> None:
    """Print the figures."""
    print(f"{READINGS} readings a batch over {STREAMS} streams, {ROUNDS} batches")
    base = measure("checks only", Streams.load(rows(None)), batches(0, 0))
    for name, rise, odd in (("calm", 0, 0.0), ("1 % odd", 0, 0.01), ("all rivers rise", 15, 0.01)):
        each = measure(f"and 3 thresholds each, {name}", Streams.load(rows(DEGREES)), batches(rise, odd))
        print(f"{'':<44} {each / base:6.2f} × checks only")


if __name__ == "__main__":
    main()
