"""Bodies without end for SensorThings: entities and data arrays, broken in their values and in their bytes.

PATRIOT_FUZZ: how many (1,000,000); PATRIOT_FUZZ_SEED repeats a run. A Fault is an answer, anything else ends
it. In every body of arrays one group is good: none of its rows may be missing, whatever stands beside it.
"""

import os
import random
import time
from typing import Any, cast

import django
import orjson

CASES = int(os.environ.get("PATRIOT_FUZZ", "1000000"))
SEED = int(os.environ.get("PATRIOT_FUZZ_SEED", str(int(time.time()))))
GOOD = {"Datastream": {"@iot.id": 7}, "components": ["phenomenonTime", "result"],
        "dataArray": [["2026-11-21T00:00:00Z", 1], ["2026-11-21T00:00:01Z", 2.5]]}  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 2**63, 10**400, 1e308, "", "x" * 300, "2026-11-21T00:00:00Z", "NaN", "\x00", "\ud7ff",
    [], {}, [[]], [None], {"@iot.id": 1}, {"@iot.id": "1"}, {"@iot.id": None}, "2026-11-21T00:00:00Z/P1D",
    "2026-13-41T99:00:00Z", "0000-01-01T00:00:00Z", {"type": "Point", "coordinates": [1e400, "a"]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, {"name": "a"}, ["phenomenonTime", "result"],
]  # fmt: skip
ENTITY: dict[str, Any] = {
    "name": "a", "description": "b", "properties": {"a": [1]}, "encodingType": "application/geo+json",
    "location": {"type": "Point", "coordinates": [107, -6.2]},
    "feature": {"type": "Point", "coordinates": [1, 2]},
    "metadata": "m", "definition": "https://example.org", "observationType": "OM_Measurement",
    "unitOfMeasurement": {"name": "a", "symbol": "b", "definition": "c"}, "time": "2026-11-21T00:00:00Z",
    "result": 1.5, "phenomenonTime": "2026-11-21T00:00:00Z", "validTime": "2026-11-21T00:00:00Z",
    "Thing": {"@iot.id": 1}, "Sensor": {"@iot.id": 1}, "ObservedProperty": {"@iot.id": 1},
    "Datastream": {"@iot.id": 1}, "Locations": [{"@iot.id": 1}], "parameters": {"a": 1},
}  # fmt: skip


class Anybody:
    """Stands where a writer stands: may write everything. The database has no part in reading a body."""

    may_write = True

    @property
    def author(self) -> "Anybody":
        """Itself."""
        return self

    def require(self, _entity: Any, _key: int) -> None:
        """Everybody may."""

    def see(self, _entity: Any, _key: int) -> None:
        """Everything is there."""


class Monkey:
    """Breaks things."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def value(self, said: Any) -> Any:
        """The same with one of its values exchanged, left out or put in another's place."""
        pick, kind = self.chance.choice, self.chance.random()
        if not said or kind < 0.1 or not isinstance(said, dict | list):
            return pick(VALUES)
        copy: Any = dict(said) if isinstance(said, dict) else list(said)
        place = pick(list(copy) if isinstance(copy, dict) else range(len(copy)))
        if kind < 0.25:
            del copy[place]
        elif kind < 0.35:
            copy[place] = pick(list(copy.values()) if isinstance(copy, dict) else copy)
        else:
            copy[place] = self.value(copy[place])
        return copy

    def raw(self, body: Any) -> bytes:
        """As bytes; one in four with some of them wrong."""
        try:
            raw = orjson.dumps(body)
        except (TypeError, orjson.JSONEncodeError):  # a number that only Python can say
            raw = str(body).replace("'", '"').encode("utf-8", "replace")
        if self.chance.random() < 0.75:
            return raw
        at = self.chance.randrange(len(raw))
        return (
            raw[:at] + self.chance.randbytes(self.chance.randrange(4)) + raw[at + self.chance.randrange(4) :]
        )

    def entity(self) -> bytes:
        """An entity's body."""
        names = self.chance.sample(list(ENTITY), self.chance.randint(1, len(ENTITY)))
        return self.raw(self.value({name: ENTITY[name] for name in names}))

    def group(self) -> Any:
        """A broken part of arrays."""
        return self.value(self.value(GOOD) if self.chance.random() < 0.5 else GOOD)


def main() -> None:
    """Half entities, half arrays."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from patriot.api.sensorthings import columns  # noqa: PLC0415 - needs Django set up
    from patriot.sensing.sta import arrays, features, take  # noqa: PLC0415
    from patriot.sensing.sta.errors import Fault  # noqa: PLC0415
    from patriot.sensing.sta.model import ENTITIES  # noqa: PLC0415
    from patriot.sensing.sta.service import read_json  # noqa: PLC0415
    from patriot.sensing.sta.write import Writer  # noqa: PLC0415

    features.look = lambda streams: features.Look(frozenset(), [])  # there is no database here
    monkey, taken, rows, began = Monkey(SEED), 0, 0, time.monotonic()
    for n in range(CASES):
        raw = b""
        try:
            if n % 2:
                raw = monkey.entity()
                body = read_json(raw)
                (take.changes if n % 4 == 1 else take.draft)(ENTITIES[n % len(ENTITIES)], body)
            else:
                groups = [monkey.group(), GOOD] if n % 4 else [GOOD, monkey.group()]
                raw = orjson.dumps(groups)
                columns.decode(raw)
                readings, _places = arrays.read(groups, cast("Writer", Anybody()))
                good = [reading.value for reading in readings if reading.datastream_id == 7]
                assert (good[-2:] if n % 4 else good[:2]) == [1, 2.5], "a good neighbour is missing"
                rows += 2
            taken += 1
        except (Fault, TypeError, orjson.JSONEncodeError) as refused:
            if isinstance(refused, TypeError) and raw:
                raise
        except BaseException:
            print(f"  seed {SEED}, case {n}: {raw!r}", flush=True)
            raise
    rate = CASES / (time.monotonic() - began)
    print(f"  {CASES} bodies, {taken} taken, the others refused in words; no crash; {rows} good rows beside")
    print(f"  broken ones, none missing; {rate:.0f}/s (seed {SEED})")
