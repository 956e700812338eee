"""Loading a city's things, datastreams, thresholds and river links from its pack. Safe to do again."""

from typing import Any

from django.db import transaction

from patriot.kernel.city_rows import DatastreamRow, RiverLinkRow, ThingRow, ThresholdRow
from patriot.kernel.geometry import Point
from patriot.kernel.pack import Fault, Pack, PackError
from patriot.places.queries import area_at
from patriot.sensing.equipment import register
from patriot.sensing.models import (
    Datastream,
    Device,
    Location,
    ObservedProperty,
    RiverLink,
    Sensor,
    Thing,
    Threshold,
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
    _load_thresholds(pack, things)
    _load_links([row for _line, row in _rows(pack, "river_links.csv", RiverLinkRow)], things)
    register.load(pack)
    return len(things)


def _rows(pack: Pack, file: str, record: type[Any]) -> list[tuple[int, Any]]:
    return pack.rows(file, record) if pack.has(file) else []


def _load_things(rows: list[ThingRow]) -> Things:
    known = {
        (thing.properties or {})["code"]: thing for thing in Thing.objects.filter(properties__has_key="code")
    }
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
    """What readings are checked against, by the names of `quality.Limits`."""
    said = {
        "low": row.min, "high": row.max, "max_rate_per_min": row.max_rate_per_min, "spike": row.max_spike,
        "flatline_s": row.flat_s, "cadence_s": row.every_s, "drift": row.drift,
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


def _load_thresholds(pack: Pack, things: Things) -> None:
    streams = {(row.thing_id, row.key): row for row in Datastream.objects.filter(thing__in=things.values())}
    faults = []
    for line, row in _rows(pack, "thresholds.csv", ThresholdRow):
        stream = streams.get((things[row.thing].pk, row.key))
        if stream is None:
            faults.append(Fault("thresholds.csv", line, f"{row.thing} has no datastream {row.key!r}"))
        else:
            _threshold(row, stream)
    if faults:
        raise PackError(*faults)


def _threshold(row: ThresholdRow, stream: Datastream) -> None:
    told = {
        "name": row.name, "value": row.value, "clear": row.clear, "delay_on_s": row.delay_on_s,
        "delay_off_s": row.delay_off_s, "priority": row.priority, "valid_to": row.valid_to,
        "source": row.source, **({"window_s": row.window_s} if row.window_s else {}),
    }  # fmt: skip
    Threshold.objects.update_or_create(
        datastream=stream, code=row.code, level=row.level, valid_from=row.valid_from, defaults=told
    )


def _load_links(rows: list[RiverLinkRow], things: Things) -> None:
    for row in rows:
        told = {"hours_min": row.hours_min, "hours_max": row.hours_max, "source": row.source}
        RiverLink.objects.update_or_create(
            upstream=things[row.upstream], downstream=things[row.downstream], defaults=told
        )
