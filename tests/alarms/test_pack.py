"""The city's rules about alarms."""

from collections import Counter
from pathlib import Path

import pytest

from patriot.alarms import checklist, escalation, pack
from patriot.alarms.models import AlarmType, Contact, SuppressionRule
from patriot.alarms.queries import owner
from patriot.kernel import clock
from patriot.kernel.pack import Pack, PackError
from patriot.site import city

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["kota_bekasi", "kabupaten_bekasi"])
def test_it_loads_a_city_twice_with_the_same_result(name: str) -> None:
    for _ in range(2):
        assert pack.load(Pack(city.folder(name))) == AlarmType.objects.count() > 10
        assert SuppressionRule.objects.filter(from_pack=True).count() == 5
    assert Counter(one.priority for one in escalation.chain()) == {"high": 4, "medium": 1}


def test_it_keeps_windows_that_people_planned() -> None:
    now = clock.now()
    SuppressionRule.objects.create(key="window-A", thing=7, starts_at=now, ends_at=now, reason_id="Kalibrasi")
    pack.load(Pack(city.folder("kota_bekasi")))
    assert SuppressionRule.objects.filter(key="window-A").exists()


def test_it_gives_each_level_its_own_checklist_or_the_general_one() -> None:
    pack.load(Pack(city.folder("kota_bekasi")))
    assert [len(checklist.sop_of("siaga", level)) for level in (0, 1, 2, 3, 4)] == [3, 3, 4, 6, 6]
    assert checklist.sop_of("unheard of", 1) == []


def test_it_knows_whom_to_call() -> None:
    pack.load(Pack(city.folder("kota_bekasi")))
    assert owner("bpbd").phone == Contact.objects.get(agency="bpbd").phone == "112"
    assert owner("nobody").phone == ""


def test_it_does_without_any_table_and_tells_a_fault_with_its_line(tmp_path: Path) -> None:
    assert pack.load(Pack(tmp_path)) == 0
    (tmp_path / "alarm_priorities.csv").write_text("priority,shelve_max_minutes\nurgent,5\n")
    with pytest.raises(PackError, match=r"alarm_priorities\.csv, line 2"):
        pack.load(Pack(tmp_path))
