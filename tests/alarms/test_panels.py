"""What the wall is told of alarms."""

import pytest

from patriot.kernel import clock
from patriot.kernel.panels import panels
from tests.alarms.makers import MORNING, told

pytestmark = pytest.mark.django_db


def test_it_marks_each_place_once_by_its_most_urgent_alarm() -> None:
    with clock.at(MORNING):
        told("rate_of_rise:1", priority="medium")
        high = told("siaga:1", priority="high")
        told("flatline:1", priority="low")
        other = told("siaga:2", priority="low", lon=107.0)
        told("no_data:intake", lon=None, lat=None)
        panel = panels()["alarms"]
        view = panel.view(panel.load(MORNING), MORNING)
    assert [(row["alarm"], row["priority"]) for row in view["marks"]] == [
        (high.pk, "high"),
        (other.pk, "low"),
    ]
    assert view["unacknowledged"] == {"high": 2, "medium": 1, "low": 2}
