"""Storing positions from Django's side, trails, devices and the city pack's vehicles."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from patriot.fleet import actions, queries
from patriot.fleet.models import Device, Latest, Quarantined, Vehicle
from patriot.fleet.pack import load
from patriot.fleet.rules import Fix
from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.kernel.pack import Pack, PackError
from patriot.ledger import actions as ledger
from patriot.people.rules import Role
from tests import factories

pytestmark = pytest.mark.django_db
BEKASI = Path(__file__).parents[2] / "cities" / "kota_bekasi"


@pytest.fixture
def vehicle() -> Iterator[Vehicle]:
    made = Vehicle.objects.create(plate="B 1", kind="baktor", agency="kebersihan", callsign="Baktor 01")
    actions.register_device("b1", made.pk, actor="system:test")
    yield made
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM fleet_position")


def record(seconds_ago: float, lat: float) -> str | None:
    fix = Fix("b1", 107.0, lat, clock.now() - timedelta(seconds=seconds_ago))
    return actions.record_fix(fix, "test", "frame")[1]


def test_it_stores_once_and_keeps_the_newest(vehicle: Vehicle) -> None:
    now = clock.now()
    with clock.at(now):
        assert [record(10, -6.24), record(10, -6.24), record(60, -6.241), record(0, -6.2401)] == [
            None, "repeat", None, None]  # fmt: skip
        assert Latest.objects.get().lat == -6.2401
        assert [point.lat for point in queries.trail(vehicle.pk)] == [-6.241, -6.24, -6.2401]
    assert [row.callsign for row in queries.latest_positions()] == ["Baktor 01"]


def test_it_leaves_jumps_out_of_a_trail(vehicle: Vehicle) -> None:
    now = clock.now()
    with clock.at(now):
        for seconds_ago, lat in ((20, -6.24), (10, -6.9), (0, -6.2401)):
            assert record(seconds_ago, lat) is None
        assert [point.lat for point in queries.trail(vehicle.pk)] == [-6.24, -6.2401]


def test_it_keeps_what_it_cannot_use(vehicle: Vehicle) -> None:
    _, reason = actions.record_fix(Fix("nobody", 107, -6), "test", "x" * 5000)
    assert reason == "unknown_device"
    kept = Quarantined.objects.get()
    assert (kept.uid, len(kept.frame)) == ("nobody", 2000)
    with clock.at(clock.now() + timedelta(days=31)):
        assert actions.clear_quarantine() == 1


def test_it_shows_each_agency_its_own_vehicles(vehicle: Vehicle) -> None:
    record(0, -6.24)
    assert len(queries.latest_positions(factories.viewer(Role.STAFF, "kebersihan"))) == 1
    assert queries.latest_positions(factories.viewer(Role.STAFF, "damkar")) == []
    assert len(queries.vehicles(factories.viewer(Role.OPERATOR))) == 1


def test_it_shows_one_position_for_a_vehicle_with_two_devices(vehicle: Vehicle) -> None:
    actions.register_device("phone:1", vehicle.pk, actor="system:test")
    record(30, -6.24)
    actions.record_fix(Fix("phone:1", 107.0, -6.25, clock.now()), "test", "")
    assert [row.lat for row in queries.latest_positions()] == [-6.25]


def test_it_writes_down_who_ties_a_device_to_what(vehicle: Vehicle) -> None:
    other = Vehicle.objects.create(plate="B 2", kind="baktor", agency="kebersihan", callsign="Baktor 02")
    for _ in range(2):
        actions.register_device("b1", other.pk, actor="user:7")
    kinds = [(news.kind, news.subject) for news in ledger.seal() if news.kind.startswith("fleet.")]
    assert kinds[1:] == [("fleet.device_registered", f"vehicle:{other.pk}")]
    with pytest.raises(NotFound):
        actions.register_device("b9", 10_000_000, actor="user:7")


def test_it_has_the_days_ahead_ready_and_makes_others_on_demand(vehicle: Vehicle) -> None:
    actions.ensure_days()
    assert record(20 * 86400, -6.24) is None
    assert len(queries.trail(vehicle.pk, minutes=60 * 24 * 30)) == 1


def test_it_loads_the_citys_vehicles_again_and_again() -> None:
    pack = Pack(BEKASI)
    assert load(pack) == load(pack) == Vehicle.objects.count() == Device.objects.count()
    assert Vehicle.objects.filter(simulated=True).exists()


def test_it_names_the_line_of_a_fault(tmp_path: Path) -> None:
    (tmp_path / "vehicles.csv").write_text("plate,kind,agency,callsign,simulated\nB 1,baktor,k,B,maybe\n")
    with pytest.raises(PackError, match=r"vehicles\.csv, line 2"):
        load(Pack(tmp_path))
