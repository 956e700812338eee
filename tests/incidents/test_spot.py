"""Where a report lies, in cities with and without kelurahan."""

import pytest

from patriot.incidents import spot
from patriot.kernel.errors import Invalid
from patriot.kernel.geometry import Point
from patriot.places.queries import AreaRef

HERE = Point(107.15, -6.3)
CIKARANG = AreaRef(
    "32.16.13", "Cikarang Pusat", "32.16", "Kabupaten Bekasi", "kecamatan", 107.15, -6.3, False
)


@pytest.fixture
def small_city(monkeypatch: pytest.MonkeyPatch) -> None:
    """A city whose finest areas are kecamatan, and no street."""
    monkeypatch.setattr(spot.places, "areas", lambda level: [CIKARANG] if level == "kecamatan" else [])
    monkeypatch.setattr(spot.places, "nearest_road", lambda _point: None)


def test_it_takes_a_kecamatan_for_its_own_where_there_are_no_kelurahan(
    small_city: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spot.places, "area_at", lambda _point: CIKARANG)
    found = spot.locate(HERE)
    assert (found.area, found.kecamatan, found.kecamatan_name) == ("32.16.13", "32.16.13", "Cikarang Pusat")


def test_it_refuses_a_point_outside_a_city_without_kelurahan(
    small_city: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spot.places, "area_at", lambda _point: None)
    with pytest.raises(Invalid, match=r"outside the city|luar kota"):
        spot.locate(HERE)
