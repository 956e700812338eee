"""Loading a pack's places."""

import pytest

from patriot.kernel.geometry import Point
from patriot.kernel.pack import Pack
from patriot.places import pack as places_pack
from patriot.places import queries
from patriot.places.models import Area, Facility, Street

pytestmark = pytest.mark.django_db


def test_it_loads_kota_bekasi(kota: Pack) -> None:
    assert [len(queries.areas(level)) for level in ("city", "kecamatan", "kelurahan")] == [1, 12, 56]
    assert Facility.objects.count() >= 80
    assert Street.objects.count() > 5000
    assert not Facility.objects.filter(kind="puskesmas", area="").exists()


def test_it_loads_again_without_losing_anything(kota: Pack) -> None:
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in (Area, Facility, Street)}
    places_pack.load(kota)
    assert {model: set(model.objects.values_list("pk", flat=True)) for model in before} == before


def test_it_knows_where_the_town_hall_lies(kota: Pack) -> None:
    here = queries.area_at(Point(106.9895, -6.2385))
    assert here
    assert here.name == "Kayuringin Jaya"
    assert here.parent_name == "Bekasi Selatan"
