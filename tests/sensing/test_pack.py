"""The city packs' things, datastreams, thresholds and river links."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from patriot.kernel.pack import Pack, PackError
from patriot.places import pack as places
from patriot.sensing.models import Datastream, Device, RiverLink, Thing, Threshold
from patriot.sensing.pack import check, load

CITIES = Path(__file__).parents[2] / "cities"
PACKS = sorted(path.parent.name for path in CITIES.glob("*/things.csv"))

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("city", PACKS)
def test_it_loads_every_citys_things_twice_over(city: str) -> None:
    pack = Pack(CITIES / city)
    places.load(pack)
    count = load(pack)
    measured = Thing.objects.exclude(purpose__in=("camera", "link", "siren"))  # these come with the assets
    assert load(pack) == count == measured.count() == Device.objects.filter(thing__in=measured).count()
    assert not Thing.objects.filter(locations=None).exists()
    assert not Thing.objects.filter(datastreams=None).exists()
    assert RiverLink.objects.exists()


def test_it_knows_every_lamp_and_what_an_expired_calibration_is() -> None:
    pack = Pack(CITIES / "kota_bekasi")
    places.load(pack)
    load(pack)
    purposes = Counter(Thing.objects.values_list("purpose", flat=True))
    assert purposes["air"] == 2
    assert purposes["parking"] == 20
    groups = Thing.objects.filter(purpose="light_group").values_list("properties", flat=True)
    assert sum(int(group["lamps"]) for group in groups) == 37_853
    ends = set(Datastream.objects.filter(thing__purpose="air").values_list("calibrated_until", flat=True))
    assert len(ends) == 2
    level = Datastream.objects.get(thing__properties__code="gauge_p2c", key="level")
    assert level.limits == {
        "low": -50, "high": 1100, "max_rate_per_min": 25, "spike": 80, "flatline_s": 21600, "cadence_s": 60,
        "drift": 40,
    }  # fmt: skip
    assert Thing.objects.get(properties__code="gauge_kemang").area
    versions = Threshold.objects.filter(datastream=level, code="siaga", level=1).order_by("valid_from")
    assert [(row.value, row.valid_to) for row in versions] == [(301, date(2026, 1, 1)), (351, None)]


def test_it_refuses_what_nobody_knows(tmp_path: Path) -> None:
    for file in ("things.csv", "datastreams.csv"):
        text = (CITIES / "kabupaten_bekasi" / file).read_text()
        (tmp_path / file).write_text(text.replace("radar_level", "ouija", 1).replace("basin=", "basin ", 1))
    with pytest.raises(PackError, match=r"'basin Kali Cikarang' is not name=value(\n|.)*'ouija' is none of"):
        check(Pack(tmp_path))
