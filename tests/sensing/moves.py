"""What can happen to a sensed city, at random, for the wall law's test bench."""

from datetime import datetime, timedelta
from typing import Protocol

from patriot.kernel import clock
from patriot.sensing import actions
from patriot.sensing.events import ForecastMade
from patriot.sensing.judging.quality import SECOND
from patriot.sensing.judging.thresholds import Crossing
from patriot.sensing.meaning import foresight, indices
from patriot.sensing.models import ForecastModel, Thing
from patriot.sensing.panels import AIR_CODES, LIGHT_CODES, PARKING_CODES, WATER_CODES
from tests.sensing import city as sensed

CODES = {
    "water_level": WATER_CODES, "rain": WATER_CODES, "air": AIR_CODES, "water_quality": AIR_CODES,
    "light_group": LIGHT_CODES, "parking": PARKING_CODES,
}  # fmt: skip


class Choice(Protocol):
    """Draws from one number; see tests/wall/law.py."""

    def of[T](self, options: list[T]) -> T | None:
        """One of the options; None when there are none."""


def found() -> None:
    """A river with three gauges, a rain gauge, stations, lamps and a car park."""
    sensed.river()
    sensed.thing("rain", "rain", {"rain": "mm"})
    sensed.thing("air", "air", {"pm25": "µg/m³", "no2": "µg/m³"})
    sensed.thing("quality", "water_quality", {"bod": "mg/l"})
    sensed.thing("lamps", "light_group", {"burning": ""}, feeder="F1", lamps="100")
    sensed.thing("lot", "parking", {"occupied": ""}, capacity="50")


def change(_city: object, choice: Choice) -> None:
    """Something about a thing becomes abnormal, worse, or normal again."""
    purpose = choice.of(["water_level", "rain", "air", "light_group", "parking", "parking"]) or ""
    thing = choice.of(list(Thing.objects.filter(purpose=purpose).order_by("pk")))
    if thing is None:
        return
    code = choice.of(sorted(CODES.get(thing.purpose, {"offline"}))) or ""
    level = choice.of([0, 0, 1, 2, 3]) or 0
    crossing = Crossing(
        f"{code}:{thing.pk}", code, level, f"Level {level}" if level else "",
        choice.of(["low", "high"]) or "", _us(clock.now()), float(level), thing=thing.pk,
    )  # fmt: skip
    actions.change_conditions([crossing])


def compute(_city: object, choice: Choice) -> None:
    """A station's index of the last hour; now and then there was too little to say."""
    thing = choice.of(list(Thing.objects.filter(purpose__in=("air", "water_quality")).order_by("pk")))
    if thing is None:
        return
    code = "ispu" if thing.purpose == "air" else "pollution"
    value = choice.of([None, 40.0, 80.0, 150.0, 250.0])
    level = 0 if value is None else int(value // 100)
    detail = {"critical": "pm25" if value else "", "reason": "" if value else "too_few_hours"}
    indices.keep(
        [indices.Computed(thing.pk, code, value, "good" if value else "", level, detail)], clock.now()
    )


def foretell(_city: object, choice: Choice) -> None:
    """A forecast for the lowest gauge: a wave that comes, none, or only its hours."""
    thing = Thing.objects.filter(properties__code="p2c").first()
    if thing is None:
        return
    now = clock.now()
    model = ForecastModel.objects.create(
        thing=thing, trained_at=now, method="learned", since=now - timedelta(days=40), until=now,
        events=9, mae_cm=12.34, mae_hours=0.456, coverage=0.9,
    )  # fmt: skip
    foresight.keep(_event(thing, choice.of(["rising", "steady", "thumb"]) or "", now, choice), model, thing)


def _event(thing: Thing, what: str, now: datetime, choice: Choice) -> ForecastMade:
    level = (choice.of([0, 1, 2, 3]) or 0) if what == "rising" else 0
    value = 300.0 + 100 * level if what == "rising" else None
    hours = [None if what == "steady" else now + timedelta(hours=n) for n in (2, 1, 3)]
    return ForecastMade(
        thing=thing.pk, name=thing.name, method="rule_of_thumb" if what == "thumb" else "learned",
        state="steady" if what == "steady" else "rising", now=250.0, value=value,
        low=value and value - 20, high=value and value + 40, peak_at=hours[0], peak_from=hours[1],
        peak_to=hours[2], level=level, label=f"Siaga {4 - level}" if level else "", mae_cm=12.3,
        mae_hours=0.46, coverage=0.9, waves=9, days=40.0, ahead_h=3.5, agency=thing.agency,
        area=thing.area, at=now,
    )  # fmt: skip


def _us(at: datetime) -> int:
    return round(at.timestamp() * SECOND)


MOVES = {"sense": change, "compute": compute, "foretell": foretell}
