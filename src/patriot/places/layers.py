"""What maps draw: GeoJSON collections, five decimals (a metre)."""

from typing import Any

from patriot.places.editions import edition
from patriot.places.models import Area, Facility, Ground, Street, Waterway


def read_layers() -> dict[str, Any]:
    """Areas, streets, waterways, grounds and facilities, and where the lines come from."""
    source = edition("streets")
    return {
        "areas": _collection([_area_feature(row) for row in Area.objects.all()]),
        "streets": _collection([_street_feature(row) for row in Street.objects.all()]),
        "waterways": _collection([_water_feature(row) for row in Waterway.objects.all()]),
        "grounds": _collection([
            _ground_feature(row)
            for row in Ground.objects.all()
        ]),
        "facilities": _collection([_facility_feature(row) for row in Facility.objects.all()]),
        "attribution": "© OpenStreetMap" if source and source.source.startswith("OpenStreetMap") else "",
        "indicative": source.indicative if source else True,
        "indicative_areas": Area.objects.filter(source="indicative").exists(),
    }  # fmt: skip


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _line(line: list[list[float]]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": _short(line)}


def _short(coordinates: Any) -> Any:
    """Five decimals: a metre."""
    if isinstance(coordinates, (int, float)):
        return round(coordinates, 5)
    return [_short(part) for part in coordinates]


def _area_feature(row: Area) -> dict[str, Any]:
    geometry = {"type": row.geometry["type"], "coordinates": _short(row.geometry["coordinates"])}
    return _feature(
        geometry,
        {"code": row.code, "name": row.name, "level": row.level, "parent": row.parent, "source": row.source},
    )


def _street_feature(row: Street) -> dict[str, Any]:
    said = {"name": row.name, "class": row.kind}
    return _feature(_line(row.line), said | ({"bridge": row.bridge} if row.bridge else {}))


def _water_feature(row: Waterway) -> dict[str, Any]:
    return _feature(_line(row.line), {"name": row.name, "kind": row.kind, "width_m": row.width_m})


def _facility_feature(row: Facility) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [row.lon, row.lat]}
    return _feature(geometry, {"code": row.code, "name": row.name, "kind": row.kind, "area": row.area})


def _ground_feature(row: Ground) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": _short([row.ring])}
    return _feature(geometry, {"name": row.name, "kind": row.kind})
