"""A million broken MQTT packets at the door for the standard's clients; each good neighbour is read as sent.

Seeded by PATRIOT_FUZZ_SEED; PATRIOT_FUZZ_SIZE changes the million. Nothing but `Malformed`, or the end of
what was sent, may come of one. Baseline: good packets only.
"""

import asyncio
import os
import time
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Callable
from random import Random, SystemRandom

import django

from patriot.intake import packets
from patriot.intake.packets import Kind, Malformed, Packet

type Subject = Callable[[str], str | None]

SIZE = int(os.environ.get("PATRIOT_FUZZ_SIZE", "1000000"))
TOPICS = (
    "v1.1/Observations",
    "v1.1/Things(1)/Datastreams?$filter=name eq 'a.b'",
    "v1.1/#",
    "+/>",
    "",
    "\x00",
)


def _text(words: bytes) -> bytes:
    return len(words).to_bytes(2) + words


GOOD = packets.packet(Kind.PUBLISH, _text(b"v1.1/Observations") + b"\0\7" + b'{"result":1}', 2)
SEEDS = (
    packets.packet(Kind.CONNECT, _text(b"MQTT") + b"\4\xc2\0\7" + _text(b"c") + _text(b"u") + _text(b"p")),
    packets.packet(Kind.CONNECT, _text(b"MQTT") + b"\4\6\0\0" + _text(b"c") + _text(b"w") + _text(b"gone")),
    packets.packet(Kind.SUBSCRIBE, b"\0\1" + _text(TOPICS[1].encode()) + b"\1", 2),
    packets.packet(Kind.UNSUBSCRIBE, b"\0\2" + _text(b"v1.1/Things"), 2),
    packets.packet(Kind.PUBREL, b"\0\7", 2), packets.packet(Kind.PINGREQ), GOOD,
)  # fmt: skip


def broken(chance: Random) -> bytes:
    """A packet somebody might send: noise, or a good one cut, doubled or with other bytes in it."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(1, 40))
    found = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(found)) if found else 0
        what = chance.random()
        if what < 0.6:
            found[place : place + 1] = chance.randbytes(chance.randrange(3))
        elif what < 0.8:
            del found[place:]
        else:
            found += chance.choice(SEEDS)
    return bytes(found)


def understand(found: Packet, subject_of: Subject) -> None:
    """What the door does with a packet, whichever kind it says it is."""
    if found.kind == Kind.CONNECT:
        packets.connect(found.body)
    elif found.kind == Kind.PUBLISH:
        packets.publish(found)
    elif found.kind == Kind.SUBSCRIBE:
        for topic, _qos in packets.subscribe(found.body)[1]:
            if (subject := subject_of(topic)) is not None:
                assert not set(subject) & {" ", "\r", "\n", "\t"}, "a subject would break the broker's line"
    elif found.kind == Kind.UNSUBSCRIBE:
        packets.unsubscribe(found.body)


async def take(raw: bytes, subject_of: Subject) -> int:
    """Read everything of one connection; how many packets were understood before it ended."""
    reader = StreamReader()
    reader.feed_data(raw)
    reader.feed_eof()
    taken = 0
    try:
        while True:
            understand(await packets.read(reader), subject_of)
            taken += 1
    except (Malformed, IncompleteReadError):
        return taken


async def run(chance: Random, size: int, subject_of: Subject, *, good_only: bool) -> tuple[float, int]:
    """Seconds, and how many connections ended before their first packet was understood."""
    began, refused = time.perf_counter(), 0
    for _ in range(size):
        raw = GOOD if good_only else broken(chance)
        assert await take(GOOD + raw, subject_of) >= 1, "a good neighbour was lost"
        refused += not await take(raw, subject_of)
    return time.perf_counter() - began, refused


def main() -> None:
    """Print how many were refused and how long it took beside good packets."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patriot.site.settings")
    django.setup()
    from patriot.intake.front import _subject  # noqa: PLC0415 - needs Django's models

    seed = int(os.environ.get("PATRIOT_FUZZ_SEED") or SystemRandom().randrange(1 << 32))
    print(f"  seed {seed}")
    seconds, refused = asyncio.run(run(Random(seed), SIZE, _subject, good_only=False))
    plain, _ = asyncio.run(run(Random(seed), SIZE // 20, _subject, good_only=True))
    each, good = seconds / SIZE, plain / (SIZE // 20)
    print(f"  {SIZE:,} broken packets in {seconds:.0f} s, {refused:,} refused, no crash, no neighbour lost")
    print(f"  {each / good:.1f} times the time of good ones ({good * 1e6:.0f} µs)")
