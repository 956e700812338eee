"""`patriot simulate [ordinary-day|flood-night|…]`: build the scenario and play it."""

import asyncio
import logging
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from random import Random

import patriot
from patriot.kernel.city_rows import CategoryRow, UnitRow
from patriot.kernel.config import Config
from patriot.kernel.geometry import Point
from patriot.kernel.pack import Pack
from patriot.simulate.client import City, Keys
from patriot.simulate.day import Day
from patriot.simulate.fleet import Claims, Fleet, vehicles
from patriot.simulate.launch import Launch
from patriot.simulate.nights import Plot, plot, speak_up
from patriot.simulate.sensors import Sensors
from patriot.simulate.sirens import Sirens
from patriot.simulate.streets import Streets
from patriot.simulate.work import Pace, Work
from patriot.simulate.world import streams

SCENARIOS = ("ordinary-day", "grand-launch", "flood-night", "bad-air", "dark-street")
BEGIN_H = {"flood-night": 1.0, "bad-air": 11.0}  # how old the story is when it is first seen
BRISK = Pace(
    look=(3, 6), decide=(4, 8), accept=(2, 4), turnout=(4, 8), on_spot=(45, 75)
)  # a guest's patience
DAY_S = 86_400
PER_DAY = 1000  # Bekasi expects 120 reports a day; a city that is watched may say more


def arguments(parser: ArgumentParser) -> None:
    """Add the simulator's options."""
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS, help="what is played")
    parser.add_argument(
        "--speed", type=_speed, help="how much faster than life (10: ten times); PATRIOT_SPEED"
    )
    parser.add_argument("--begin", type=float, help="hours of the story that have passed already")
    parser.add_argument("--past", type=float, default=1000, help="days of past readings to tell at most")
    parser.add_argument("--sensors-only", action="store_true", help="no citizens, no crews: devices alone")
    parser.add_argument("--seed", default="2016-11-30", help="the same seed plays the same day")
    parser.add_argument("--per-day", type=float, default=PER_DAY, help="reports a day")


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 1000:
        raise ValueError(text)
    return speed


async def run(config: Config, args: Namespace) -> None:
    """Play until done or cancelled. Says so and ends where there is no demo to play in."""
    logging.basicConfig(level=config.env.get("PATRIOT_LOG_LEVEL", "INFO"))
    logging.getLogger("httpx").setLevel("WARNING")
    scenario = args.scenario or getattr(config, "scenario", "") or SCENARIOS[0]
    args.speed = args.speed or _speed(config.env.get("PATRIOT_SPEED") or "1")
    try:
        keys = Keys.read(config.home)
    except FileNotFoundError:
        raise SystemExit(
            f"{config.home} holds no demo: start `patriot demo` with the same PATRIOT_HOME first."
        ) from None
    pack = Pack(_folder(config.city, keys.city))
    async with City(config, keys) as city:
        await city.wait_until_ready()
        if args.sensors_only:
            sensors = _sensors(config, pack, args, scenario)[0]
            await asyncio.gather(sensors.run(), _sirens(sensors).run())
            return
        streets = Streets.of(pack)
        fleet, work = _people(city, pack, streets, config, args, scenario)
        if scenario == "grand-launch":
            await Launch(city, work, fleet, fleet.claims, args.speed).run()
        else:
            day = Day(city, streets, fleet, work, args.seed, args.speed, args.per_day)
            await _live(city, day, *_sensors(config, pack, args, scenario), args, scenario)


async def _live(city: City, day: Day, sensors: Sensors, story: Plot, args: Namespace, scenario: str) -> None:
    """A day, its devices, and what the story makes of it. The story's speed is the rivers'; people keep
    their own.
    """
    if story.told:
        print(f"   simulate | {scenario}: {story.told}", flush=True)
    key = f"{scenario}-{args.seed}-{time.time():.0f}"
    async with asyncio.TaskGroup() as group:
        group.create_task(day.run())
        group.create_task(sensors.run())
        group.create_task(_sirens(sensors).run())
        group.create_task(speak_up(city, story.reports, _begin(args, scenario), args.speed, key))


def _sirens(sensors: Sensors) -> Sirens:
    codes = frozenset(one.uid for one in sensors.streams if one.purpose == "siren")
    return Sirens(sensors.config, codes, sensors.secret)


def _begin(args: Namespace, scenario: str) -> float:
    return BEGIN_H.get(scenario, 0.0) if args.begin is None else args.begin


def _sensors(config: Config, pack: Pack, args: Namespace, scenario: str) -> tuple[Sensors, Plot]:
    """Every device of the pack in the scenario's world, and the scenario's story."""
    known, secret = streams(pack), config.home / "mqtt_password"
    story = plot(scenario, args.seed, known, time.time(), args.speed, _begin(args, scenario))
    password = secret.read_text().strip() if secret.exists() else ""
    return Sensors(config, known, story.world, password, args.past * DAY_S), story


def _people(
    city: City, pack: Pack, streets: Streets, config: Config, args: Namespace, scenario: str
) -> tuple[Fleet, Work]:
    stations = {row.callsign: Point(row.lon, row.lat) for row in pack.table("units.csv", UnitRow)}
    cars = vehicles(args.seed, city.keys.devices, stations, streets)
    fleet = Fleet(city, streets, cars, args.speed, Claims(config.home))
    categories = {row.code: row for row in pack.table("categories.csv", CategoryRow, also=["class"])}
    pace = BRISK if scenario == "grand-launch" else Pace()
    return fleet, Work(city, fleet, categories, Random(f"{args.seed}:work"), args.speed, pace)


def _folder(configured: str, loaded: str) -> Path:
    """The loaded pack's folder: the configured path, or by its name in a wheel or in a clone."""
    if Path(configured).name == loaded and (Path(configured) / "city.toml").exists():
        return Path(configured)
    package = Path(patriot.__file__).parent
    shelves = (package / "cities", package.parents[1] / "cities")
    return next((shelf / loaded for shelf in shelves if (shelf / loaded).is_dir()), Path(loaded))
