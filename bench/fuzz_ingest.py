"""A million broken payloads through the ingest's decoding and judging; each good neighbour comes through.

Seeded by PATRIOT_FUZZ_SEED; PATRIOT_FUZZ_SIZE changes the million. Baseline: batches of good payloads only.
"""

import math
import os
import time
from random import Random, SystemRandom

import numpy as np

from patriot.intake.knowledge import NOBODY, Device, Knowledge
from patriot.intake.lanes import MAIN
from patriot.intake.wire import Frames
from patriot.intake.work import Work, work_of
from patriot.sensing.judging.columns import Streams

SIZE = int(os.environ.get("PATRIOT_FUZZ_SIZE", "1000000"))
BATCH, STREAMS, GOOD_EVERY = 2000, 50, 50
NOW = 1_795_309_353_000_000
SEEDS = (
    b"12.5", b'{"v":12.5,"t":1795309353268}', b'[{"v":1,"t":"2026-11-21T03:00:00Z"},[1795309353,2],3]',
    b'{"result":1e308,"phenomenonTime":"2026-11-21T03:00:00.123456+07:00"}', b"[[1,2],[3,4]]", b"online",
    b'{"online":true,"battery_pct":81.5}', b'"12.5"', b"null", b"[]", b"{}", b'{"v":null}', b"-9999",
    b"1e999",
    b"[" * 40, b'{"v":' * 40, b"0,0,[1", b"2]", b"1],[2", b'"\\u0000"', b"9" * 400,
    b'{"v":[[[]]]}', b"\xef\xbb\xbf1",
)  # fmt: skip
TOKENS = (b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"NaN", b"Infinity", b"null", b"true", b"-",
          b"1e400", b"\x00", b"\xff", b'"v"', b'"t"', b"99999999999999999999", b"\n", b" ", b"/",
          b"2026-11-21T")  # fmt: skip


def broken(chance: Random) -> bytes:
    """A payload somebody might send: noise, or a good one cut, doubled or sprinkled with tokens."""
    if chance.random() < 0.15:
        return chance.randbytes(chance.randrange(40))
    payload = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(payload) + 1)
        what = chance.random()
        if what < 0.5:
            payload[place:place] = chance.choice(TOKENS)
        elif what < 0.75:
            del payload[place : place + chance.randrange(1, 6)]
        else:
            payload += chance.choice(SEEDS)
    return bytes(payload)


def knowledge() -> Knowledge:
    """Fifty streams with every check, four of whose subjects are a device's status."""
    limits = '{"low":-1000,"high":1000,"max_rate_per_min":50,"spike":80,"flatline_s":600,"cadence_s":60}'
    steps = '[{"code":"siaga","level":1,"name":"1","value":500,"clear":490,"valid_from":"2020-01-01"}]'
    known = Knowledge()
    known.streams = Streams.load(
        [(n, limits, None, None, None, None, None, steps, None) for n in range(STREAMS + 1)]
    )
    known.ids = np.array(known.streams.ids)
    known.devices = [Device(n, f"d{n}", None, True) for n in range(4)]
    return known


def check(work: Work, marks: dict[int, float], rubbish: int) -> None:
    """The good ones are there, in order, unharmed; every other payload was used, reported or refused."""
    good = work.batch.slot == STREAMS
    assert work.batch.value[good].tolist() == list(marks.values()), "a good neighbour was harmed"
    assert (work.batch.at[good] == NOW).all()
    assert np.isfinite(work.batch.value[~np.isnan(work.batch.value)]).all()
    assert ((work.batch.at >= 0) & (work.batch.at <= 253_402_300_799_000_000)).all()
    assert len(work.refused) + len(work.reports) <= rubbish
    assert len(work.ids) == len(work.batch.slot) == len(work.batch.flags)


def turn(known: Knowledge, chance: Random, *, good_only: bool) -> tuple[float, int]:
    """One batch; processor seconds it took, payloads refused."""
    payloads, codes, marks = [], [], {}
    for n in range(BATCH):
        if good_only or n % GOOD_EVERY == 0:
            marks[n] = math.floor(chance.random() * 100)
            payloads.append(b'{"v":%d,"t":%d}' % (marks[n], NOW // 1000))
            codes.append(STREAMS)
        else:
            payloads.append(broken(chance))
            codes.append(chance.choice((NOBODY, -2, -5, *range(STREAMS))) if n % 7 == 0 else n % STREAMS)
    subjects = [b"$MQTT.msgs.sensing.d%d.v" % n for n in range(BATCH)]
    frames = Frames(subjects, [b""] * BATCH, payloads)
    began = time.process_time()
    work = work_of(frames, np.array(codes), np.full(BATCH, NOW), known, MAIN)
    took = time.process_time() - began
    check(work, marks, BATCH - len(marks))
    return took, len(work.refused)


def main() -> None:
    """Wanted: no crash, no good neighbour lost."""
    seed = int(os.environ.get("PATRIOT_FUZZ_SEED") or SystemRandom().randrange(10**6))
    print(f"  PATRIOT_FUZZ_SEED={seed}", flush=True)
    chance, known, took, refused = Random(seed), knowledge(), 0.0, 0
    rounds = max(1, SIZE // BATCH)
    for n in range(rounds):
        seconds, gone = turn(known, chance, good_only=False)
        took, refused = took + seconds, refused + gone
        if n % 100 == 99:
            print(f"  {(n + 1) * BATCH:,} payloads, {refused:,} refused", flush=True)
    plain = sum(turn(knowledge(), chance, good_only=True)[0] for _ in range(20)) / 20
    print(
        f"  kept: {rounds * BATCH:,} payloads, {refused:,} refused, no good neighbour lost;"
        f" {took / rounds / BATCH * 1e6:.1f} µs a payload,"
        f" {took / rounds / plain:.1f} times a batch of good ones"
    )
