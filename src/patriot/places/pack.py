"""Loading a city's places from its pack: areas, facilities, streets, waters. Safe to do again."""

from hashlib import sha256

from django.db import transaction

from patriot.kernel.city_pack import check as faults_of
from patriot.kernel.city_rows import LEVELS, AreaRow, FacilityRow
from patriot.kernel.geometry import Point
from patriot.kernel.pack import Fault, Pack, PackError
from patriot.places import streets
from patriot.places.editions import edition, renew
from patriot.places.models import Area, Facility, Ground, Street, Waterway
from patriot.places.routing import NoNetwork, network
from patriot.places.shapes import AreaIndex, Geometry, cells, from_geojson, to_geojson, united


def check(pack: Pack) -> None:
    """Raises PackError with every fault of the whole pack, whichever room reads the file."""
    faults = faults_of(pack)
    if faults:
        raise PackError(*faults)


@transaction.atomic
def load(pack: Pack) -> int:
    """Bring areas, facilities and streets in line with the pack; returns how many areas there are.

    What was imported since (official boundaries, an OpenStreetMap network) stays. Raises PackError with every
    fault of the whole pack before anything is written.
    """
    check(pack)
    rows = pack.table("areas.csv", AreaRow)
    _load_areas(pack, rows)
    _load_facilities(pack.table("facilities.csv", FacilityRow))
    _load_streets(pack)
    return len(rows)


def _load_areas(pack: Pack, rows: list[AreaRow]) -> None:
    official = set(Area.objects.filter(source="official").values_list("code", flat=True))
    shapes = _indicative(pack, rows)
    for row in rows:
        same = {"name": row.name, "level": row.level, "parent": row.parent, "aliases": row.aliases}
        drawn = {"lon": row.lon, "lat": row.lat, "geometry": to_geojson(shapes[row.code])}
        values = same if row.code in official else {**same, **drawn}
        Area.objects.update_or_create(code=row.code, defaults=values, create_defaults={**same, **drawn})
    renew("areas", source=pack.city.network.source, indicative=not official)


def _indicative(pack: Pack, rows: list[AreaRow]) -> dict[str, Geometry]:
    """Shapes by code: the lowest areas share the outline by nearness, the others are made of them."""
    lowest = [row for row in rows if row.level == _lowest_level(rows)]
    try:
        shapes = cells({row.code: Point(row.lon, row.lat) for row in lowest}, pack.city.outline.ring)
    except ValueError as fault:
        raise PackError(Fault("city.toml", 0, f"outline: {fault}")) from fault
    for level in reversed(LEVELS):
        for row in rows:
            parts = [shapes[part.code] for part in rows if part.parent == row.code and part.code in shapes]
            if row.level == level and row.code not in shapes:
                if not parts:
                    raise PackError(Fault("areas.csv", 0, f"{row.code} {row.name} has no parts"))
                shapes[row.code] = united(parts)
    return shapes


def _lowest_level(rows: list[AreaRow]) -> str:
    return max((row.level for row in rows), key=LEVELS.index)


def _load_facilities(rows: list[FacilityRow]) -> None:
    areas = list(Area.objects.all())
    parents = {area.parent for area in areas}
    index = AreaIndex.of(
        {area.code: from_geojson(area.geometry) for area in areas if area.code not in parents}
    )
    facilities = [
        Facility(
            code=row.code, name=row.name, kind=row.kind, lon=row.lon, lat=row.lat, agency=row.agency,
            phone=row.phone, aliases=row.aliases, area=index.at(Point(row.lon, row.lat)) or "",
        )
        for row in rows
    ]  # fmt: skip
    Facility.objects.bulk_create(
        facilities,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "kind", "lon", "lat", "agency", "phone", "aliases", "area"],
    )
    renew("places")


def _load_streets(pack: Pack) -> None:
    """Streets, waters and grounds, unless an extract was imported or nothing has changed."""
    digest = _digest(pack, "streets.geojson", "waterways.geojson", "grounds.geojson")
    known = edition("streets")
    if known and not known.indicative and pack.city.network.indicative:
        return
    if known and known.digest == digest and _network_stands():
        return
    drawn = streets.from_pack(pack)
    note = pack.city.network
    streets.replace(drawn)
    _load_waters(pack)
    _load_grounds(pack)
    streets.build(drawn, source=note.source, indicative=note.indicative)
    renew("streets", digest=digest, source=note.source, indicative=note.indicative)


def _network_stands() -> bool:
    try:
        network()
    except NoNetwork:
        return False
    return Street.objects.exists()


def _load_waters(pack: Pack) -> None:
    Waterway.objects.all().delete()
    Waterway.objects.bulk_create(
        Waterway(
            name=feature["properties"].get("name", ""), kind=feature["properties"]["kind"],
            width_m=feature["properties"].get("width_m", 10), line=feature["geometry"]["coordinates"],
        )
        for _line, feature in pack.geojson("waterways")
    )  # fmt: skip


def _load_grounds(pack: Pack) -> None:
    Ground.objects.all().delete()
    if pack.has("grounds.geojson"):
        Ground.objects.bulk_create(
            Ground(
                name=feature["properties"].get("name", ""), kind=feature["properties"]["kind"],
                ring=feature["geometry"]["coordinates"][0],
            )
            for _line, feature in pack.geojson("grounds")
        )  # fmt: skip


def _digest(pack: Pack, *files: str) -> str:
    state = sha256()
    for file in files:
        if pack.has(file):
            state.update((pack.path / file).read_bytes())
    return state.hexdigest()
