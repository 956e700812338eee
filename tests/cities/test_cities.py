"""Both packs load through every room, with no code that knows either of them."""

import shutil
from pathlib import Path

import pytest

from patriot.kernel.errors import Refused
from patriot.kernel.geometry import Point
from patriot.people.models import Agency
from patriot.places import queries, routing
from patriot.site import city

pytestmark = pytest.mark.django_db

SOURCE = Path(__file__).parents[2] / "src" / "patriot"


@pytest.mark.parametrize(
    ("name", "kecamatan", "kelurahan", "agencies", "a", "b"),
    [
        ("kota_bekasi", 12, 56, 46, Point(106.994, -6.237), Point(106.960, -6.2985)),
        ("kabupaten_bekasi", 23, 0, 10, Point(107.145, -6.260), Point(107.090, -6.438)),
    ],
)
def test_it_loads_a_city(
    name: str, kecamatan: int, kelurahan: int, agencies: int, a: Point, b: Point
) -> None:
    city.load(name, demo=False)
    assert (len(queries.areas("kecamatan")), len(queries.areas("kelurahan"))) == (kecamatan, kelurahan)
    assert Agency.objects.count() == agencies
    assert queries.area_at(a)
    assert routing.travel_times([a], b)[0]
    city.load(name, demo=False)
    assert Agency.objects.count() == agencies


def test_it_finds_both_packs_in_order() -> None:
    assert {"kota_bekasi", "kabupaten_bekasi"} <= set(city.names())
    assert [city.check(name) for name in city.names()] == ["", ""]


def test_it_tells_every_fault_of_a_pack(tmp_path: Path) -> None:
    shutil.copytree(city.folder("kabupaten_bekasi"), tmp_path / "pack")
    for file, old, new in (("units.csv", "Tambun", "Tambun,"), ("funds.csv", "dpupr", "pupr")):
        path = tmp_path / "pack" / file
        path.write_text(path.read_text().replace(old, new, 1))
    told = city.check(str(tmp_path / "pack"))
    assert "units.csv, line 5: 10 cells where the header has 9" in told
    assert "funds.csv, line 5: column 'agency': 'pupr' is not in agencies.csv" in told
    with pytest.raises(Refused, match="pupr"):
        city.load(str(tmp_path / "pack"), demo=False)
    assert not Agency.objects.exists()


def test_it_knows_no_city_by_name_in_its_code() -> None:
    """The city is data: only the configuration's default names one."""
    allowed = {"kernel/config.py"}
    guilty = {
        str(path.relative_to(SOURCE))
        for room in (
            "kernel",
            "places",
            "people",
            "fleet",
            "funds",
            "incidents",
            "dispatch",
            "reports",
            "ledger",
        )
        for path in (SOURCE / room).rglob("*.py")
        if "kota_bekasi" in path.read_text() or "kabupaten_bekasi" in path.read_text()
    }
    assert guilty <= allowed
