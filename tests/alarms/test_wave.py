"""The first hour of the flood night, gauge by gauge: whom it calls, and what stands beneath."""

import pytest

from patriot.alarms import load, queries
from patriot.alarms.models import Alarm, Call
from tests.alarms.night import MINUTE, Night

pytestmark = pytest.mark.django_db

WATER = {"siaga", "rain", "rate_of_rise", "forecast"}
MOST_OF_WATER = 6  # two rivers and their rain, each time more urgent than before
MOST = (
    9  # with a gauge that is stuck, one that drifts and one that falls silent; 19 when each calls for itself
)


@pytest.fixture
def night() -> Night:
    lived = Night()
    lived.run(60)
    return lived


def test_it_calls_for_each_river_once_and_again_only_when_it_is_more_urgent(night: Night) -> None:
    called = night.calls()
    water = [one for one in called if one.condition.partition(":")[0] in WATER]
    assert len(called) <= MOST, called
    assert len(water) <= MOST_OF_WATER, water
    assert not [one for one in called if one.condition.startswith("forecast")], "those called above it"
    cileungsi = [one.priority for one in water if "Cileungsi" in one.name]
    assert cileungsi == ["low", "medium", "high"]
    check_load(night)
    check_nothing_is_lost()


def check_load(night: Night) -> None:
    """What EEMUA 191 says of this hour, for one operator."""
    calls = [load.Called(one.alarm_id, one.at, one.priority) for one in Call.objects.order_by("at", "pk")]
    rate = load.per_ten_minutes([one.at for one in calls], 60 * MINUTE, 1)
    print(f"{len(calls)} calls in the hour, {rate:.1f} in ten minutes")
    assert load.steady_verdict(rate) in ("acceptable", "manageable")
    figures = load.figures(calls, [], 0, 1, night.now)
    assert figures.peak_verdict == "acceptable"
    assert not figures.floods


def check_nothing_is_lost() -> None:
    """Every level foretold stands in the list, beneath what called for it."""
    foretold = Alarm.objects.filter(code="forecast", level__gt=0)
    assert {one.name.split(" – ")[0] for one in foretold} == {"P2C", "Kali Bekasi"}
    beneath = {one.id: row for row in queries.alarms(None, grouped=True).rows for one in row.consequences}
    for one in foretold:
        assert beneath[one.pk].name == "Kali Cileungsi – Cileungsi"
        assert beneath[one.pk].priority == "high"
