"""Forecasts from what is stored: learned, kept, announced when they change; the rule of thumb before that."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.sensing.meaning import foresight
from patriot.sensing.meaning.forecast import STEP_S
from patriot.sensing.models import Condition, Forecast, ForecastModel, RiverLink, Thing
from patriot.sensing.rules import Flag
from tests.sensing import city
from tests.sensing.test_forecast import FLOOD, river

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
STEP = timedelta(seconds=STEP_S)
PEAK = FLOOD + int(np.argmax(river()[2][FLOOD : FLOOD + 72]))


def at(step: int) -> datetime:
    return BEGIN + step * STEP


def past(things: tuple[Thing, Thing, Thing], until: int = FLOOD) -> None:
    """What the gauges said until then, as rollups keep it."""
    for thing, series in zip(things, river(), strict=True):
        city.roll(city.of(thing, "level"), BEGIN, series[:until], STEP)


def today(things: tuple[Thing, Thing, Thing], until: int, flags: int = 0) -> None:
    """The last hours before that step, as readings."""
    for thing, series in zip(things, river(), strict=True):
        rows = [(at(step), float(series[step]), flags) for step in range(until - 90, until)]
        city.read(city.of(thing, "level"), rows)


def test_it_learns_the_river_and_foretells_the_flood_with_its_error() -> None:
    things = city.river()
    past(things)
    (card,) = foresight.learn(at(FLOOD))
    assert (card.method, card.thing) == ("learned", things[2])
    assert card.events > 15
    assert card.mae_cm is not None
    assert card.mae_cm < 15
    step = PEAK - 14
    today(things, step)
    with clock.at(at(step)):
        (said,) = foresight.speak(at(step))
    truth = float(river()[2][PEAK])
    assert said.state == "rising"
    assert said.low is not None
    assert said.high is not None
    assert said.low < truth < said.high
    assert said.peak_from is not None
    assert said.peak_to is not None
    assert said.peak_from <= at(PEAK) <= said.peak_to
    assert said.mae_cm == round(card.mae_cm, 1)
    kept = Forecast.objects.get()
    assert (kept.value, kept.model) == (said.value, card)
    assert "sensing.forecast_made" in {news.kind for news in ledger.seal()}


def test_it_warns_of_a_level_that_is_still_to_come() -> None:
    things = city.river()
    past(things)
    foresight.learn(at(FLOOD))
    step = PEAK - 14
    today(things, step)
    with clock.at(at(step)):
        (said,) = foresight.speak(at(step))
    condition = Condition.objects.get(code="forecast")
    expected = (said.level, f"Prakiraan {said.label}", said.value, "cm")
    assert (condition.level, condition.label, condition.value, condition.unit) == expected
    assert said.label == "Siaga 2"


def test_it_says_again_only_what_has_changed() -> None:
    things = city.river()
    past(things)
    foresight.learn(at(FLOOD))
    quiet = FLOOD - 10
    today(things, quiet)
    assert [said.state for said in foresight.speak(at(quiet))] == ["steady"]
    assert foresight.speak(at(quiet) + timedelta(minutes=1)) == []
    assert len(foresight.speak(at(quiet) + timedelta(minutes=30))) == 1


def test_it_uses_the_rule_of_thumb_while_history_is_too_short() -> None:
    things = city.river()
    step = FLOOD + 12
    today(things, step)
    foresight.learn_if_needed(at(step))
    assert ForecastModel.objects.get().method == "rule_of_thumb"
    (said,) = foresight.speak(at(step))
    assert (said.method, said.state, said.value) == ("rule_of_thumb", "rising", None)
    assert said.peak_from is not None
    assert said.peak_to is not None
    hours = [(moment - at(step)).total_seconds() / 3600 for moment in (said.peak_from, said.peak_to)]
    assert 2.5 < hours[0] < 3.2
    assert 3.5 < hours[1] < 4.2
    assert not Condition.objects.exists()


def test_it_learns_as_soon_as_there_is_something_to_learn_from() -> None:
    things = city.river()
    foresight.learn_if_needed(at(FLOOD))
    past(things)
    foresight.learn_if_needed(at(FLOOD) + timedelta(minutes=1))
    assert foresight.models()[things[2].pk].method == "rule_of_thumb"
    foresight.learn_if_needed(at(FLOOD) + timedelta(minutes=11))
    assert foresight.models()[things[2].pk].method == "learned"


def test_it_trusts_no_gauge_that_stands_flat() -> None:
    things = city.river()
    past(things)
    foresight.learn(at(FLOOD))
    today(things, FLOOD, flags=int(Flag.FLATLINE))
    (said,) = foresight.speak(at(FLOOD))
    assert (said.state, said.now) == ("unknown", None)


def test_it_looks_through_gauges_between() -> None:
    upper, _other, middle = city.river()
    lowest = city.gauge("teluk_pucung", 18)
    RiverLink.objects.create(upstream=middle, downstream=lowest, hours_min=2, hours_max=3, source="test")
    target = next(one for one in foresight.targets() if one.thing == lowest)
    reach = {one.stream: (one.hours_min, one.hours_max) for one in target.uppers}
    assert reach[city.of(middle, "level").pk] == (2, 3)
    assert reach[city.of(upper, "level").pk] == (5, 7)
