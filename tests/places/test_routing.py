"""Ways by road, on the pack's streets and on OpenStreetMap's."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import osmium
import pytest
from osmium.osm.mutable import Node, Way

from patriot.kernel.errors import Refused
from patriot.kernel.events import Announcement
from patriot.kernel.geometry import Point, distance_m
from patriot.kernel.pack import Pack
from patriot.ledger import actions as ledger
from patriot.places import network as builder
from patriot.places import pack as places_pack
from patriot.places import queries, routing, streets
from patriot.places.models import Network, Street, Waterway

pytestmark = pytest.mark.django_db

TOWN_HALL = Point(106.9940, -6.2370)
JATIASIH = Point(106.9600, -6.2985)

# A river from north to south at lon 106.980; one bridge, in the south; a road along each bank.
WEST = [(106.978, -6.250), (106.978, -6.260), (106.978, -6.270)]
EAST = [(106.982, -6.250), (106.982, -6.260), (106.982, -6.270)]
BRIDGE = [WEST[2], EAST[2]]
NORTH_WEST = [WEST[0], (106.960, -6.250)]


def write_extract(path: Path) -> Path:
    """A small OpenStreetMap extract with that river and that bridge."""
    ways: Sequence[tuple[list[tuple[float, float]], dict[str, str]]] = (
        (WEST, {"highway": "secondary", "name": "Jl. Tepi Barat"}),
        (EAST, {"highway": "secondary", "name": "Jl. Tepi Timur"}),
        (BRIDGE, {"highway": "primary", "name": "Jl. Siliwangi", "bridge": "yes"}),
        (NORTH_WEST, {"highway": "residential", "name": "Jl. Barat Laut"}),
        ([(106.980, -6.240), (106.980, -6.280)], {"waterway": "river", "name": "Kali Bekasi"}),
        ([(106.979, -6.250), (106.979, -6.251)], {"building": "yes"}),
    )
    nodes: dict[tuple[float, float], int] = {}
    for line, _tags in ways:
        for place in line:
            nodes.setdefault(place, len(nodes) + 1)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for place, number in nodes.items():
            writer.add_node(Node(id=number, location=place, version=1))
        for number, (line, tags) in enumerate(ways, 1):
            writer.add_way(Way(id=number, nodes=[nodes[place] for place in line], tags=tags, version=1))
    return path


@pytest.fixture
def river(kota: Pack, tmp_path: Path) -> str:
    """Kota Bekasi with the streets of that extract."""
    return streets.import_osm(write_extract(tmp_path / "river.osm.pbf"))


def test_it_knows_the_way_on_the_packs_streets(kota: Pack) -> None:
    way = routing.route(TOWN_HALL, JATIASIH)
    assert way
    assert distance_m(TOWN_HALL, JATIASIH) < way.metres < 3 * distance_m(TOWN_HALL, JATIASIH)
    assert way.seconds > way.metres / 25
    assert distance_m(way.line[0], TOWN_HALL) < 200
    assert sum(step.metres for step in way.steps) == pytest.approx(way.metres, rel=0.01)
    assert routing.network().indicative
    assert routing.network().top_speed_kmh == 80  # the toll road


def test_it_times_five_hundred_units_at_once(kota: Pack) -> None:
    rng = random.Random(7)
    sources = [Point(rng.uniform(106.93, 107.02), rng.uniform(-6.30, -6.20)) for _ in range(500)]
    legs = routing.travel_times(sources, TOWN_HALL)
    assert len(legs) == 500
    assert sum(leg is not None for leg in legs) > 480


def test_it_finds_the_fastest_as_if_all_were_timed(kota: Pack) -> None:
    rng = random.Random(8)
    sources = [Point(rng.uniform(106.93, 107.02), rng.uniform(-6.30, -6.20)) for _ in range(200)]
    all_legs = [
        (leg.seconds, i, leg) for i, leg in enumerate(routing.travel_times(sources, TOWN_HALL)) if leg
    ]
    expected = [(i, leg) for _seconds, i, leg in sorted(all_legs, key=lambda entry: entry[:2])[:5]]
    assert routing.fastest(sources, TOWN_HALL, 5) == expected


def test_it_says_none_where_no_road_leads(kota: Pack) -> None:
    island = Point(105.8, -5.9)
    assert routing.travel_times([island, JATIASIH], TOWN_HALL)[0] is None
    assert routing.travel_times([island, JATIASIH], TOWN_HALL)[1] is not None
    assert routing.travel_times([JATIASIH], island) == [None]
    assert routing.route(island, TOWN_HALL) is None
    assert routing.travel_times([], TOWN_HALL) == []


def test_it_can_be_asked_from_many_threads(kota: Pack) -> None:
    engine = routing._engine(routing.network())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: routing.times_on(engine, [JATIASIH], TOWN_HALL), range(64)))
    assert len({answer[0] for answer in answers}) == 1


def test_it_sees_the_river_between_two_who_are_near_by_air(river: str) -> None:
    here = Point(106.9779, -6.2505)
    across, far = Point(106.9821, -6.2505), Point(106.9650, -6.2500)
    assert distance_m(across, here) < distance_m(far, here)
    by_river, by_street = routing.travel_times([across, far], here)
    assert by_river
    assert by_street
    assert by_street.seconds < by_river.seconds
    assert routing.fastest([across, far], here, 1)[0][0] == 1


def test_it_replaces_streets_and_waters_by_an_extract(river: str) -> None:
    assert "4 streets and 1 waters" in river
    assert set(Street.objects.values_list("name", flat=True)) == {
        "Jl. Tepi Barat", "Jl. Tepi Timur", "Jl. Siliwangi", "Jl. Barat Laut",
    }  # fmt: skip
    assert Street.objects.get(name="Jl. Siliwangi").authority == "provinsi"  # the pack knew whose road it is
    assert Street.objects.get(bridge__gt="").name == "Jl. Siliwangi"
    assert Waterway.objects.get().name == "Kali Bekasi"
    assert not routing.network().indicative
    assert queries.nearest_street(Point(106.9779, -6.2555)) == "Jl. Tepi Barat"
    layers = queries.map_layers()
    assert layers["attribution"] == "© OpenStreetMap"
    assert not layers["indicative"]


def test_it_keeps_an_imported_network_when_the_pack_is_loaded_again(kota: Pack, river: str) -> None:
    before = routing.network()
    places_pack.load(kota)
    assert routing.network() == before
    assert Street.objects.count() == 4


def test_it_announces_each_network_once(kota: Pack, tmp_path: Path) -> None:
    extract = write_extract(tmp_path / "river.osm.pbf")
    streets.import_osm(extract)
    streets.import_osm(extract)
    built: list[Announcement] = [entry for entry in ledger.seal() if entry.kind == "places.network_built"]
    assert [entry.body["indicative"] for entry in built] == [True, False]


def test_it_refuses_what_is_no_extract(kota: Pack, tmp_path: Path) -> None:
    broken = tmp_path / "x.osm.pbf"
    broken.write_bytes(b"these are no streets")
    before = Street.objects.count()
    with pytest.raises(Refused, match=r"x\.osm\.pbf"):
        streets.import_osm(broken)
    with pytest.raises(Refused, match="no file"):
        streets.import_osm(tmp_path / "absent.osm.pbf")
    assert Street.objects.count() == before


def test_it_says_what_to_do_without_a_network() -> None:
    Network.objects.all().delete()
    with pytest.raises(routing.NoNetwork, match="patriot city load"):
        routing.network()


def test_it_leaves_no_half_built_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [builder.Piece("Jl. A", "primary", 50, False, False, [(106.9, -6.2), (106.91, -6.2)])]
    monkeypatch.setattr(builder, "STEPS", (("osrm-extract", "-p", "/nowhere.lua"),))
    with pytest.raises(Refused, match="osrm-extract ended with"):
        builder.build_from_pieces(tmp_path, pieces)
    assert not builder.is_built(tmp_path, builder.version_of_pieces(pieces))
    monkeypatch.undo()
    assert builder.is_built(tmp_path, builder.build_from_pieces(tmp_path, pieces))
