"""The real city packs load, twice with the same result."""

from pathlib import Path

import pytest

from patriot.incidents import catalogue, pack
from patriot.incidents.models import Category, OwnerRule, ServiceLevel
from patriot.kernel.pack import Pack, PackError

CITIES = Path(__file__).parents[2] / "cities"

pytestmark = pytest.mark.django_db


def test_it_loads_bekasi_twice_with_one_result() -> None:
    bekasi = Pack(CITIES / "kota_bekasi")
    assert pack.load(bekasi) >= 40
    first = (Category.objects.count(), OwnerRule.objects.count(), ServiceLevel.objects.count())
    pack.load(bekasi)
    assert (Category.objects.count(), OwnerRule.objects.count(), ServiceLevel.objects.count()) == first
    assert catalogue.sop("Jalan")
    assert catalogue.category("lubang_jalan")


def test_it_names_file_and_line_of_a_category_without_deadlines(tmp_path: Path) -> None:
    (tmp_path / "categories.csv").write_text(
        "code,name_id,name_en,group,agency,priority,service_level,icon,task_kind\n"
        "a,A,A,G,x,P1,slow,i,repair\nb,B,B,G,x,P1,none,i,repair\n"
    )
    (tmp_path / "service_levels.csv").write_text(
        "code,name,stage,amount,unit,calendar\nslow,S,resolve,2,days,working\nslow,S,first_response,1,days,working\n"
    )
    with pytest.raises(PackError, match=r"categories\.csv, line 3"):
        pack.load(Pack(tmp_path))
    assert not Category.objects.exists()


def test_it_keeps_categories_the_pack_has_dropped_out_of_use() -> None:
    Category.objects.create(code="old", name_id="Lama", name_en="Old", group="G", agency="x", priority="P3",
                            service_level="light", icon="i", task_kind="repair")  # fmt: skip
    pack.load(Pack(CITIES / "kota_bekasi"))
    assert not Category.objects.get(code="old").active
