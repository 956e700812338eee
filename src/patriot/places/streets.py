"""Streets and the network built of them: out of a city pack, or out of an OpenStreetMap extract."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import osmium
from django.conf import settings
from django.db import transaction

from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.kernel.pack import Pack
from patriot.ledger.actions import append
from patriot.places import network as builder
from patriot.places.editions import renew
from patriot.places.events import NetworkBuilt
from patriot.places.models import Area, Network, Street, Waterway
from patriot.places.routing import roads
from patriot.places.search import key_of
from patriot.places.shapes import from_geojson

DRIVEN = {
    *("motorway", "trunk", "primary", "secondary", "tertiary"),
    *("unclassified", "residential", "living_street", "service"),
}
WATERS = {"river": 30.0, "canal": 15.0, "stream": 6.0}  # kind → width in metres where none is said
SPEED = {
    "motorway": 80,
    "trunk": 60,
    "primary": 50,
    "secondary": 40,
    "tertiary": 30,
}  # km/h where none is said
LOCAL_SPEED = 20
UNSAID_TOP_SPEED = 130  # km/h: OSRM drives no faster, whatever an extract says
BEYOND = 0.03  # degrees around the city from which streets are kept for the map
BATCH = 2000


def from_pack(pack: Pack) -> list[Street]:
    """The pack's streets, not yet saved."""
    return [_street_of_feature(feature) for _line, feature in pack.geojson("streets")]


def _street_of_feature(feature: dict[str, Any]) -> Street:
    said = feature["properties"]
    kind = said["class"]
    return Street(
        name=said.get("name", ""), kind=kind, authority=said.get("authority", "kota"),
        maxspeed=said.get("maxspeed", speed_of(kind)), oneway=bool(said.get("oneway")),
        bridge=said.get("bridge", ""), line=feature["geometry"]["coordinates"],
    )  # fmt: skip


def speed_of(kind: str) -> int:
    """km/h on a class of street where no limit is said."""
    return SPEED.get(kind.removesuffix("_link"), LOCAL_SPEED)


def build(streets: Iterable[Street], *, source: str, indicative: bool) -> str:
    """Build and use the network of these streets; returns its version. Call inside a transaction."""
    pieces = [builder.Piece(s.name, s.kind, s.maxspeed, s.oneway, bool(s.bridge), s.line) for s in streets]
    version = builder.build_from_pieces(roads(), pieces)
    top_speed = max((piece.maxspeed for piece in pieces), default=UNSAID_TOP_SPEED)
    _use(version, len(pieces), source=source, indicative=indicative, top_speed_kmh=top_speed)
    return version


def import_osm(path: Path | str, *, actor: str = "system:city") -> str:
    """Replace streets, waters and network by those of an .osm.pbf extract; returns what was done, in words.

    Everything is read and built before anything is changed. Raises Refused on a file that cannot be used.
    """
    path = Path(path)
    if not path.is_file():
        raise Refused(f"There is no file {path}.")
    streets, waters = read_osm(path, _box())
    if not streets:
        raise Refused(f"{path.name} has no streets in the city's area.")
    version = builder.build_from_file(roads(), path)
    with transaction.atomic():
        owners = _authorities()
        for street in streets:
            street.authority = owners.get(key_of(street.name), street.authority)
        replace(streets)
        Waterway.objects.all().delete()
        Waterway.objects.bulk_create(waters, BATCH)
        renew("streets", digest=version, source=f"OpenStreetMap, {path.name}", indicative=False)
        _use(version, len(streets), source=f"OpenStreetMap, {path.name}", indicative=False,
             top_speed_kmh=UNSAID_TOP_SPEED, actor=actor)  # fmt: skip
    return f"{len(streets)} streets and {len(waters)} waters imported; the road network is {version}."


def replace(streets: list[Street]) -> None:
    """Put these streets in the place of all others."""
    Street.objects.all().delete()
    Street.objects.bulk_create(streets, BATCH)


