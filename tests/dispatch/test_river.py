"""A river with one bridge: nearest by air is not nearest by road."""

import pytest

from patriot.dispatch import queries, roads
from patriot.dispatch.ranking import by_air
from patriot.kernel import clock
from patriot.kernel.geometry import Point
from patriot.places import streets
from patriot.places.models import Street
from tests.dispatch.makers import SPOT, fix, task, unit

pytestmark = pytest.mark.django_db

# The incident lies on the north bank. South bank: a unit 300 m away by air. The one bridge is 4 km east.
NORTH, SOUTH, BRIDGE = -6.24, -6.2427, 107.03


def street(name: str, *line: tuple[float, float]) -> Street:
    return Street(name=name, kind="secondary", authority="kota", maxspeed=40, oneway=False, bridge="",
                  line=[list(point) for point in line])  # fmt: skip


@pytest.fixture
def river() -> None:
    north = [(106.98, NORTH), (106.99, NORTH), (107.0, NORTH), (BRIDGE, NORTH)]
    south = [(106.98, SOUTH), (106.99, SOUTH), (107.0, SOUTH), (BRIDGE, SOUTH)]
    banks = [street("North", *north), street("South", *south)]
    streets.build(
        [*banks, street("Bridge", (BRIDGE, NORTH), (BRIDGE, SOUTH))], source="test", indicative=True
    )


def test_it_does_not_choose_the_unit_nearest_by_air_when_the_road_is_longer(river: None) -> None:
    over_the_river, same_bank = unit("Seberang"), unit("Sebelah")
    fix(over_the_river, Point(106.99, SOUTH))
    fix(same_bank, Point(107.0, NORTH))
    task_id = task()
    incident = queries.job(task_id).scene.incident  # type: ignore[union-attr]
    nearest = by_air(queries.standings(None, clock.now()), SPOT, clock.now())
    assert nearest is not None
    assert nearest.callsign == "Seberang"
    advice = queries.recommend(incident, task_id=task_id)
    assert [one.callsign for one in advice.units] == ["Sebelah", "Seberang"]
    assert advice.by_road
    assert advice.network_indicative
    near, far = advice.units
    assert near.metres == pytest.approx(1105, rel=0.05)
    assert far.metres > 8000
    assert {reason.code for reason in near.reasons} >= {"needed_first", "by_road", "fix", "own_agency"}


def test_it_says_so_when_it_has_to_guess(db: None, settings: object) -> None:
    from patriot.places.models import Network  # noqa: PLC0415 - one use

    Network.objects.all().delete()
    unit("Sebelah", Point(107.0, NORTH))
    advice = queries.recommend(queries.job(task()).scene.incident)  # type: ignore[union-attr]
    assert not advice.by_road
    assert [remark.code for remark in advice.remarks] == ["no_network"]
    assert advice.units[0].eta_s > 0
    assert "straight_line" in {reason.code for reason in advice.units[0].reasons}


def test_it_asks_the_road_network_once_for_all_units(river: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    original = roads.routing.travel_times

    def counted(sources: list[Point], destination: Point, on: object) -> object:
        asked.append(len(sources))
        return original(sources, destination, on)

    monkeypatch.setattr(roads.routing, "travel_times", counted)
    for n in range(5):
        unit(f"J{n}", Point(106.99 + n / 1000, NORTH))
    queries.recommend(queries.job(task()).scene.incident)  # type: ignore[union-attr]
    assert asked == [5]
