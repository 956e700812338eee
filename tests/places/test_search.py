"""Finding places by what people write, and streets by where they stand."""

import pytest
from django.test import Client

from patriot.kernel.geometry import Point
from patriot.kernel.pack import Pack
from patriot.places import queries
from patriot.places.search import Entry, PlaceIndex, key_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("kayuringin jaya", "Kayuringin Jaya"),
        ("Kayuringinjaya", "Kayuringin Jaya"),
        ("kayu ringin jaya", "Kayuringin Jaya"),
        ("jl chairil anwar", "Jl. Chairil Anwar"),
        ("JALAN CHAIRIL ANWAR", "Jl. Chairil Anwar"),
        ("jln. chairl anwar", "Jl. Chairil Anwar"),
        ("chairil anwr", "Jl. Chairil Anwar"),
        ("depan pasar baru", "Pasar Baru Bekasi"),
        ("stasiun bekasi", "Stasiun Bekasi"),
        ("jl baru underpas", "Jl. Baru Underpas"),
        ("perumnas 3", "Perumnas III"),
        ("jati asih", "Jatiasih"),
        ("bulakkapal", "Simpang Bulak Kapal"),
        ("pondokgede", "Pondok Gede"),
    ],
)
def test_it_finds_what_is_meant(kota: Pack, words: str, label: str) -> None:
    assert queries.find_place(words)[0].label == label


@pytest.mark.parametrize("words", ["summarecon", "sumarecon", "mall summarecon bekasi", "Summarecon Mal"])
def test_it_finds_a_mall_by_its_short_name(kota: Pack, words: str) -> None:
    assert "Summarecon Mall Bekasi" in [hit.label for hit in queries.find_place(words)]


@pytest.mark.parametrize("words", ["", "  ", "?", "qqxxzz", "jl"])
def test_it_finds_nothing_where_nothing_is_meant(kota: Pack, words: str) -> None:
    assert queries.find_place(words) == []


def test_it_tells_namesakes_apart_by_their_kelurahan(kota: Pack) -> None:
    hits = queries.find_place("jl melati", limit=20)
    labels = [hit.label for hit in hits]
    assert len(labels) == len(set(labels)) > 3
    assert all(", " in label for label in labels if label.startswith("Jl. Melati"))


def test_it_keeps_the_limit(kota: Pack) -> None:
    assert len(queries.find_place("puskesmas", limit=3)) == 3


def test_it_compares_without_accents_abbreviations_and_roman_numbers() -> None:
    assert key_of("Jl. Mélati  III") == key_of("jalan melati 3") == "melati3"
    assert key_of("Jalan Raya") == "jalanraya"
    index = PlaceIndex.of([Entry("Jl. Melati III", "Jl. Melati III", "street", 1, 2)])
    assert index.find("melati 3", 5)[0].label == "Jl. Melati III"


def test_it_names_the_street_one_stands_on(kota: Pack) -> None:
    assert queries.nearest_street(Point(106.9930, -6.2404)) == "Jl. Ahmad Yani"
    assert queries.nearest_street(Point(107.5, -6.0)) == ""


def test_it_knows_whose_road_it_is(kota: Pack) -> None:
    road = queries.nearest_road(Point(106.98381, -6.3060))
    assert road
    assert (road.name, road.authority) == ("Jl. Raya Narogong", "provinsi")


def test_it_prefers_a_street_people_walk_on_to_a_toll_road_near_by(kota: Pack) -> None:
    street = queries.nearest_road(
        Point(106.9700, -6.24815)
    )  # beside the Kalimalang, under the Becakayu toll road
    assert street
    assert street.kind not in ("motorway", "rail")


def test_it_serves_the_map_once(kota: Pack, client: Client) -> None:
    answer = client.get("/places/map.json", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
    again = client.get("/places/map.json", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    plain = client.get("/places/map.json").json()
    assert {"areas", "streets", "waterways", "facilities", "grounds"} <= set(plain)
    assert plain["indicative"]
    assert {feature["properties"]["level"] for feature in plain["areas"]["features"]} == {
        "city",
        "kecamatan",
        "kelurahan",
    }
