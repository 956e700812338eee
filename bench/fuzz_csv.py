"""A million broken lines for the CSV import's reader: no crash, and no line swallows its neighbour.

Half of the lines are mutilated good ones, half are random bytes; between them stands a good line every
thousand, which must come out whole. `FUZZ_INPUTS` makes it shorter, `FUZZ_SEED` another.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator

from patriot.sensing.history import csv_reader
from patriot.sensing.history.csv_reader import Fault, Row

INPUTS = int(os.environ.get("FUZZ_INPUTS", "1000000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
EVERY = 1000
PLANS = (
    csv_reader.plan("time,datastream,value"),
    csv_reader.plan("waktu;stasiun;parameter;nilai"),
    csv_reader.plan("tanggal\tDepok\tKatulampa", values={"Depok": "1", "Katulampa": "2"}),
)
GOOD = (
    b"2026-03-02T00:00:00Z,gauge-1,5.5",
    b"02/03/2026 07:00;gauge-1;level;5,5",
    b"2026-03-02 07:00\t5.5\t6.5",
)
ODD = (
    b'"', b'""', b",", b";", b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf", b"9" * 400, b"e999", b"-", b"NaN",
    b"T", b"+99:99", b"\r", "٣".encode(), "−5".encode(), b"0x1p3", b"1_000", b"inf", b" " * 50,
)  # fmt: skip


def mutilated(good: bytes, chance: random.Random) -> bytes:
    """A good line with some bytes cut out, doubled or put in."""
    line = bytearray(good)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(line) + 1)
        match chance.randrange(3):
            case 0:
                del line[at : at + chance.randint(1, 5)]
            case 1:
                line[at:at] = chance.choice(ODD)
            case _:
                line[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(line)


def lines(good: bytes, count: int, chance: random.Random) -> Iterator[bytes]:
    """Broken lines with a good one every EVERY."""
    for n in range(count):
        if n % EVERY == 0:
            yield good
        elif n % 2:
            yield mutilated(good, chance)
        else:
            yield chance.randbytes(chance.randrange(80))


def main() -> None:
    """Every plan with its share of the lines."""
    chance, each = random.Random(SEED), INPUTS // len(PLANS)
    began = time.monotonic()
    for plan, good in zip(PLANS, GOOD, strict=True):
        told: Counter[str] = Counter()
        whole = {one.line for one in csv_reader.read(lines(good, 1, chance), plan) if isinstance(one, Row)}
        assert whole == {2}, "the good line is not good"
        kept = set()
        for one in csv_reader.read(lines(good, each, chance), plan):
            told[one.reason if isinstance(one, Fault) else "read"] += 1
            if isinstance(one, Row):
                kept.add(one.line)
        lost = [n + 2 for n in range(0, each, EVERY) if n + 2 not in kept]
        assert not lost, f"good lines were lost: {lost[:5]}"
        print(f"  {plan.header}: {each} lines, {dict(told)}")
    took = time.monotonic() - began
    print(f"  {INPUTS} lines in {took:.1f} s, no crash, every good line read")
