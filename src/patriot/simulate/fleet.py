"""The simulated vehicles: parked at their stations, on patrol, or on the way to a call."""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zlib import crc32

import orjson

from patriot.kernel.geometry import Point, distance_m
from patriot.simulate.client import City
from patriot.simulate.driving import Drive
from patriot.simulate.streets import Streets

TICK_S = 3.0
PARKED_EVERY = 7  # ticks between two fixes of a parked vehicle
ROUND_M = 5000  # how far from its station a vehicle goes on patrol
STOP_S = (40, 240)  # how long it stands between two ways
SHARE_ON_PATROL = {"refuse_truck": 0.9, "satpolpp": 0.8, "dishub": 0.8, "baktor": 0.6, "road_crew": 0.4}
CLAIM_S = 45  # a claim on a vehicle that was not renewed for so long is void


@dataclass
class Vehicle:
    """One vehicle with its tracker."""

    uid: str
    callsign: str
    kind: str
    station: Point
    drive: Drive
    patrols: bool
    on_call: bool = False
    rest_s: float = 0.0  # until it moves on, while on patrol

    def step(self, seconds: float, streets: Streets) -> None:
        """Live on for so many seconds of the simulated city."""
        was_moving = self.drive.is_moving
        self.drive.advance(seconds)
        if self.on_call or self.drive.is_moving:
            return
        if was_moving:
            self.rest_s = self.drive.chance.uniform(*STOP_S)
        self.rest_s -= seconds
        if self.patrols and self.rest_s <= 0:
            self.go_to(self._next_stop(streets), streets)

    def _next_stop(self, streets: Streets) -> Point:
        chance = self.drive.chance
        around = [streets.points[streets.somewhere(chance)] for _ in range(12)]
        near = [point for point in around if distance_m(point, self.station) < ROUND_M]
        return near[0] if near else self.station

    def go_to(self, place: Point, streets: Streets) -> None:
        """Set out by the quickest way."""
        self.drive.follow(streets.way(streets.nearest(self.drive.at), streets.nearest(place)))


def vehicles(
    seed: str, devices: Iterable[dict[str, str]], stations: dict[str, Point], streets: Streets
) -> list[Vehicle]:
    """The fleet at its stations, the same for the same seed; each vehicle has its own chances."""
    return [_vehicle(seed, device, stations, streets) for device in devices]


def _vehicle(seed: str, device: dict[str, str], stations: dict[str, Point], streets: Streets) -> Vehicle:
    chance = Random(f"{seed}:{device['uid']}")
    station = stations.get(device["callsign"]) or streets.points[streets.somewhere(chance)]
    patrols = chance.random() < SHARE_ON_PATROL.get(device["kind"], 0.15)
    drive = Drive(station, chance)
    return Vehicle(device["uid"], device["callsign"], device["kind"], station, drive, patrols,
                   rest_s=chance.uniform(0, 60))  # fmt: skip


class Fleet:
    """All vehicles, moved together, each telling its position as trackers do."""

    def __init__(
        self, city: City, streets: Streets, cars: list[Vehicle], speed: float, claims: "Claims"
    ) -> None:
        self.city, self.streets, self.speed, self.claims = city, streets, speed, claims
        self.by_callsign = {car.callsign: car for car in cars}
        self._moved = asyncio.Condition()

    async def run(self) -> None:
        """Move and tell, until cancelled."""
        tick, before = 0, time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            elapsed, before, tick = (now - before) * self.speed, now, tick + 1
            await asyncio.gather(*(self._live(car, elapsed, tick) for car in self.by_callsign.values()))
            async with self._moved:
                self._moved.notify_all()

    async def live(self, cars: Iterable[Vehicle], elapsed: float) -> None:
        """Move some vehicles on by so many seconds of the simulated city, and tell where they are."""
        for car in cars:
            car.step(elapsed, self.streets)
            await self.city.position(car.drive.fix().osmand(car.uid, time.time()))
        async with self._moved:
            self._moved.notify_all()

    async def _live(self, car: Vehicle, elapsed: float, tick: int) -> None:
        lent = self.claims.of_others(car.uid)
        if lent:
            car.drive.at = lent
            car.drive.follow(())
            return
        car.step(elapsed, self.streets)
        if car.drive.is_moving or (tick + crc32(car.uid.encode())) % PARKED_EVERY == 0:
            await self.city.position(car.drive.fix().osmand(car.uid, time.time()))

    async def send(self, callsign: str, place: Point) -> None:
        """Drive a unit to a place; returns when it is there: at once for a unit without a vehicle of ours."""
        car = self.by_callsign.get(callsign)
        if car is None:
            return
        car.on_call = True
        car.go_to(place, self.streets)
        async with self._moved:
            await self._moved.wait_for(lambda: not car.drive.is_moving)

    def release(self, callsign: str) -> None:
        """The call is over: back to patrol, or home."""
        car = self.by_callsign.get(callsign)
        if car is not None:
            car.on_call = False
            if not car.patrols:
                car.go_to(car.station, self.streets)


class Claims:
    """Which simulator drives which vehicle: two may play at once, such as a launch in an ordinary day.

    A claim is a small file under `<home>/simulator/`, renewed while it holds, with the vehicle's position.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "simulator"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, tuple[float, Point]] = {}
        self._read_at = 0.0

    def of_others(self, uid: str, *, fresh: bool = False) -> Point | None:
        """Where another simulator's vehicle is, None when it is ours. Read once a second, or `fresh`."""
        now = time.monotonic()
        if fresh or now - self._read_at > 1:
            self._known, self._read_at = dict(self._read()), now
        return self._known[uid][1] if uid in self._known else None

    def _read(self) -> Iterator[tuple[str, tuple[float, Point]]]:
        for path in self.folder.glob("*.claim"):
            try:
                said = orjson.loads(path.read_bytes())
                age = time.time() - path.stat().st_mtime
            except (OSError, orjson.JSONDecodeError):  # just being written or given back
                continue
            if age < CLAIM_S and said["pid"] != os.getpid():
                yield said["uid"], (age, Point(said["lon"], said["lat"]))

    def renew(self, uid: str, at: Point) -> None:
        """Claim a vehicle, or keep claiming it, with where it is."""
        path = self.folder / f"{uid}.claim"
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(orjson.dumps({"uid": uid, "pid": os.getpid(), "lon": at.lon, "lat": at.lat}))
        draft.replace(path)

    @contextmanager
    def holding(self, car: Vehicle) -> Iterator[None]:
        """Hold a claim within the block; it is given back afterwards."""
        self.renew(car.uid, car.drive.at)
        try:
            yield
        finally:
            (self.folder / f"{car.uid}.claim").unlink(missing_ok=True)
