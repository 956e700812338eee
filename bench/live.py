"""Report accepted → event at a connected wall, by server-sent events, with growth from a tenth to the whole
load.

Baseline, in the same run: a client that asks the public list of reports once a second, as dashboards without
a stream do. Walls and senders live in processes of their own; all read one monotonic clock.
"""

import asyncio
import random
import re
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection

import httpx

from bench.center import Center, center

NUMBER = re.compile(rb'"number":"(\d{6}-[0-9A-Z]{5})"')
MEASURING = 20  # walls that look for every number; the others only take what they are sent
SECONDS = 20
SETTLE_S = 4
LOADS = ((2, 20), (20, 200))  # (reports a second, connected walls)
POLL_S = 1.0
WEST, SOUTH, WIDTH, HEIGHT = 106.96, -6.30, 0.05, 0.10  # inside the city

type Seen = list[dict[str, float]]  # for each measuring wall: report's number → moment


async def wall(port: int, seen: dict[str, float] | None, bytes_taken: list[int]) -> None:
    """One connected wall."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(b"GET /wall/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    rest = b""
    while chunk := await reader.read(1 << 18):
        bytes_taken[0] += len(chunk)
        if seen is not None:
            rest = note(rest + chunk, seen)


def note(text: bytes, seen: dict[str, float]) -> bytes:
    """Write down the numbers that stand here for the first time; returns the piece that may hold half a
    number.
    """
    now = time.monotonic()
    for found in NUMBER.finditer(text):
        seen.setdefault(found[1].decode(), now)
    return text[-32:]


def walls(port: int, count: int, link: "Connection[object, object]") -> None:
    """A process full of walls; ends when told, and tells what they saw."""

    async def run() -> None:
        seen: Seen = [{} for _ in range(min(MEASURING, count))]
        taken = [0]
        tasks = [
            asyncio.create_task(wall(port, seen[n] if n < len(seen) else None, taken)) for n in range(count)
        ]
        await asyncio.to_thread(link.recv)
        for task in tasks:
            task.cancel()
        link.send((seen, taken[0], sum(task.done() and not task.cancelled() for task in tasks)))

    asyncio.run(run())


async def send(url: str, token: str, codes: list[str], rate: int) -> dict[str, float]:
    """Send reports at an even rate; returns when each was accepted, by its number."""
    accepted: dict[str, float] = {}
    refused: Counter[str] = Counter()
    limits = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits, trust_env=False) as client:

        async def one() -> None:
            lon, lat = WEST + random.random() * WIDTH, SOUTH + random.random() * HEIGHT
            fields = {"service_code": random.choice(codes), "description": "Mohon segera ditangani."}
            fields |= {"lat": str(lat), "long": str(lon)}
            answer = await client.post("/open311/v2/requests.json", data=fields,
                                       headers={"Authorization": f"Bearer {token}"})  # fmt: skip
            if not answer.is_success:
                refused[answer.text[:200]] += 1
                return
            accepted[answer.json()[0]["service_request_id"]] = time.monotonic()

        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for n in range(rate * SECONDS):
                await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
                tasks.create_task(one())
    for words, times in refused.items():
        print(f"refused {times} times: {words}")
    return accepted


def poll(url: str, link: "Connection[object, object]") -> None:
    """The baseline: ask for the newest reports once a second until told to end."""
    seen: dict[str, float] = {}
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        while not link.poll(POLL_S):
            rows = client.get("/open311/v2/requests.json?page_size=100").json()
            now = time.monotonic()
            for row in rows:
                seen.setdefault(row["service_request_id"], now)
    link.send(seen)


def at(values: list[float], share: float) -> float:
    """A percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(place: Center, rate: int, count: int) -> float:
    """One load; prints and returns the 95th percentile in seconds."""
    codes = [
        row["service_code"]
        for row in httpx.get(f"{place.url}/open311/v2/services.json", trust_env=False).json()
    ]
    token = next(one["token"] for one in place.keys()["people"] if one["role"] == "citizen")
    context = get_context("spawn")
    (here, there), (ask, asked) = context.Pipe(), context.Pipe()
    helpers = [context.Process(target=walls, args=(place.port, count, there)),
               context.Process(target=poll, args=(place.url, asked))]  # fmt: skip
    for helper in helpers:
        helper.start()
    time.sleep(SETTLE_S)
    cpu = place.cpu_s("web")
    accepted = asyncio.run(send(place.url, token, codes, rate))
    web = (place.cpu_s("web") - cpu) / SECONDS
    time.sleep(SETTLE_S)
    here.send("end")
    ask.send("end")
    seen, taken, lost = here.recv()
    polled = ask.recv()
    for helper in helpers:
        helper.join()
    late = [one[number] - when for one in seen for number, when in accepted.items() if number in one]
    slow = [polled[number] - when for number, when in accepted.items() if number in polled]
    missing = sum(number not in one for one in seen for number in accepted)
    p50, p95, baseline = (at(late, 0.5), at(late, 0.95), at(slow, 0.95))
    print(
        f"{rate:3d} reports/s, {count:3d} walls: p50 {p50 * 1000:5.0f} ms, p95 {p95 * 1000:5.0f} ms,"
        f" max {max(late) * 1000:5.0f} ms; polling p95 {baseline * 1000:5.0f} ms ({baseline / p95:.1f}×);"
        f" web process {web:.0%} of a core, {taken / 1e6:.0f} MB sent, {lost} walls lost,"
        f" {missing / len(seen):.0f} of {len(accepted)} attached elsewhere",
        flush=True,
    )
    return p95


def main() -> None:
    """Wanted: 95 of 100 within 1 s at 20 reports/s and 200 walls."""
    with center() as place:
        small, large = (measure(place, rate, count) for rate, count in LOADS)
    print(f"10 times the load: {large / small:.1f} times as long; wanted: p95 under 1000 ms")
