"""The city pack's units and run cards."""

from pathlib import Path

import pytest

from patriot.dispatch.models import RunCard, Unit
from patriot.dispatch.pack import load
from patriot.fleet import pack as fleet
from patriot.kernel.pack import Pack

CITIES = Path(__file__).parents[2] / "cities"


@pytest.mark.django_db
@pytest.mark.parametrize("city", sorted(path.parent.name for path in CITIES.glob("*/units.csv")))
def test_it_loads_every_citys_units_and_keeps_a_crew_on_its_way(city: str) -> None:
    pack = Pack(CITIES / city)
    fleet.load(pack)
    count = load(pack)
    assert count == Unit.objects.count() > 0
    assert not Unit.objects.filter(vehicle_id=None).exists()
    kinds = set(Unit.objects.values_list("kind", flat=True))
    assert set(RunCard.objects.filter(step=1).values_list("kind", flat=True)) <= kinds
    Unit.objects.update(state="assigned")
    load(pack)
    assert set(Unit.objects.values_list("state", flat=True)) == {"assigned"}
