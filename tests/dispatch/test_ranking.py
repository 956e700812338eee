"""Who should go: pure."""

import random
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from patriot.dispatch import queries, roads, words
from patriot.dispatch.ranking import (
    SURE,
    Candidate,
    Need,
    Reason,
    Road,
    Standing,
    Step,
    place,
    rank,
    straight,
    unfit,
)
from patriot.kernel.geometry import Point, distance_m
from patriot.places.routing import NetworkInfo

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
SPOT = Point(106.99, -6.24)
NEED = Need(SPOT, "dbmta", (Step("road_crew", 1), Step("dishub", 1)))


def standing(name: str = "A", **changes: object) -> Standing:
    told: dict[str, object] = {"unit_id": 1, "callsign": name, "kind": "road_crew", "agency": "dbmta",
                               "station": SPOT, "fix": SPOT,
                               "fixed_at": NOW - timedelta(seconds=5)}  # fmt: skip
    return Standing(**(told | changes))  # type: ignore[arg-type]


def order(*units: tuple[Standing, float | None], need: Need = NEED) -> list[str]:
    roads = [None if seconds is None else Road(seconds, seconds * 8) for _, seconds in units]
    candidates, _ = rank([unit for unit, _ in units], roads, need, NOW, by_road=True)
    return [one.callsign for one in candidates]


def codes(candidate: Candidate) -> list[str]:
    return [reason.code for reason in candidate.reasons]


@pytest.mark.parametrize(("changes", "why"), [
    ({"kind": "ambulance"}, "wrong_kind"), ({"state": "off"}, "out_of_service"),
    ({"on_duty": False}, "off_duty"),
    ({"state": "assigned", "busy_with": "N-1"}, "busy"), ({}, None),
])  # fmt: skip
def test_it_names_why_a_unit_cannot_go(changes: dict[str, object], why: str | None) -> None:
    reason = unfit(standing(**changes), NEED)
    assert (reason.code if reason else None) == why


def test_it_takes_any_unit_of_the_agency_where_there_is_no_run_card() -> None:
    need = Need(SPOT, "dbmta")
    assert unfit(standing(kind="anything"), need) is None
    assert unfit(standing(agency="damkar"), need) == Reason("wrong_kind", {"kind": "road_crew"})


def test_it_puts_the_fastest_first() -> None:
    assert order((standing("slow"), 600), (standing("fast"), 200)) == ["fast", "slow"]


def test_it_follows_the_run_card_before_the_clock() -> None:
    near_helper, far_crew = standing("helper", kind="dishub"), standing("crew")
    assert order((near_helper, 30), (far_crew, 600)) == ["crew", "helper"]
    served = Need(SPOT, "dbmta", (Step("road_crew", 1, present=1), Step("dishub", 1)))
    assert order((near_helper, 30), (far_crew, 10), need=served) == ["helper", "crew"]


def test_it_trusts_a_fresh_fix_more_than_an_old_one_and_that_more_than_a_station() -> None:
    fresh, stale = standing("fresh"), standing("stale", fixed_at=NOW - timedelta(minutes=9))
    lost, silent = (
        standing("lost", fixed_at=NOW - timedelta(hours=2)),
        standing("silent", fix=None, fixed_at=None),
    )
    assert order((stale, 300), (fresh, 310)) == ["fresh", "stale"]
    assert order((lost, 300), (fresh, 400)) == ["fresh", "lost"]
    candidates, _ = rank([fresh, stale, lost, silent], [Road(300, 2000)] * 4, NEED, NOW, by_road=True)
    found = {one.callsign: one for one in candidates}
    names = ("fresh", "stale", "lost", "silent")
    assert [(found[name].position_source, found[name].stale) for name in names] == [
        ("fix", False), ("fix", True), ("station", True), ("station", True)]  # fmt: skip
    assert "fix" in codes(found["fresh"])
    assert "stale_fix" in codes(found["stale"])
    assert "old_fix" in codes(found["lost"])
    assert "never_seen" in codes(found["silent"])


