"""Reading published over MQTT → connected wall, at 10,000 readings a second from everywhere.

The readings that are looked at belong to streams the wall shows; all others are noise around them. What is
measured begins when the sensor sends and ends with the first frame that shows the reading or a newer one.
Baseline of the same run: the same sensors with nobody else speaking.
"""

import asyncio
import os
import struct
import threading
import time
from collections import defaultdict
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

import orjson

from bench.center import Center, center
from bench.ingest import link_to, publish, register
from bench.live import at
from bench.mqtt_load import connect

RATE = float(os.environ.get("PATRIOT_BENCH_RATE", "10000"))
SECONDS = float(os.environ.get("PATRIOT_BENCH_SECONDS", "30"))
SHOWN, EACH_HZ = 20, 5.0  # streams looked at, and how often each speaks
SETTLE_S = 3
TARGET_S = 1.0
STREAMS = """
SELECT s.id, d.uid, s.key FROM sensing_datastream s JOIN sensing_device d ON d.thing_id = s.thing_id
WHERE s.id = ANY(%s) AND d.enabled ORDER BY s.id LIMIT %s
"""

type Seen = dict[int, list[tuple[int, float]]]  # datastream → (ms of the reading, when the wall had it)
type Sent = list[tuple[int, int, float]]  # datastream, ms of the reading, when it was sent


def wall(port: int, link: "Connection[Any, Any]") -> None:
    """A connected wall, in its own process: what it showed when."""

    async def run() -> Seen:
        seen: Seen = defaultdict(list)
        reading = asyncio.create_task(_read(port, seen))
        await asyncio.to_thread(link.recv)
        reading.cancel()
        return dict(seen)

    link.send(asyncio.run(run()))


async def _read(port: int, seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(b"GET /wall/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    event = b""
    while text := await reader.readline():
        if text.startswith(b"event:"):
            event = text.split(b":", 1)[1].strip()
        elif text.startswith(b"data:") and event in (b"readings", b"snapshot"):
            now, said = time.time(), orjson.loads(text[5:])
            for row in said if event == b"readings" else said.get("readings", []):
                seen[row[0]].append((row[2], now))


class Sensors(threading.Thread):
    """The sensors that are looked at, evenly spread over time, over one connection."""

    def __init__(self, place: Center, streams: list[tuple[int, str, str]]) -> None:
        super().__init__(daemon=True)
        self.link = connect(place.mqtt_port, "bench-sensors", "", "")
        self.link.setblocking(True)
        self.streams, self.sent = streams, list[tuple[int, int, float]]()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while self.link.recv(1 << 16):
            pass

    def run(self) -> None:
        """Speak for `SECONDS`."""
        gap, due = 1 / (EACH_HZ * len(self.streams)), time.monotonic()
        ends, n = due + SECONDS, 0
        while due < ends:
            time.sleep(max(0.0, due - time.monotonic()))
            one, uid, key = self.streams[n % len(self.streams)]
            n, due, now = n + 1, due + gap, time.time()
            topic, stamp = f"sensing/{uid}/{key}".encode(), int(now * 1000)
            body = (
                len(topic).to_bytes(2)
                + topic
                + struct.pack("!H", n % 65535 + 1)
                + b"[[%d,%d]]" % (stamp, 100 + n % 7)
            )
            self.link.sendall(bytes([0x32, len(body)]) + body)
            self.sent.append((one, stamp, now))


def shown(place: Center) -> list[tuple[int, str, str]]:
    """Streams that the wall shows, with how their sensors publish."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    looking = context.Process(target=wall, args=(place.port, theirs))
    looking.start()
    time.sleep(SETTLE_S)
    with link_to(place) as link:
        rows = link.execute(
            "SELECT id FROM sensing_datastream WHERE key IN ('level', 'pm25', 'pm10')"
        ).fetchall()
        streams: list[Any] = link.execute(STREAMS, [[row[0] for row in rows], SHOWN]).fetchall()
    ours.send("end")
    ours.recv()
    looking.join()
    return streams


def measure(place: Center, streams: list[tuple[int, str, str]], rate: float) -> float:
    """Seconds from sensor to wall, 95th percentile, with so many other readings a second."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    looking = context.Process(target=wall, args=(place.port, theirs))
    looking.start()
    time.sleep(SETTLE_S)
    sensors = Sensors(place, streams)
    sensors.start()
    offered = publish(place.mqtt_port, 1, rate, SECONDS) if rate else {"messages": 0.0, "seconds": SECONDS}
    sensors.join()
    time.sleep(SETTLE_S)
    ours.send("end")
    seen = ours.recv()
    looking.join()
    late, never = delays(sensors.sent, seen)
    p95, others = at(late, 0.95), offered["messages"] / offered["seconds"]
    print(
        f"  beside {others:,.0f} readings/s: p50 {median(late) * 1000:,.0f} ms, p95 {p95 * 1000:,.0f} ms,"
        f" max {max(late) * 1000:,.0f} ms of {len(late)}; {never} never shown",
        flush=True,
    )
    return p95


def delays(sent: Sent, seen: Seen) -> tuple[list[float], int]:
    """Seconds from sending to the first frame that shows the reading or a newer one; how many never came."""
    late, never = [], 0
    for one, stamp, when in sent:
        came = next((shown for moment, shown in seen.get(one, []) if moment >= stamp), None)
        if came is None:
            never += 1
        else:
            late.append(came - when)
    return late, never


def main() -> None:
    """Wanted: 95 of 100 within a second."""
    with center() as place:
        register(place)
        time.sleep(12)
        streams = shown(place)
        measure(place, streams, 0)
        p95 = measure(place, streams, RATE)
    kept = "kept" if p95 <= TARGET_S else "MISSED"
    print(f"  {kept}: p95 {p95 * 1000:,.0f} ms, wanted {TARGET_S * 1000:,.0f} ms")
