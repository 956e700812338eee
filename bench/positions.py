"""Position sent → connected wall, through the real intake: 100, then 1,000 units, each once a second.

Baseline, in the same run and against the same database: a handler with one transaction a request. What is
measured begins when the unit sends, before the intake has accepted anything.
"""

import asyncio
import os
import random
import socket
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psycopg
import uvicorn
from psycopg_pool import AsyncConnectionPool

from bench.center import Center, center
from bench.live import at

LOADS = (100, 1000)
SECONDS = 20
SETTLE_S = 3
UNITS_A_LINE = 10
DEVICE = "SELECT id, vehicle_id FROM fleet_device WHERE uid = %s"
TARGET_S = 2.0
STEP = 0.00005  # degrees a second: some 30 km/h
WEST, SOUTH, WIDTH, HEIGHT = 106.93, -6.34, 0.10, 0.13

type Sent = dict[tuple[str, int], tuple[float, float]]  # (uid, ms of the fix) → when sent, when answered
type Seen = dict[int, list[tuple[int, float]]]  # vehicle's id → (ms of the fix, when it came)


def register(place: Center) -> dict[str, int]:
    """Vehicles with devices, as an administrator would make them; their ids by uid."""
    with psycopg.connect(f"host={place.home}/run user=patriot dbname=patriot") as link:
        for n in range(max(LOADS)):
            made = link.execute(
                "INSERT INTO fleet_vehicle (plate, kind, agency, callsign, simulated) "
                "VALUES (%s, 'baktor', 'kebersihan', %s, true) RETURNING id", [f"BENCH {n}", f"Bench {n}"],
            ).fetchone()  # fmt: skip
            link.execute("INSERT INTO fleet_device (uid, vehicle_id, secret_digest, simulated) "
                         "VALUES (%s, %s, '', true)", [f"bench-{n}", made[0] if made else 0])  # fmt: skip
        rows = link.execute("SELECT uid, vehicle_id FROM fleet_device WHERE uid ~ '^bench-'").fetchall()
    return dict(rows)


def start(uid: str) -> list[float]:
    """Where a unit begins, the same in every run: nobody jumps across the city between two of them."""
    chance = random.Random(uid)
    return [WEST + chance.random() * WIDTH, SOUTH + chance.random() * HEIGHT]


async def line(port: int, uids: list[str], ends: float, sent: Sent) -> int:
    """One connection over which units send, evenly spread over each second; returns how many were refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    refused, gap = 0, 1.0 / len(uids)
    due = time.monotonic() + random.random()
    where = {uid: start(uid) for uid in uids}
    while due < ends:
        for uid in uids:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            began, stamp = time.monotonic(), int(time.time() * 1000)
            lon, lat = where[uid]
            where[uid] = [lon + STEP, lat + STEP]
            query = f"id={uid}&lat={lat:.6f}&lon={lon:.6f}&timestamp={stamp}&speed=12&bearing=90"
            writer.write(f"GET /?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if length := int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
                await reader.readexactly(length)
            if head.startswith(b"HTTP/1.1 200"):
                sent[uid, stamp] = (began, time.monotonic())
            else:
                refused += 1
            due += gap
    writer.close()
    return refused


def fleet(port: int, uids: list[str], link: "Connection[Any, Any]") -> None:
    """A process full of units; sends what was accepted, when it was sent and answered."""

    async def run() -> tuple[Sent, int]:
        sent: Sent = {}
        ends = time.monotonic() + SECONDS
        groups = [uids[n : n + UNITS_A_LINE] for n in range(0, len(uids), UNITS_A_LINE)]
        refused = await asyncio.gather(*(line(port, group, ends, sent) for group in groups))
        return sent, sum(refused)

    link.send(asyncio.run(run()))


def wall(port: int, link: "Connection[Any, Any]") -> None:
    """A connected wall: when each vehicle's fixes came, in their order."""

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
    positions = False
    while text := await reader.readline():
        if text.startswith(b"event:"):
            positions = text.split(b":", 1)[1].strip() == b"positions"
        elif positions and text.startswith(b"data:"):
            now = time.monotonic()
            for row in orjson.loads(text[5:]):
                seen[row[0]].append((row[5], now))


def delays(sent: Sent, ids: dict[str, int], seen: Seen) -> tuple[list[float], int]:
    """Seconds from sending to the first frame that shows the fix or a newer one; and how many never came."""
    late, lost = [], 0
    for (uid, stamp), (began, _answered) in sent.items():
        came = next((when for shown, when in seen.get(ids[uid], []) if shown >= stamp), None)
        if came is None:
            lost += 1
        else:
            late.append(came - began)
    return late, lost


