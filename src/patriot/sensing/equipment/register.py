"""Loading a city's assets from its pack: the register, and what speaks for cameras, links and sirens."""

from patriot.kernel.city_rows import AssetRow
from patriot.kernel.pack import Fault, Pack, PackError
from patriot.sensing.equipment.assets import Sort
from patriot.sensing.models import Asset, Datastream, Device, Location, ObservedProperty, Sensor, Thing
from patriot.sensing.vocabulary import MEASUREMENT, PROPERTIES, SENSORS, UCUM

FILE = "assets.csv"
ANSWER = "answer_ms"  # the key under which a watched machine tells that it is alive


def _rows(pack: Pack) -> list[tuple[int, AssetRow]]:
    return pack.rows(FILE, AssetRow) if pack.has(FILE) else []


def check(pack: Pack) -> None:
    """Raises PackError when one device speaks for two assets."""
    faults, first = [], dict[str, int]()
    for line, row in _rows(pack):
        if row.device_uid and row.device_uid in first:
            words = f"{row.device_uid} speaks for the asset in line {first[row.device_uid]} already"
            faults.append(Fault(FILE, line, words))
        first.setdefault(row.device_uid, line)
    if faults:
        raise PackError(*faults)


def load(pack: Pack) -> int:
    """Bring the register in line with the pack; returns how many assets it has. Raises PackError.

    Dates, costs, contacts and notes that somebody changed since the first loading stay as they are.
    """
    check(pack)
    for _line, row in _rows(pack):
        told = {"name": row.name, "sort": row.sort, "agency": row.agency, "lon": row.lon, "lat": row.lat,
                "every_s": row.every_s, "device": _device(row), "indicative": row.indicative}  # fmt: skip
        first = {**told, "installed_on": row.installed_on, "yearly_cost_idr": row.yearly_cost_idr,
                 "contact": row.contact, "note": row.note}  # fmt: skip
        Asset.objects.update_or_create(code=row.code, defaults=told, create_defaults=first)
    return len(_rows(pack))


def _device(row: AssetRow) -> Device | None:
    """What speaks for it. A sensor's device comes with its thing; the others get a thing of their own."""
    if not row.device_uid:
        return None
    device, _made = Device.objects.get_or_create(uid=row.device_uid)
    if row.sort != Sort.SENSOR.value and device.thing is None:
        device.thing = _thing(row)
        device.save(update_fields=["thing"])
    return device


def _thing(row: AssetRow) -> Thing:
    thing = Thing.objects.create(
        name=row.name, purpose=row.sort, agency=row.agency, properties={"code": row.code}
    )
    if row.lon is not None:
        point = {"type": "Point", "coordinates": [row.lon, row.lat]}
        thing.locations.add(Location.objects.create(name=row.name, location=point, lon=row.lon, lat=row.lat))
    name, definition = PROPERTIES["answer_time"]
    seen, _made = ObservedProperty.objects.get_or_create(
        properties={"code": "answer_time"}, defaults={"name": name, "definition": definition}
    )
    sensor, _made = Sensor.objects.get_or_create(
        properties={"code": "device"},
        defaults={"name": SENSORS["device"], "encoding_type": "text/html", "metadata": SENSORS["device"]},
    )
    Datastream.objects.create(
        name=f"{row.name}: {name}", thing=thing, sensor=sensor, observed_property=seen, key=ANSWER,
        observation_type=MEASUREMENT, unit_name="millisecond", unit_symbol="ms", unit_definition=UCUM,
    )  # fmt: skip
    return thing
