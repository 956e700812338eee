"""Which area a point lies in: indicative areas, official ones."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import STRtree
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon, mapping, shape

from patriot.kernel.errors import Refused
from patriot.kernel.geometry import Point
from patriot.kernel.pack import Pack
from patriot.ledger import actions as ledger
from patriot.places import boundaries, queries
from patriot.places import pack as places_pack
from patriot.places.models import Area
from patriot.places.shapes import AreaIndex, cells

CITIES = Path(__file__).parents[2] / "cities"
KOTA = Pack(CITIES / "kota_bekasi")
RING = KOTA.city.outline.ring
OUTLINE = Polygon(RING)
WEST, SOUTH, EAST, NORTH = OUTLINE.bounds


def _cells() -> dict[str, Any]:
    from patriot.kernel.city_rows import AreaRow  # noqa: PLC0415 - only this helper reads rows

    rows = KOTA.table("areas.csv", AreaRow)
    return cells({row.code: Point(row.lon, row.lat) for row in rows if row.level == "kelurahan"}, RING)


CELLS = _cells()
INDEX = AreaIndex.of(CELLS)


@given(st.floats(WEST, EAST), st.floats(SOUTH, NORTH))
@settings(max_examples=400, deadline=None)
def test_it_gives_every_point_of_the_city_exactly_one_area(lon: float, lat: float) -> None:
    inside = OUTLINE.covers(ShapelyPoint(lon, lat))
    owners = [code for code, cell in CELLS.items() if cell.contains(ShapelyPoint(lon, lat))]
    assert len(owners) <= 1
    if inside:
        assert INDEX.at(Point(lon, lat)) in (owners or CELLS)
    elif OUTLINE.distance(ShapelyPoint(lon, lat)) > 1e-6:
        assert INDEX.at(Point(lon, lat)) is None


@given(st.integers(0, len(RING) - 1), st.floats(0, 1))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_gives_the_edge_of_the_city_an_area_too(corner: int, share: float) -> None:
    a, b = RING[corner], RING[(corner + 1) % len(RING)]
    edge = Point(a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
    assert INDEX.at(edge) in CELLS


def test_it_shares_out_the_whole_city() -> None:
    assert sum(cell.area for cell in CELLS.values()) == pytest.approx(OUTLINE.area, rel=1e-9)


def test_it_needs_an_outline_that_holds_every_area() -> None:
    with pytest.raises(ValueError, match="far has no ground"):
        cells({"near": Point(0.5, 0.5), "far": Point(9, 9)}, [(0, 0), (1, 0), (1, 1), (0, 1)])
    with pytest.raises(ValueError, match="crosses itself"):
        cells({"a": Point(0.5, 0.5)}, [(0, 0), (1, 1), (1, 0), (0, 1)])


@pytest.mark.django_db
def test_it_finds_the_area_of_a_point(kota: Pack) -> None:
    for ref in queries.areas("kelurahan"):
        here = queries.area_at(Point(ref.lon, ref.lat))
        assert here
        assert here.code == ref.code
        assert not here.official
    assert queries.area_at(Point(106.80, -6.20)) is None
    assert queries.area_at(Point(float("nan"), -6.2)) is None


@pytest.mark.django_db
def test_it_notices_an_import_made_elsewhere(kota: Pack, tmp_path: Path) -> None:
    """Another process changes the rows and the edition; this one's copy follows."""
    here = Point(106.9895, -6.2385)
    before = queries.area_at(here)
    boundaries.import_file(_official(tmp_path, swap=True))
    after = queries.area_at(here)
    assert before
    assert after
    assert before.code != after.code
    assert after.official


@pytest.mark.django_db
def test_it_imports_official_boundaries(kota: Pack, tmp_path: Path) -> None:
    assert "56 areas" in boundaries.import_file(_official(tmp_path))
    assert set(Area.objects.values_list("source", flat=True)) == {"official"}
    assert [entry.kind for entry in ledger.seal()][-1] == "places.boundaries_imported"
    places_pack.load(kota)
    assert set(Area.objects.values_list("source", flat=True)) == {"official"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda features: features.pop(), "not in the file: 3275121004"),
        (
            lambda features: features[0]["properties"].update(kode="99.99.99.9999"),
            "not in the city: 9999999999",
        ),
        (lambda features: features[1]["properties"].update(kode="32.75.01.1001"), "stands in the file twice"),
        (
            lambda features: features[2].update(geometry={"type": "Point", "coordinates": [1, 2]}),
            "no polygon",
        ),
    ],
)
def test_it_refuses_boundaries_that_do_not_match(kota: Pack, tmp_path: Path, spoil: Any, words: str) -> None:
    path = _official(tmp_path)
    body = json.loads(path.read_text())
    spoil(body["features"])
    path.write_text(json.dumps(body))
    with pytest.raises(Refused, match=words):
        boundaries.import_file(path)
    assert set(Area.objects.values_list("source", flat=True)) == {"indicative"}


def _official(folder: Path, *, swap: bool = False) -> Path:
    """A made-up official file: the indicative shapes, with two neighbours' codes swapped if asked."""
    shapes = dict(CELLS)
    if swap:
        a, b = "32.75.04.1005", "32.75.04.1002"
        shapes[a], shapes[b] = shapes[b], shapes[a]
    features = [
        {"type": "Feature", "properties": {"kode": code}, "geometry": mapping(cell)}
        for code, cell in shapes.items()
    ]
    path = folder / "official.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.django_db
@pytest.mark.realdata
def test_it_agrees_with_shapely_on_the_real_boundaries(kota: Pack, shared_data: Path) -> None:
    path = shared_data / "bekasi" / "kelurahan_boundaries.geojson"
    assert "56 areas" in boundaries.import_file(path)
    features = json.loads(path.read_text())["features"]
    codes = [feature["properties"]["kode"] for feature in features]
    tree = STRtree([shape(feature["geometry"]) for feature in features])
    held = boundaries_index()
    rng = random.Random(32)
    wrong = []
    for _ in range(100_000):
        point = Point(rng.uniform(106.89, 107.05), rng.uniform(-6.41, -6.16))
        found = tree.query(ShapelyPoint(point.lon, point.lat), predicate="intersects")
        theirs = {codes[int(number)] for number in found}
        ours = held.at(point)
        if (ours not in theirs) if theirs else ours is not None:
            wrong.append((point, ours, theirs))
    assert wrong == []


def boundaries_index() -> AreaIndex:
    """The index `area_at` asks, without its look at the database for each of 100,000 points."""
    from patriot.places.held import ground  # noqa: PLC0415 - a private part, for speed

    return ground().index
