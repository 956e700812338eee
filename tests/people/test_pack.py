"""Agencies and the demo's people, out of a city pack."""

import stat
from pathlib import Path

import orjson
import pytest

from patriot.kernel.config import Config
from patriot.kernel.errors import NotAllowed
from patriot.kernel.pack import Pack
from patriot.ledger import actions as ledger
from patriot.people import demo, pack, queries
from patriot.people.models import Agency, User

pytestmark = pytest.mark.django_db
BEKASI = Pack(Path(__file__).parents[2] / "cities" / "kota_bekasi")


@pytest.fixture
def in_demo(settings: object) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]


def test_it_loads_the_agencies_once() -> None:
    assert pack.load(BEKASI) == Agency.objects.count()
    assert Agency.objects.get(code="dbmta").name == "Dinas Bina Marga dan Tata Air"
    assert {entry.kind for entry in ledger.seal()} == {"agency.changed"}
    assert pack.load(BEKASI) == 0
    assert ledger.seal() == []


def test_it_loads_the_forty_three_work_units_of_2016() -> None:
    pack.load(BEKASI)
    assert Agency.objects.exclude(kind__in=["company", "partner"]).count() == 43


def test_it_updates_what_the_pack_changed() -> None:
    pack.load(BEKASI)
    Agency.objects.filter(code="dbmta").update(name="Old name")
    assert pack.load(BEKASI) == 1
    assert Agency.objects.get(code="dbmta").name != "Old name"


def test_it_makes_no_demo_people_outside_a_demo(settings: object) -> None:
    settings.DEMO = False  # type: ignore[attr-defined]
    with pytest.raises(NotAllowed):
        demo.load(BEKASI)


def test_it_makes_simulated_people_with_the_known_password(in_demo: None) -> None:
    pack.load(BEKASI)
    (line,) = demo.load(BEKASI)
    assert demo.PASSWORD in line
    assert demo.load(BEKASI) == [line]
    operator = User.objects.get(username="operator")
    assert operator.simulated
    assert operator.check_password(demo.PASSWORD)
    assert not User.objects.filter(simulated=False).exists()


def test_it_hands_the_simulator_keys_that_only_the_owner_can_read(in_demo: None) -> None:
    pack.load(BEKASI)
    demo.load(BEKASI)
    path = Config.from_env().home / demo.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys = orjson.loads(path.read_bytes())
    token = next(person["token"] for person in keys["people"] if person["username"] == "operator")
    found = queries.user_for_token(token)
    assert found is not None
    assert found.username == "operator"
    assert len(keys["devices"]) > 50


def test_it_leaves_a_real_account_of_the_same_name_alone(in_demo: None) -> None:
    User.objects.create(username="operator", password="!")
    pack.load(BEKASI)
    demo.load(BEKASI)
    assert not User.objects.get(username="operator").memberships.exists()
    assert User.objects.get(username="operator").password == "!"
