"""A small world in which every query has a known answer. Index n of a list is "Thing n", "Location n" …"""

from dataclasses import dataclass, field
from typing import Any

from tests.api.sensorthings.conftest import Sta, point

LINE = {"type": "LineString", "coordinates": [[5, 52], [5, 53]]}
LONG_LINE = {"type": "LineString", "coordinates": [[4, 52], [8, 52]]}
TRIANGLE = {"type": "Polygon", "coordinates": [[[8, 53], [7, 52], [7, 53], [8, 53]]]}
PLACES = [point(8, 51), point(8, 52), point(8, 53), point(8, 54), TRIANGLE, LINE, LONG_LINE]
FIELDS: list[dict[str, Any] | None] = [None, {"field": 2, "string": "one", "deep": {"list": [7, 8]}},
                                       {"field": 3, "string": "two", "on": True,
                                        "since": "2026-01-01T00:00:00Z"},
                                       None]  # fmt: skip


@dataclass
class World:
    """Ids by kind and number."""

    things: list[int] = field(default_factory=list)
    locations: list[int] = field(default_factory=list)
    sensors: list[int] = field(default_factory=list)
    observed: list[int] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    observations: list[int] = field(default_factory=list)


def build(sta: Sta) -> World:
    """Four things, seven places, three sensors and properties, six datastreams, five observations each."""
    world = World()
    for n, properties in enumerate(FIELDS):
        body: dict[str, Any] = {"name": f"Thing {n}", "description": f"The thing number {n}."}
        world.things.append(sta.make("Things", body | ({"properties": properties} if properties else {})))
    for n, place in enumerate(PLACES):
        body = {"name": f"Location {n}", "description": "", "encodingType": "application/geo+json",
                "location": place, "properties": {"field": n}}  # fmt: skip
        if n < 4:
            body["Things"] = [{"@iot.id": world.things[n]}]
        world.locations.append(sta.make("Locations", body))
    for n in range(3):
        world.sensors.append(sta.make("Sensors", {
            "name": f"Sensor {n}", "description": "", "encodingType": "text/plain", "metadata": "none",
        }))  # fmt: skip
        world.observed.append(sta.make("ObservedProperties", {
            "name": f"ObservedProperty {n}", "description": "", "definition": f"https://example.org/{n}",
        }))  # fmt: skip
    for n in range(6):
        world.streams.append(sta.make("Datastreams", {
            "name": f"Datastream {n}", "description": "", "observationType": "OM_Measurement",
            "unitOfMeasurement": {"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"},
            "Thing": {"@iot.id": world.things[n // 2]}, "Sensor": {"@iot.id": world.sensors[n % 3]},
            "ObservedProperty": {"@iot.id": world.observed[n % 3]},
        }))  # fmt: skip
    rows = [[f"2026-11-20T0{hour}:00:00Z", n * 10 + hour] for n in range(6) for hour in range(5)]
    arrays = [
        {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"],
         "dataArray": rows[n * 5 : n * 5 + 5]}
        for n, stream in enumerate(world.streams)
    ]  # fmt: skip
    made = sta.ask("POST", "CreateObservations", arrays)
    assert made.status == 201, made.raw
    world.observations = [int(link.rpartition("(")[2].rstrip(")")) for link in made.json]
    return world