def _use(version: str, count: int, *, source: str, indicative: bool, top_speed_kmh: int,
         actor: str = "system:city") -> None:  # fmt: skip
    """Route on this network from now on; said in the ledger when it is another one."""
    last = Network.objects.first()
    if last and (last.version, last.source, last.indicative) == (version, source, indicative):
        return
    Network.objects.create(version=version, source=source, indicative=indicative,
                           top_speed_kmh=top_speed_kmh, built_at=clock.now())  # fmt: skip
    event = NetworkBuilt(version, source, indicative, count)
    append(event, actor=actor, subject=f"network:{version}", simulated=settings.DEMO)


def _authorities() -> dict[str, str]:
    """Whose road a main street is, by its name: OpenStreetMap does not say it, the pack did."""
    rows = Street.objects.exclude(authority="kota").exclude(name="").values_list("name", "authority")
    return {key_of(name): authority for name, authority in rows}


def _box() -> tuple[float, float, float, float]:
    city = Area.objects.filter(level="city").first()
    if city is None:
        raise Refused("Load the city pack first (patriot city load): it says where the city lies.")
    west, south, east, north = from_geojson(city.geometry).bounds
    return west - BEYOND, south - BEYOND, east + BEYOND, north + BEYOND


def read_osm(path: Path, box: tuple[float, float, float, float]) -> tuple[list[Street], list[Waterway]]:
    """Streets and waters of an extract that touch the box, not yet saved. Raises Refused on a broken file."""
    streets: list[Street] = []
    waters: list[Waterway] = []
    try:
        for way, line in _ways(path):
            if not any(box[0] <= lon <= box[2] and box[1] <= lat <= box[3] for lon, lat in line):
                continue
            if "highway" in way.tags:
                streets.append(_street_of_way(way, line))
            else:
                waters.append(_water_of_way(way, line))
    except RuntimeError as fault:  # osmium's word for a file it cannot read
        raise Refused(f"{path.name} is no OpenStreetMap extract that can be read: {fault}") from fault
    return streets, waters


def _ways(path: Path) -> Iterator[tuple[Any, list[list[float]]]]:
    reading = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for way in reading:
        if not isinstance(way, osmium.osm.Way):
            continue
        street = (way.tags.get("highway") or "").removesuffix("_link") in DRIVEN
        if street or way.tags.get("waterway") in WATERS:
            nodes = [node.location for node in way.nodes if node.location.valid()]
            line = [[round(at.lon, 6), round(at.lat, 6)] for at in nodes]
            if len(line) > 1:
                yield way, line


def _street_of_way(way: Any, line: list[list[float]]) -> Street:
    kind = way.tags["highway"]
    bridge = way.tags.get("bridge", "no") != "no"
    return Street(
        name=way.tags.get("name", "")[:120], kind="residential" if kind == "unclassified" else kind[:24],
        authority=_authority(kind), maxspeed=_speed(way.tags.get("maxspeed", ""), kind),
        oneway=way.tags.get("oneway") in ("yes", "1", "true"),
        bridge=(way.tags.get("bridge:name") or way.tags.get("name") or "Jembatan")[:160] if bridge else "",
        line=line,
    )  # fmt: skip


def _authority(kind: str) -> str:
    return "tol" if kind.startswith("motorway") else "nasional" if kind.startswith("trunk") else "kota"


def _speed(said: str, kind: str) -> int:
    return int(said) if said.isdigit() and 0 < int(said) <= 200 else speed_of(kind)


def _water_of_way(way: Any, line: list[list[float]]) -> Waterway:
    kind = way.tags["waterway"]
    said = way.tags.get("width", "")
    width = float(said) if said.replace(".", "", 1).isdigit() else WATERS[kind]
    return Waterway(name=way.tags.get("name", "")[:120], kind=kind, width_m=width, line=line)
