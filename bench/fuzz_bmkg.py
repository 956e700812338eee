"""A million broken documents for the readers of BMKG's list, messages and forecast: nothing but ValueError.

Every document is one of the fixtures with some bytes changed, cut out, doubled or swapped with another's.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import patriot
from patriot.connectors.bmkg import read

DOCUMENTS = int(os.environ.get("PATRIOT_FUZZ", "1000000"))
FIXTURES = Path(patriot.__file__).parent / "connectors" / "bmkg" / "fixtures"
READERS = {"rss.xml": read.items, "alert.xml": read.alert, "alert.en.xml": read.alert, "json": read.forecast}
TOKENS = b"< > &x; <!DOCTYPE a> { ] null -9e99 nan , \xff \0".split()


def main() -> None:
    """Print how many documents were read, refused, and how fast."""
    chance = random.Random(os.environ.get("PATRIOT_FUZZ_SEED", "bmkg"))
    files = sorted(FIXTURES.iterdir())
    seeds = [path.read_bytes() for path in files]
    readers = [reader(path.name) for path in files]
    counts = {"read": 0, "refused": 0}
    began = time.perf_counter()
    for number in range(DOCUMENTS):
        place = chance.randrange(len(seeds))
        data = mutated(chance, seeds[place], seeds)
        try:
            readers[place if number % 10 else chance.randrange(len(readers))](data)
            counts["read"] += 1
        except ValueError:
            counts["refused"] += 1
    took = time.perf_counter() - began
    print(f"{DOCUMENTS:,} broken documents: {counts['read']:,} could be read, {counts['refused']:,} were")
    print(f"refused with a reason, none raised anything else; {DOCUMENTS / took:,.0f}/s")


def reader(name: str) -> Callable[[bytes], object]:
    """What reads a fixture of this name."""
    return next(found for end, found in READERS.items() if name.endswith(end))


def mutated(chance: random.Random, seed: bytes, seeds: list[bytes]) -> bytes:
    """A fixture, hurt one to four times."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        wound = chance.randrange(4)
        if wound == 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif wound == 1:
            del data[at : at + chance.randint(1, 40)]
        elif wound == 2:
            data[at:at] = chance.choice(TOKENS)
        else:
            other = chance.choice(seeds)
            start = chance.randrange(len(other))
            data[at:at] = other[start : start + chance.randint(1, 60)]
    return bytes(data)


if __name__ == "__main__":
    main()
