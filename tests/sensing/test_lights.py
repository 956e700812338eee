"""Street lights: the sun, failures and energy."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from patriot.sensing.meaning.lights import (
    State,
    energy_kwh,
    feeder_faults,
    is_dark,
    judge,
    percent_burning,
    sun,
)

BEKASI = (106.992, -6.238)


@pytest.mark.parametrize(
    ("day", "lon", "lat", "rises", "sets"),
    [
        # WIB 05:26, 17:50: almanac for Jakarta; GMT 04:43, 20:21 and 08:04, 15:54: almanac for Greenwich
        (date(2026, 11, 22), 106.82, -6.2, "2026-11-21 22:26", "2026-11-22 10:50"),
        (date(2026, 6, 21), 0.0, 51.48, "2026-06-21 03:43", "2026-06-21 20:21"),
        (date(2026, 12, 21), 0.0, 51.48, "2026-12-21 08:03", "2026-12-21 15:54"),
    ],
)
def test_it_knows_when_the_sun_rises_and_sets(
    day: date, lon: float, lat: float, rises: str, sets: str
) -> None:
    found = sun(day, lon, lat)
    for at, told in ((found.rises, rises), (found.sets, sets)):
        assert at is not None
        assert abs(at - datetime.fromisoformat(told).replace(tzinfo=UTC)) <= timedelta(minutes=3)


def test_it_knows_places_without_a_sunset() -> None:
    assert sun(date(2026, 6, 21), 25.0, 75.0).sets is None
    assert is_dark(datetime(2026, 6, 21, tzinfo=UTC), 25.0, 75.0) is None


def test_it_tells_night_from_day_and_twilight_in_bekasi() -> None:
    def dark(hour: int, minute: int) -> bool | None:
        return is_dark(datetime(2026, 11, 22, hour, minute, tzinfo=UTC), *BEKASI)

    assert [dark(12, 0), dark(17, 0), dark(20, 0)] == [True, True, True]  # 19:00, 00:00, 03:00 WIB
    assert [dark(3, 0), dark(10, 0)] == [False, False]  # 10:00, 17:00 WIB
    assert dark(11, 0) is None  # 18:00 WIB, ten minutes after sunset


def test_it_leaves_lamps_alone_on_both_sides_of_sunrise_and_sunset() -> None:
    day = sun(date(2026, 11, 22), *BEKASI)
    assert day.rises is not None
    assert day.sets is not None
    for turn, night_is_after in ((day.rises, False), (day.sets, True)):
        seen = [is_dark(turn + timedelta(minutes=n), *BEKASI) for n in (-21, -19, -1, 1, 19, 21)]
        assert seen == [not night_is_after, None, None, None, None, night_is_after]


def test_it_judges_a_group_of_lamps() -> None:
    night = [judge(n, 100, dark=True) for n in (100, 85, 84, 5, 4, 0)]
    assert night == [State.OK, State.OK, State.DARK, State.DARK, State.FAILED, State.FAILED]
    assert [judge(n, 100, dark=False) for n in (0, 10, 11)] == [State.OFF, State.OFF, State.DAY_ON]
    assert judge(0, 100, dark=None) is State.TWILIGHT


def test_it_sees_the_feeder_behind_failed_groups() -> None:
    groups = [
        (1, "A", State.FAILED), (2, "A", State.FAILED), (3, "B", State.FAILED), (4, "B", State.OK),
        (5, "C", State.DARK),
    ]  # fmt: skip
    faults = {fault.feeder: fault for fault in feeder_faults(groups)}
    assert faults.keys() == {"A", "B"}
    assert (faults["A"].whole, faults["A"].groups) == (True, (1, 2))
    assert (faults["B"].whole, faults["B"].groups) == (False, (3,))


def test_it_adds_up_energy_and_not_over_gaps() -> None:
    at = np.array([0.0, 1800, 3600, 86400])
    assert energy_kwh(at, np.array([1000.0, 1000, 1000, 1000])) == pytest.approx(1.0)
    assert energy_kwh(at[:1], np.array([1000.0])) == 0


def test_it_says_how_many_percent_burn() -> None:
    assert percent_burning([(50, 100), (100, 100)]) == 75
    assert percent_burning([(120, 100)]) == 100  # a controller that counts too many
    assert percent_burning([]) is None
