"""Loading a city's things, datastreams, thresholds and river links from its pack. Safe to do again."""

from typing import Any

from django.db import transaction

from patriot.kernel.city_pack import DatastreamRow, RiverLinkRow, ThingRow
from patriot.kernel.geometry import Point
from patriot.kernel.pack import Fault, Pack, PackError
from patriot.places.queries import area_at
from patriot.sensing.models import (
    Datastream,
    Device,
    Location,
    ObservedProperty,
    RiverLink,
    Sensor,
    Thing,
)
from patriot.sensing.vocabulary import COUNT, COUNTED, MEASUREMENT, PROPERTIES, SENSORS, UCUM

type Things = dict[str, Thing]


def check(pack: Pack) -> None:
    """Raises PackError for properties and instruments that nobody knows and details without a value."""
    faults = [
        Fault("things.csv", line, f"{item!r} is not name=value")
        for line, row in _rows(pack, "things.csv", ThingRow)
        for item in row.details
        if "=" not in item
    ]
    for line, row in _rows(pack, "datastreams.csv", DatastreamRow):
        for what, known in (("property", PROPERTIES), ("sensor", SENSORS)):
            if getattr(row, what) not in known:
                words = f"{what} {getattr(row, what)!r} is none of {', '.join(known)}"
                faults.append(Fault("datastreams.csv", line, words))
    if faults:
        raise PackError(*faults)


@transaction.atomic
def load(pack: Pack) -> int:
    """Bring things, datastreams and links in line with the pack; returns how many things it has.

    What is no longer in the pack stays: readings hang on it. Raises PackError.
    """
    check(pack)
    things = _load_things([row for _line, row in _rows(pack, "things.csv", ThingRow)])
    _load_datastreams([row for _line, row in _rows(pack, "datastreams.csv", DatastreamRow)], things)
    _load_links([row for _line, row in _rows(pack, "river_links.csv", RiverLinkRow)], things)
    return len(things)


def _rows(pack: Pack, file: str, record: type[Any]) -> list[tuple[int, Any]]:
    return pack.rows(file, record) if pack.has(file) else []


def _load_things(rows: list[ThingRow]) -> Things:
    known = {thing.properties["code"]: thing for thing in Thing.objects.filter(properties__has_key="code")}
    return {row.code: _thing(row, known.get(row.code)) for row in rows}


def _thing(row: ThingRow, thing: Thing | None) -> Thing:
    thing = thing or Thing()
    thing.name, thing.purpose, thing.agency, thing.public = row.name, row.purpose, row.agency, row.public
    thing.properties = {"code": row.code, **dict(item.split("=", 1) for item in row.details)}
    area = area_at(Point(row.lon, row.lat))
    thing.area = area.code if area else ""
    thing.save()
    _place(thing, row)
    if row.device_uid:
        Device.objects.update_or_create(uid=row.device_uid, defaults={"thing": thing})
    return thing


def _place(thing: Thing, row: ThingRow) -> None:
    """Where it stands. A thing that somebody moved since stays where it was moved to."""
    if not thing.locations.exists():
        point = {"type": "Point", "coordinates": [row.lon, row.lat]}
        thing.locations.add(Location.objects.create(name=row.name, location=point, lon=row.lon, lat=row.lat))


def _load_datastreams(rows: list[DatastreamRow], things: Things) -> None:
    properties = {code: _property(code) for code in {row.property for row in rows}}
    sensors = {code: _sensor(code) for code in {row.sensor for row in rows}}
    for row in rows:
        thing = things[row.thing]
        told = {
            "name": f"{thing.name}: {PROPERTIES[row.property][0]}", "sensor": sensors[row.sensor],
            "observed_property": properties[row.property], "public": thing.public, "limits": limits(row),
            "observation_type": COUNT if row.property in COUNTED else MEASUREMENT,
            "unit_name": row.unit_name, "unit_symbol": row.unit, "unit_definition": UCUM,
        }  # fmt: skip
        first = {**told, "calibrated_until": row.calibrated_until}  # later the register knows better
        Datastream.objects.update_or_create(thing=thing, key=row.key, defaults=told, create_defaults=first)


def limits(row: DatastreamRow) -> dict[str, float]:
    """What readings are checked against: `rate` in units a minute, `flat_s` and `every_s` in seconds."""
    said = {
        "min": row.min, "max": row.max, "rate": row.max_rate_per_min, "spike": row.max_spike,
        "flat_s": row.flat_s, "every_s": row.every_s,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _property(code: str) -> ObservedProperty:
    name, definition = PROPERTIES[code]
    found = ObservedProperty.objects.filter(properties__code=code).first()
    return found or ObservedProperty.objects.create(
        name=name, definition=definition, properties={"code": code}
    )


def _sensor(code: str) -> Sensor:
    found = Sensor.objects.filter(properties__code=code).first()
    return found or Sensor.objects.create(
        name=SENSORS[code], encoding_type="text/html", metadata=SENSORS[code], properties={"code": code}
    )


def _load_links(rows: list[RiverLinkRow], things: Things) -> None:
    for row in rows:
        told = {"hours_min": row.hours_min, "hours_max": row.hours_max, "source": row.source}
        pair = {"upstream": things[row.upstream], "downstream": things[row.downstream]}
        RiverLink.objects.update_or_create(**pair, defaults=told)