def test_it_prefers_the_responsible_agency_unless_another_is_much_faster() -> None:
    own, other = standing("own"), standing("other", agency="satpolpp")
    assert order((own, 300), (other, 200)) == ["own", "other"]
    assert order((own, 300), (other, 100)) == ["other", "own"]


def test_it_leaves_out_a_unit_no_road_leads_from() -> None:
    candidates, excluded = rank([standing("island")], [None], NEED, NOW, by_road=True)
    assert candidates == []
    assert excluded[0].why.code == "no_road"


@given(st.lists(st.tuples(st.sampled_from(["road_crew", "dishub"]), st.floats(0, 1e5), st.floats(0, 1e5)),
                max_size=20))  # fmt: skip
def test_it_never_puts_a_worse_cost_before_a_better_one_of_the_same_step(
    told: list[tuple[str, float, float]],
) -> None:
    units = [standing(f"u{n}", kind=kind, fixed_at=NOW - timedelta(seconds=age))
             for n, (kind, age, _) in enumerate(told)]  # fmt: skip
    candidates, _ = rank(units, [Road(eta, eta) for _, _, eta in told], NEED, NOW, by_road=True)
    keys = [(one.step, one.cost) for one in candidates]
    assert keys == sorted(keys)
    assert len(candidates) == len(told)
    for one in candidates:
        assert one.cost >= one.eta_s
        assert all(words.say(reason) for reason in one.reasons)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 200))
def test_it_measures_only_until_the_first_three_are_sure(seed: int, size: int) -> None:
    chance = random.Random(seed)
    units = [
        standing(f"u{n}", unit_id=n, kind=chance.choice(["road_crew", "dishub"]),
                 fix=Point(106.93 + chance.random() / 8, -6.3 + chance.random() / 8),
                 agency=chance.choice(["dbmta", "satpolpp"]),
                 fixed_at=NOW - timedelta(seconds=chance.randrange(2400)))
        for n in range(size)
    ]  # fmt: skip
    detour = {unit.callsign: 1 + chance.expovariate(1) for unit in units}
    where = {place(unit, NOW)[0]: unit.callsign for unit in units}

    def road(source: Point) -> Road:
        metres = distance_m(source, SPOT) * detour[where[source]]
        return Road(metres / 12, metres)

    everything, _ = rank(units, [road(place(unit, NOW)[0]) for unit in units], NEED, NOW, by_road=True)
    network = NetworkInfo("drawn", "a test", indicative=True, top_speed_kmh=44)  # 12 m/s and a little
    with (
        mock.patch.object(roads, "in_use", return_value=network),
        mock.patch.object(roads, "ways", lambda points, *_: roads.Ways([road(one) for one in points], True)),
    ):
        advice = queries.recommend_among(units, NEED, NOW)
    assert [one.callsign for one in advice.units[:SURE]] == [one.callsign for one in everything[:SURE]]
    assert len(advice.units) + len(advice.excluded) == size


def test_it_forgets_a_fix_after_half_an_hour() -> None:
    station = Point(107, -6.3)
    old = standing(station=station, fixed_at=NOW - timedelta(minutes=31))
    assert place(old, NOW) == (station, None)


def test_it_lengthens_the_straight_line_when_there_are_no_roads() -> None:
    road = straight(SPOT, Point(106.99, -6.25))
    assert road.metres == pytest.approx(1557, abs=5)
    assert road.seconds == pytest.approx(224, abs=2)


def test_it_says_every_reason_in_both_languages() -> None:
    reasons = [Reason("by_road", {"seconds": 400.0, "metres": 2345.0}), Reason("busy", {"number": "N-1"})]
    for language in ("id", "en"):
        with translation.override(language):
            said = [words.say(reason) for reason in reasons]
            assert "N-1" in said[1]
            assert "2" in said[0]
            assert "7" in said[0]
