"""`patriot simulate [ordinary-day|grand-launch]`: build the scenario and play it."""

import logging
from argparse import ArgumentParser, Namespace
from pathlib import Path
from random import Random

import patriot
from patriot.kernel.city_pack import CategoryRow, UnitRow
from patriot.kernel.config import Config
from patriot.kernel.geometry import Point
from patriot.kernel.pack import Pack
from patriot.simulate.client import City, Keys
from patriot.simulate.day import Day
from patriot.simulate.fleet import Claims, Fleet, vehicles
from patriot.simulate.launch import Launch
from patriot.simulate.streets import Streets
from patriot.simulate.work import Pace, Work

SCENARIOS = ("ordinary-day", "grand-launch")
BRISK = Pace(
    look=(3, 6), decide=(4, 8), accept=(2, 4), turnout=(4, 8), on_spot=(45, 75)
)  # a guest's patience
PER_DAY = 1000  # Bekasi expects 120 reports a day; a city that is watched may say more


def arguments(parser: ArgumentParser) -> None:
    """Add the simulator's options."""
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS, help="what is played")
    parser.add_argument("--speed", type=_speed, default=1.0, help="how much faster than life (10: ten times)")
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
    try:
        keys = Keys.read(config.home)
    except FileNotFoundError:
        raise SystemExit(
            f"{config.home} holds no demo: start `patriot demo` with the same PATRIOT_HOME first."
        ) from None
    pack = Pack(_folder(keys.city))
    streets = Streets.of(pack)
    async with City(config, keys) as city:
        await city.wait_until_ready()
        fleet, work = _people(city, pack, streets, config, args, scenario)
        if scenario == "grand-launch":
            await Launch(city, work, fleet, fleet.claims, args.speed).run()
        else:
            await Day(city, streets, fleet, work, args.seed, args.speed, args.per_day).run()


def _people(
    city: City, pack: Pack, streets: Streets, config: Config, args: Namespace, scenario: str
) -> tuple[Fleet, Work]:
    stations = {row.callsign: Point(row.lon, row.lat) for row in pack.table("units.csv", UnitRow)}
    cars = vehicles(args.seed, city.keys.devices, stations, streets)
    fleet = Fleet(city, streets, cars, args.speed, Claims(config.home))
    categories = {row.code: row for row in pack.table("categories.csv", CategoryRow, also=["class"])}
    pace = BRISK if scenario == "grand-launch" else Pace()
    return fleet, Work(city, fleet, categories, Random(f"{args.seed}:work"), args.speed, pace)


def _folder(city: str) -> Path:
    """A pack's folder, in a wheel or in a clone."""
    package = Path(patriot.__file__).parent
    shelves = (package / "cities", package.parents[1] / "cities")
    return next((shelf / city for shelf in shelves if (shelf / city).is_dir()), Path(city))
