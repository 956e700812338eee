"""The small pictures beside alarms."""

from datetime import UTC, datetime, timedelta

import pytest

from patriot.alarms import queries
from patriot.console import trend
from patriot.kernel import clock
from patriot.people.rules import Role, Viewer
from patriot.sensing.actions import Reading, store
from patriot.sensing.queries import Level
from tests.alarms.makers import OPERATOR, told
from tests.sensing import city as sensed

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def test_it_draws_levels_and_interrupts_the_line_where_nothing_was_said() -> None:
    minutes = [0, 5, 10, 90, 95]
    since = NOW - trend.SPAN
    points = [(int((since + timedelta(minutes=n)).timestamp() * 1e6), 300.0 + n) for n in minutes]
    levels = [_level(1, "Siaga 3", 351), _level(3, "Siaga 1", 551)]
    row = _row(level=1)
    drawn = trend.drawn(points, levels, row, since, NOW)
    assert [path.count("L") for path in drawn.paths] == [2, 1]
    assert (drawn.first, drawn.last, drawn.low, drawn.high) == (300, 395, 300, 395)
    assert [(mark.name, mark.is_here) for mark in drawn.marks] == [("Siaga 3", True)]
    assert [value for _at, value in drawn.rows] == [395, 310]


def test_it_makes_bars_in_proportion() -> None:
    bars = trend.bars([0, 5, 10])
    assert [bar.height for bar in bars] == [0, 50, 100]
    assert bars[2].y + bars[2].height == trend.HEIGHT


@pytest.mark.django_db
def test_it_reads_the_datastream_of_an_alarm() -> None:
    gauge = sensed.thing("gauge", "water_level", {"level": "cm"})
    stream = gauge.datastreams.get()
    now = clock.now()
    store(
        [Reading(stream.pk, 100.0 + n, now - timedelta(minutes=60 - 5 * n)) for n in range(12)], source="http"
    )
    told(thing=gauge.pk, datastream=stream.pk)
    [row] = queries.alarms(OPERATOR).rows
    found = trend.of(row, now, OPERATOR)
    assert found is not None
    assert (found.first, found.last) == (100, 111)
    nobody = Viewer(9, "", frozenset({Role.OPERATOR}))
    assert trend.of(_row(datastream=None), now, nobody) is None


def _row(**facts: object) -> queries.AlarmRow:
    base = dict.fromkeys(queries.AlarmRow.__dataclass_fields__, None) | {
        "level": 1,
        "datastream": 1,
        "unit": "cm",
    }
    base.pop("may")
    return queries.AlarmRow(**base | facts)  # type: ignore[arg-type]


def _level(level: int, name: str, value: float) -> Level:
    base = dict.fromkeys(Level.__dataclass_fields__)
    return Level(**base | {"level": level, "name": name, "value": value})  # type: ignore[arg-type]
