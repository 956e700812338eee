"""Who should go, among 500 units, on the city pack's streets; a tenth and ten times as many show the growth.

Baseline, in the same run: the same units read the same way and sorted by straight line, which is what a map
without roads does. Beside its time, the bench says how often that picks a slower unit, and by how much.
"""

import random
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from bench.database import database

SIZES = (50, 500, 5000)
ASKED = 60
TARGET_S = 0.060
WEST, SOUTH, WIDTH, HEIGHT = 106.93, -6.34, 0.10, 0.13  # within the city
KINDS = ("road_crew", "baktor", "satpolpp", "dishub")


def fill(size: int, chance: random.Random) -> None:
    """Units on patrol, each with a fix of the last minutes; a fifth of them busy or out of service."""
    from datetime import timedelta  # noqa: PLC0415 - Django is set up by then, here and below

    from patriot.dispatch.models import Assignment, Unit  # noqa: PLC0415
    from patriot.fleet.models import Device, Latest, Vehicle  # noqa: PLC0415
    from patriot.kernel import clock  # noqa: PLC0415

    for model in (Assignment, Unit, Latest, Device, Vehicle):
        model.objects.all().delete()
    now = clock.now()
    vehicles = Vehicle.objects.bulk_create(
        Vehicle(plate=f"P{n}", kind=chance.choice(KINDS), agency="dbmta", callsign=f"U{n}")
        for n in range(size)
    )
    devices = Device.objects.bulk_create(Device(uid=f"d{one.pk}", vehicle=one) for one in vehicles)
    points = [(WEST + chance.random() * WIDTH, SOUTH + chance.random() * HEIGHT) for _ in vehicles]
    seen = [now - timedelta(seconds=chance.expovariate(1 / 30)) for _ in vehicles]
    Latest.objects.bulk_create(
        Latest(device=device, claimed_at=at, fixed_at=at, received_at=at, lon=lon, lat=lat)
        for device, (lon, lat), at in zip(devices, points, seen, strict=True)
    )
    Unit.objects.bulk_create(
        Unit(callsign=one.callsign, kind=one.kind, agency="dbmta", vehicle_id=one.pk, station_lon=lon,
             station_lat=lat, state=chance.choices(["free", "off"], [4, 1])[0])
        for one, (lon, lat) in zip(vehicles, points, strict=True)
    )  # fmt: skip


def p95(samples: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(samples, n=20)[-1]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came out."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def nearest_by_air(need: Any, now: Any) -> Any:
    """The baseline's choice: fit units by straight line."""
    from patriot.dispatch import queries, ranking  # noqa: PLC0415

    fit = [unit for unit in queries.standings(None, now) if ranking.unfit(unit, need) is None]
    return ranking.by_air(fit, need.point, now)


def measure(size: int, chance: random.Random) -> float:
    """Ask for random places; prints and returns the p95 in seconds."""
    from patriot.dispatch import queries  # noqa: PLC0415
    from patriot.dispatch.ranking import Need, Step  # noqa: PLC0415
    from patriot.kernel import clock  # noqa: PLC0415
    from patriot.kernel.geometry import Point  # noqa: PLC0415

    fill(size, chance)
    ours, air, other, later = [], [], 0, []
    for _ in range(ASKED):
        point = Point(WEST + chance.random() * WIDTH, SOUTH + chance.random() * HEIGHT)
        steps = tuple(Step(kind, 1) for kind in KINDS)
        need, now = Need(point, "dbmta", steps), clock.now()
        seconds, advice = timed(lambda: queries.recommend_among(queries.standings(None, now), need, now))  # noqa: B023
        ours.append(seconds)
        seconds, picked = timed(lambda: nearest_by_air(need, now))  # noqa: B023
        air.append(seconds)
        etas = {one.unit_id: one.eta_s for one in advice.units}
        if advice.by_road and picked.unit_id in etas and min(etas, key=etas.__getitem__) != picked.unit_id:
            other += 1
            later.append(etas[picked.unit_id] - min(etas.values()))
    ours, air = ours[5:], air[5:]  # the first ones open files and connections
    print(
        f"{size:>5} units: p50 {median(ours) * 1000:5.1f} ms, p95 {p95(ours) * 1000:5.1f} ms;"
        f" straight line: p50 {median(air) * 1000:5.1f} ms, p95 {p95(air) * 1000:5.1f} ms;"
        f" ratio {median(ours) / median(air):.1f};"
        f" it picks a slower unit in {100 * other / ASKED:.0f} %, by {median(later or [0]):.0f} s (median)",
        flush=True,
    )
    return p95(ours)


def main() -> None:
    """500 units: p95 at most 60 ms."""
    chance = random.Random(20161130)
    with database():
        from patriot.site.city import load  # noqa: PLC0415 - Django is set up by then

        load("kota_bekasi", demo=False)
        found = {size: measure(size, chance) for size in SIZES}
    print(f"growth of the p95 from 500 to 5000 units: {found[5000] / found[500]:.1f}×")
    kept = found[500] <= TARGET_S
    verdict = "kept" if kept else "MISSED"
    print(f"{verdict}: p95 {found[500] * 1000:.1f} ms of {TARGET_S * 1000:.0f} ms at 500 units")
