"""The city's devices at work: first what they measured while nobody listened, then each reading."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from pathlib import Path
from zlib import crc32

from patriot.kernel.config import Config
from patriot.simulate.mqtt import Device, Reading, many, one
from patriot.simulate.nature import DAY
from patriot.simulate.world import Stream, World

log = logging.getLogger(__name__)
GATEWAY = "gateway-sim"  # lamp controllers, parking counters, cameras speak through one, as on a LoRaWAN
OWN_LINE = {"water_level", "rain", "air", "water_quality", "siren"}
BATCH = 500  # readings in one message of the past
SHORTEST_S = 2.0  # real seconds between two readings of a stream, however fast the scenario plays
MARK = "sensors.mark"  # beside the claims: until when the past was told

# How far back each purpose is told when a demo begins: (days, seconds between two readings) from old to new.
# No sparser than three times what the pack expects: more would be silences, and flagged so.
PAST: dict[str, tuple[tuple[float, float], ...]] = {
    "water_level": ((45, 180), (0.25, 60)),
    "rain": ((45, 900), (0.25, 300)),
    "air": ((30, 900), (0.25, 300)),
    "water_quality": ((30, 3600),),
    "light_group": ((7, 900),),
    "parking": ((5, 180),),
}
PAST_OF_KEY: dict[str, tuple[tuple[float, float], ...]] = {"battery": ((30, 7200),), "watts": ((2, 900),)}
OTHERS_PAST: tuple[tuple[float, float], ...] = ((30, 3600),)


def moments(plan: tuple[tuple[float, float], ...], since: float, now: float) -> Iterator[float]:
    """The moments of the past to tell after `since` and before `now`, oldest first."""
    for number, (days, step) in enumerate(plan):
        start = max(now - days * DAY, since)
        end = now - plan[number + 1][0] * DAY if number + 1 < len(plan) else now
        at = (start // step + 1) * step
        while at < end:
            yield at
            at += step


@dataclass
class Sensors:
    """Every device of the pack."""

    config: Config
    streams: list[Stream]
    world: World
    secret: str = ""  # of the house's gateway; empty: on loopback nobody asks
    most_past_s: float = float("inf")  # how far back is told at most
    _devices: dict[str, Device] = field(default_factory=dict)

    async def run(self) -> None:
        """Tell the past, then speak until cancelled."""
        if not self.streams:
            return
        async with asyncio.TaskGroup() as group:
            for uid in sorted({self._line(stream) for stream in self.streams}):
                device = self._device(uid)
                self._devices[uid] = device
                group.create_task(device.run())
            await self._tell_the_past()
            await self._speak()

    def _line(self, stream: Stream) -> str:
        return stream.uid if stream.purpose in OWN_LINE else GATEWAY

    def _device(self, uid: str) -> Device:
        host = self.config.bind if self.config.bind not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
        return Device(host, self.config.mqtt_port, uid, self.secret, announces=uid != GATEWAY)

    async def _tell_the_past(self) -> None:
        """In arrays, each reading with its own time; only what was not told by an earlier run."""
        now, mark = time.time(), self.config.home / "simulator" / MARK
        since = max(_read(mark), now - self.most_past_s)
        by_device: dict[str, list[Stream]] = defaultdict(list)
        for stream in self.streams:
            by_device[self._line(stream)].append(stream)
        told = await asyncio.gather(*(self._tell(uid, mine, since, now) for uid, mine in by_device.items()))
        if sum(told):
            log.info("told %d readings of the past", sum(told))
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(str(now))

    async def _tell(self, uid: str, streams: list[Stream], since: float, now: float) -> int:
        told = 0
        for stream in streams:
            readings = await asyncio.to_thread(self._past, stream, since, now)
            parts = [readings[n : n + BATCH] for n in range(0, len(readings), BATCH)]
            await self._devices[uid].say_all(topic(stream), [many(part) for part in parts])
            told += len(readings)
        await self._devices[uid].drained()
        return told

    def _past(self, stream: Stream, since: float, now: float) -> list[Reading]:
        plan = PAST_OF_KEY.get(stream.key) or PAST.get(stream.purpose, OTHERS_PAST)
        said = ((at, self.world.value(stream, at)) for at in moments(plan, since, now))
        return [(at, value) for at, value in said if value is not None]

    async def _speak(self) -> None:
        """Each stream at its own pace, in an order that belongs to the pack."""
        began, mark = time.time(), self.config.home / "simulator" / MARK
        turns = [(began + self._phase(stream), n) for n, stream in enumerate(self.streams)]
        heapify(turns)
        marked = began
        while True:
            due, number = heappop(turns)
            await asyncio.sleep(max(0.0, due - time.time()))
            self._say(self.streams[number], time.time())
            heappush(turns, (max(due, time.time() - 1) + self._every(self.streams[number]), number))
            if time.time() - marked > 10:
                marked = time.time()
                mark.write_text(str(marked))

    def _every(self, stream: Stream) -> float:
        hurried = stream.purpose in ("water_level", "rain") and stream.key != "battery"
        return max(SHORTEST_S, stream.every_s / (self.world.speed if hurried else 1.0))

    def _phase(self, stream: Stream) -> float:
        """Devices do not speak all at once: within the first half minute each has spoken."""
        return crc32(f"{stream.uid}:{stream.key}".encode()) % 1000 / 1000 * min(30.0, self._every(stream))

    def _say(self, stream: Stream, at: float) -> None:
        value = self.world.value(stream, at)
        if value is not None:
            self._devices[self._line(stream)].say(topic(stream), one(at, value))


def topic(stream: Stream) -> str:
    """Where a stream's readings go."""
    return f"sensing/{stream.uid}/{stream.key}"


def _read(mark: Path) -> float:
    try:
        return float(mark.read_text())
    except (OSError, ValueError):
        return 0.0
