"""Replacing the indicative areas by official polygons."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from patriot.kernel.errors import Refused
from patriot.ledger.actions import append
from patriot.places.editions import renew
from patriot.places.events import BoundariesImported
from patriot.places.models import Area
from patriot.places.shapes import Geometry, from_geojson, to_geojson, united

CODE_NAMES = ("kode", "code", "kd_kelurahan", "kode_desa", "kdepum", "KODE", "CODE", "id")
SHOWN = 12  # codes named in a refusal


def import_file(path: Path | str, *, actor: str = "system:city") -> str:
    """Give every kelurahan the polygon of its code, unite them to kecamatan and city; all of it or nothing.

    The file is GeoJSON with a code in each feature's properties ("32.75.01.1001" or "3275011001"). Every
    kelurahan must be in it, once, and nothing else. Returns what was done, in words. Raises Refused, naming
    what does not match.
    """
    path = Path(path)
    found = _read(path)
    with transaction.atomic():
        rows = {row.code: row for row in Area.objects.select_for_update()}
        lowest = _lowest(rows.values())
        _compare({_digits(code) for code in lowest}, set(found), path.name)
        shapes: dict[str, Geometry] = {code: found[_digits(code)] for code in lowest}
        for level_code in _from_small_to_large(rows.values()):
            shapes[level_code] = united(
                shapes[row.code] for row in rows.values() if row.parent == level_code and row.code in shapes
            )
        for code, row in rows.items():
            _redraw(row, shapes[code])
        Area.objects.bulk_update(rows.values(), ["geometry", "source", "lon", "lat"])
        renew("areas", source=path.name, indicative=False)
        append(BoundariesImported(len(lowest), path.name), actor=actor, subject="areas:all",
               simulated=settings.DEMO)  # fmt: skip
    return f"{len(lowest)} areas now have the official polygons of {path.name}."


def _lowest(rows: Iterable[Area]) -> set[str]:
    rows = list(rows)
    if not rows:
        raise Refused("Load the city pack first (patriot city load): there are no areas to give polygons to.")
    parents = {row.parent for row in rows}
    return {row.code for row in rows if row.code not in parents}


def _from_small_to_large(rows: Iterable[Area]) -> list[str]:
    """Codes of the areas that have parts, parts before the whole: a longer code lies deeper."""
    rows = list(rows)
    parents = {row.parent for row in rows}
    return sorted((row.code for row in rows if row.code in parents), key=len, reverse=True)


def _redraw(row: Area, shape: Geometry) -> None:
    row.geometry = to_geojson(shape)
    row.source = "official"
    inside = shape.representative_point()
    centre = shape.centroid if shape.contains(shape.centroid) else inside
    row.lon, row.lat = centre.x, centre.y


def _compare(ours: set[str], theirs: set[str], file: str) -> None:
    faults = [
        f"{words}: {', '.join(sorted(codes)[:SHOWN])}{' …' if len(codes) > SHOWN else ''}"
        for words, codes in (("not in the file", ours - theirs), ("not in the city", theirs - ours))
        if codes
    ]
    if faults:
        raise Refused(f"{file} does not match the city's {len(ours)} areas; {'; '.join(faults)}.")


def _read(path: Path) -> dict[str, Geometry]:
    """Polygons by the digits of their code."""
    try:
        body = orjson.loads(path.read_bytes())
        features = body["features"]
    except FileNotFoundError as fault:
        raise Refused(f"There is no file {path}.") from fault
    except (orjson.JSONDecodeError, KeyError, TypeError) as fault:
        raise Refused(f"{path.name} is no GeoJSON FeatureCollection: {fault}") from fault
    found: dict[str, Geometry] = {}
    faults: list[str] = []
    for number, feature in enumerate(features, 1):
        try:
            code = _code(feature)
            if code in found:
                raise ValueError(f"code {code} stands in the file twice")
            found[code] = from_geojson(feature.get("geometry") or {})
        except ValueError as fault:
            faults.append(f"feature {number}: {fault}")
    if faults:
        raise Refused(f"{path.name} cannot be used. {'; '.join(faults[:SHOWN])}.")
    return found


def _code(feature: dict[str, Any]) -> str:
    said = feature.get("properties") or {}
    for name in CODE_NAMES:
        if digits := _digits(str(said.get(name, ""))):
            return digits
    raise ValueError(f"none of {', '.join(CODE_NAMES)} is in its properties")


def _digits(code: str) -> str:
    return "".join(letter for letter in code if letter.isdigit())
