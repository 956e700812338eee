"""Deadlines, routing and likeness: pure rules."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patriot.incidents import rules
from patriot.incidents.deadlines import CLOSES, OPENS, Span, due, is_near, is_working_day, next_working_day
from patriot.incidents.rules import Like, Owner, Place, State, route
from patriot.kernel.clock import WIB
from patriot.kernel.geometry import Point, distance_m
from patriot.people.rules import Role

MOMENTS = st.integers(1_451_606_400, 1_827_619_200).map(lambda second: datetime.fromtimestamp(second, UTC))
HOLIDAYS = st.frozensets(st.dates(date(2016, 1, 1), date(2027, 12, 31)), max_size=40)
FREE = frozenset({date(2016, 12, 12)})  # Maulid, a Monday


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


@pytest.mark.parametrize(
    ("start", "span", "ends"),
    [
        ("2016-11-30 09:00", Span(2, "days", "working"), "2016-12-02 16:00"),  # Wednesday → Friday
        ("2016-12-01 17:00", Span(2, "days", "working"), "2016-12-06 16:00"),  # after hours counts as Friday
        ("2016-12-03 10:00", Span(1, "days", "working"), "2016-12-06 16:00"),  # Saturday counts as Monday
        ("2016-12-08 10:00", Span(2, "days", "working"), "2016-12-13 16:00"),  # over the holiday
        ("2016-12-09 15:00", Span(2, "hours", "working"), "2016-12-13 08:30"),  # Friday → Tuesday
        ("2016-12-09 06:00", Span(1, "hours", "working"), "2016-12-09 08:30"),  # before the opening
        ("2016-12-10 23:50", Span(0.25, "hours", "calendar"), "2016-12-11 00:05"),
        ("2016-12-09 10:00", Span(7, "days", "calendar"), "2016-12-16 10:00"),
    ],
)
def test_it_counts_time_as_offices_do(start: str, span: Span, ends: str) -> None:
    assert due(wib(start), span, FREE) == wib(ends)


@given(MOMENTS, st.integers(0, 60), HOLIDAYS)
def test_it_ends_working_days_at_the_close_of_a_working_day(
    start: datetime, days: int, free: frozenset[date]
) -> None:
    ends = due(start, Span(days, "days", "working"), free).astimezone(WIB)
    assert ends > start
    assert ends.time() == CLOSES
    assert is_working_day(ends.date(), free)


@given(MOMENTS, st.integers(1, 20), HOLIDAYS)
def test_it_passes_exactly_that_many_working_days(start: datetime, days: int, free: frozenset[date]) -> None:
    earlier, later = (due(start, Span(n, "days", "working"), free) for n in (days - 1, days))
    assert next_working_day(earlier.astimezone(WIB).date(), free) == later.astimezone(WIB).date()


@given(MOMENTS, st.floats(0.05, 60), HOLIDAYS)
def test_it_runs_working_hours_only_while_offices_are_open(
    start: datetime, hours: float, free: frozenset[date]
) -> None:
    ends = due(start, Span(hours, "hours", "working"), free).astimezone(WIB)
    assert ends >= start
    assert OPENS <= ends.time() <= CLOSES
    assert is_working_day(ends.date(), free)
    assert abs(worked(start.astimezone(WIB), ends, free) - timedelta(hours=hours)) < timedelta(seconds=1)


def worked(start: datetime, ends: datetime, free: frozenset[date]) -> timedelta:
    """Office time between two moments, counted day by day."""
    total, day = timedelta(0), start.date()
    while day <= ends.date():
        if is_working_day(day, free):
            opens, closes = (datetime.combine(day, hour, WIB) for hour in (OPENS, CLOSES))
            total += max(timedelta(0), min(ends, closes) - max(start, opens))
        day += timedelta(days=1)
    return total


@given(MOMENTS, st.sampled_from(["days", "hours"]), st.integers(1, 30), st.integers(1, 30), HOLIDAYS)
def test_it_never_ends_earlier_for_more_time(
    start: datetime, unit: str, a: int, b: int, free: frozenset[date]
) -> None:
    for calendar in ("working", "calendar"):
        short, long = (due(start, Span(n, unit, calendar), free) for n in sorted((a, b)))
        assert short <= long


def test_it_is_near_in_the_last_quarter_only() -> None:
    start, ends = wib("2016-12-01 08:00"), wib("2016-12-01 12:00")
    near = [is_near(start, ends, start + timedelta(minutes=n)) for n in (0, 179, 180, 240, 241)]
    assert near == [False, False, True, True, False]


def owner(agency: str, area: str = "", road: str = "", since: str = "2016-01-01", until: str = "") -> Owner:
    ends = date.fromisoformat(until) if until else None
    return Owner("pothole", area, road, agency, date.fromisoformat(since), ends, f"rule of {agency}")


RULES = [
    owner("kelurahan", "32.75.01.1001"), owner("kecamatan", "32.75.01"), owner("province", road="provinsi"),
    owner("old", "32.75.02", until="2016-12-31"), owner("new", "32.75.02", since="2017-01-01"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("areas", "road", "day", "agency"),
    [
        (("32.75.01.1001", "32.75.01"), "", "2016-11-30", "kelurahan"),
        (("32.75.01.1002", "32.75.01"), "", "2016-11-30", "kecamatan"),
        (("32.75.01.1001", "32.75.01"), "provinsi", "2016-11-30", "province"),
        (("32.75.01.1001", "32.75.01"), "kota", "2016-11-30", "kelurahan"),
        (("32.75.03.1001", "32.75.03"), "", "2016-11-30", "dbmta"),
        (("32.75.02.1001", "32.75.02"), "", "2016-12-31", "old"),
        (("32.75.02.1001", "32.75.02"), "", "2017-01-01", "new"),
        ((), "", "2015-12-31", "dbmta"),
    ],
)
def test_it_routes_by_the_most_specific_rule_of_the_day(
    areas: tuple[str, ...], road: str, day: str, agency: str
) -> None:
    routed = route("pothole", "dbmta", Place(areas, road), date.fromisoformat(day), RULES)
    assert routed.agency == agency
    assert routed.why == ("" if agency == "dbmta" else f"rule of {agency}")


def test_it_leaves_other_categories_to_their_own_agency() -> None:
    assert (
        route("rubbish", "kebersihan", Place(("32.75.01",)), date(2016, 11, 30), RULES).agency == "kebersihan"
    )


HERE = Point(106.99, -6.24)
NOW = datetime(2016, 11, 30, 2, tzinfo=UTC)
NEAR = st.tuples(st.floats(-0.002, 0.002), st.floats(-0.002, 0.002))


@given(st.lists(NEAR, max_size=6))
def test_it_finds_the_nearest_of_those_within_reach(offsets: list[tuple[float, float]]) -> None:
    points = [Point(HERE.lon + x, HERE.lat + y) for x, y in offsets]
    found = rules.like(
        "a", HERE, NOW, [Like(n, "a", point, NOW, State.RECEIVED) for n, point in enumerate(points)]
    )
    near = [distance_m(HERE, point) for point in points if distance_m(HERE, point) <= rules.LIKE_METRES]
    assert (distance_m(HERE, found.point) if found else None) == min(near, default=None)


@given(NEAR)
def test_it_looks_and_waits_wherever_something_near_may_lie(offset: tuple[float, float]) -> None:
    other = Point(HERE.lon + offset[0], HERE.lat + offset[1])
    if distance_m(HERE, other) <= rules.LIKE_METRES:
        west, south, east, north = rules.box(HERE)
        assert west <= other.lon <= east
        assert south <= other.lat <= north
        assert set(rules.cells(HERE)) & set(rules.cells(other))


def test_it_has_a_way_out_of_every_state_that_is_not_an_end() -> None:
    for state in rules.OPEN | {State.RESOLVED}:
        assert any(old == state for old, _action in rules.TRANSITIONS)


def test_it_gives_nobody_what_only_a_job_may_do() -> None:
    everybody = rules.allowed(State.RESOLVED, set(Role))
    assert "close_unanswered" not in everybody
    assert "confirm" in everybody
    assert rules.allowed(State.RECEIVED, {Role.LEADERSHIP, Role.OFFICER}) == frozenset()
    assert time(16) == CLOSES