def measure(place: Center, ids: dict[str, int], units: int) -> float:
    """One load through the real intake; prints and returns the p95 in seconds."""
    context = get_context("spawn")
    (watch, watched), (drive, driven) = context.Pipe(), context.Pipe()
    looking = context.Process(target=wall, args=(place.port, watched))
    driving = context.Process(target=fleet, args=(place.osmand_port, list(ids)[:units], driven))
    looking.start()
    time.sleep(SETTLE_S)
    cpu = place.cpu_s("intake")
    driving.start()
    sent, refused = drive.recv()
    used = place.cpu_s("intake") - cpu
    time.sleep(SETTLE_S)
    watch.send("end")
    seen = watch.recv()
    for helper in (looking, driving):
        helper.join()
    late, lost = delays(sent, ids, seen)
    answered = [done - began for began, done in sent.values()]
    print(
        f"{units:5d} units at 1 Hz: to the wall p50 {median(late) * 1000:4.0f} ms,"
        f" p95 {at(late, 0.95) * 1000:4.0f} ms, max {max(late) * 1000:4.0f} ms;"
        f" answered p95 {at(answered, 0.95) * 1000:4.0f} ms; {len(sent)} accepted, {refused} refused,"
        f" {lost} never shown; intake {used / SECONDS:.0%} of a core",
        flush=True,
    )
    return at(late, 0.95)


def naive(port: int, conninfo: str) -> None:
    """The baseline's process: one transaction a request, on a pool of ten connections."""
    from patriot.fleet import statements  # noqa: PLC0415 - in its own process
    from patriot.fleet.rules import Known, judge  # noqa: PLC0415
    from patriot.intake.osmand import decode  # noqa: PLC0415

    pool = AsyncConnectionPool(conninfo, min_size=10, max_size=10, open=False)
    known: dict[str, Known] = {}

    async def app(scope: dict[str, Any], _receive: Any, send: Callable[..., Awaitable[None]]) -> None:
        fix = decode(scope["query_string"], b"")[0]
        async with pool.connection() as link:
            if fix.uid not in known:
                cursor = await link.execute(DEVICE, [fix.uid])
                known[fix.uid] = Known(*(await cursor.fetchone() or (0, None)))
            draft, _ = judge(fix, known[fix.uid], _now())
            await link.execute(statements.STORE_ONE, statements.row(draft))
            await link.execute(statements.MOVE_ONE, statements.latest_row(draft))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def serve() -> None:
        await pool.open()
        await uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_level="error")).serve()

    asyncio.run(serve())


def _now() -> Any:
    return datetime.now(UTC)


@contextmanager
def baseline(place: Center) -> Iterator[tuple[int, int]]:
    """The baseline's port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    conninfo = f"host={place.home}/run user=patriot dbname=patriot"
    process = get_context("spawn").Process(target=naive, args=(port, conninfo), daemon=True)
    process.start()
    time.sleep(SETTLE_S)
    yield port, process.pid or 0
    process.kill()


def measure_baseline(place: Center, ids: dict[str, int], units: int) -> None:
    """The same load on the baseline: how soon it answers, what it costs."""
    context = get_context("spawn")
    drive, driven = context.Pipe()
    with baseline(place) as (port, pid):
        driving = context.Process(target=fleet, args=(port, list(ids)[:units], driven))
        cpu = _cpu_s(pid)
        driving.start()
        sent, refused = drive.recv()
        used = _cpu_s(pid) - cpu
        driving.join()
    answered = [done - began for began, done in sent.values()]
    print(
        f"{units:5d} units, one transaction a request: answered p95 {at(answered, 0.95) * 1000:4.0f} ms;"
        f" {len(sent)} accepted, {refused} refused; {used / SECONDS:.0%} of a core",
        flush=True,
    )


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Wanted: 95 of 100 within 2 s with 1,000 units at 1 Hz."""
    with center() as place:
        ids = register(place)
        time.sleep(11)  # the intake reads its devices every ten seconds
        small, large = (measure(place, ids, units) for units in LOADS)
        measure_baseline(place, ids, max(LOADS))
    print(
        f"10 times the units: {large / small:.1f} times as long; wanted: p95 under {TARGET_S * 1000:.0f} ms"
    )
    print(f"{'kept' if large <= TARGET_S else 'MISSED'}: p95 {large * 1000:.0f} ms")
