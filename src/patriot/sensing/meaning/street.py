"""Street lights and car parks from stored readings: what failed, what is full, what it used."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from patriot.sensing.judging.thresholds import Crossing
from patriot.sensing.meaning import lights, parking
from patriot.sensing.meaning.indices import PRIORITY, Computed, latest, rows_of, us
from patriot.sensing.models import Condition, Thing
from patriot.sensing.rules import UNFIT, Purpose

FRESH = timedelta(minutes=20)  # lamps and counters that said nothing since do not count
SERIES = """
SELECT d.thing_id, extract(epoch FROM o.at)::float8, o.value
FROM sensing_observation o JOIN sensing_datastream d ON d.id = o.datastream_id
JOIN sensing_thing t ON t.id = d.thing_id
WHERE t.purpose = %s AND d.key = %s AND o.at >= %s AND o.at < %s AND o.flags & %s = 0 AND o.value IS NOT NULL
ORDER BY d.thing_id, o.at
"""


def things_of(purpose: Purpose) -> dict[int, Thing]:
    return {thing.pk: thing for thing in Thing.objects.filter(purpose=purpose).prefetch_related("locations")}


def street_lights(now: datetime) -> list[Crossing]:
    """What the newest counts of all groups meant when taken: one condition a feeder, and two a group."""
    things = things_of(Purpose.LIGHT_GROUP)
    counts = latest(Purpose.LIGHT_GROUP, now, FRESH)
    states = {
        thing: lights.judge(one.value, _number(row, "lamps"), _dark(row, one.at))
        for thing, row in things.items()
        if (one := counts.get(thing, {}).get("burning"))
    }
    return [*_feeders(things, states, now), *_groups(things, states, now)]


def _number(thing: Thing, name: str) -> int:
    text = str((thing.properties or {}).get(name, ""))
    return int(text) if text.isdigit() else 0


def _feeder(thing: Thing) -> str:
    return str((thing.properties or {}).get("feeder", thing.pk))


def _dark(thing: Thing, at: datetime) -> bool | None:
    place = next(iter(thing.locations.all()), None)
    if place is None or place.lon is None or place.lat is None:
        return None
    return lights.is_dark(at, place.lon, place.lat)


def _feeders(things: dict[int, Thing], states: dict[int, lights.State], now: datetime) -> list[Crossing]:
    """A feeder is judged at night only: by day its groups say nothing, and a fault stays open until dusk."""
    night = {thing: state for thing, state in states.items() if _says_supply(state)}
    faults = {
        fault.feeder: fault
        for fault in lights.feeder_faults((thing, _feeder(things[thing]), night[thing]) for thing in night)
    }
    first: dict[str, int] = {}
    for thing in sorted(night):
        first.setdefault(_feeder(things[thing]), thing)
    crossings = []
    for feeder, thing in first.items():
        fault = faults.get(feeder)
        level = 0 if fault is None else 2 if fault.whole else 1
        where = fault.groups[0] if fault else thing
        name = f"{feeder}: {', '.join(things[group].name for group in fault.groups)}" if fault else feeder
        crossings.append(
            Crossing(
                f"feeder:{feeder}", "feeder", level, "", PRIORITY[level], us(now), thing=where,
                value=float(len(fault.groups)) if fault else None, name=name[:255],
            )
        )  # fmt: skip
    return crossings


def _says_supply(state: lights.State) -> bool:
    return state in (lights.State.OK, lights.State.DARK, lights.State.FAILED)


def _groups(things: dict[int, Thing], states: dict[int, lights.State], now: datetime) -> list[Crossing]:
    wrong = {"light_dark": lights.State.DARK, "light_day": lights.State.DAY_ON}
    return [
        Crossing(f"{code}:{thing}", code, int(state is bad), "", "low", us(now), thing=thing)
        for thing, state in states.items()
        if state is not lights.State.TWILIGHT
        for code, bad in wrong.items()
    ]


def burned(since: datetime, until: datetime) -> list[Computed]:
    """Each group's energy in kWh over a time, from its power."""
    found = []
    for thing, (at, watts) in _series(Purpose.LIGHT_GROUP, "watts", since, until).items():
        found.append(
            Computed(thing, "energy", round(lights.energy_kwh(at, watts), 2), "", 0, {"unit": "kWh"})
        )
    return found


def car_parks(now: datetime) -> list[Crossing]:
    """Which lots became full, or have spaces again."""
    things, counts = things_of(Purpose.PARKING), latest(Purpose.PARKING, now, FRESH)
    full = set(Condition.objects.filter(code="parking_full", level__gt=0).values_list("condition", flat=True))
    crossings = []
    for thing, streams in counts.items():
        if "occupied" not in streams:
            continue
        occupied = streams["occupied"].value
        share = parking.occupancy(occupied, _number(things[thing], "capacity"))
        condition = f"parking_full:{thing}"
        level = int(parking.is_full(share, condition in full))
        crossings.append(
            Crossing(condition, "parking_full", level, "", "low", us(now), occupied, thing=thing)
        )
    return crossings


def turned_over(since: datetime, until: datetime) -> list[Computed]:
    """How each lot was used over a time: mean occupancy, peak, arrivals at least, arrivals a space."""
    things = things_of(Purpose.PARKING)
    found = []
    for thing, (at, occupied) in _series(Purpose.PARKING, "occupied", since, until).items():
        use = parking.turnover(at, occupied, _number(things[thing], "capacity"))
        if use is not None:
            detail = {"peak": use.peak, "arrivals": use.arrivals, "per_space": round(use.per_space, 2)}
            found.append(Computed(thing, "parking", round(use.mean_occupancy, 3), "", 0, detail))
    return found


def _series(purpose: Purpose, key: str, since: datetime, until: datetime) -> dict[int, tuple[Any, Any]]:
    by_thing: dict[int, list[tuple[float, float]]] = {}
    for thing, at, value in rows_of(SERIES, [purpose, key, since, until, int(UNFIT)]):
        by_thing.setdefault(thing, []).append((at, value))
    return {
        thing: (np.array([at for at, _v in rows]), np.array([value for _at, value in rows]))
        for thing, rows in by_thing.items()
    }
