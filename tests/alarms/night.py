"""The flood night, replayed reading by reading at its own hours, without waiting: who is called, and when.

What gauges measure comes from the simulator's world, goes through sensing's own checks, thresholds and
forecasts, and to alarms through the ledger, minute by minute. Only the clock is ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from patriot.alarms import jobs
from patriot.alarms import pack as alarm_rules
from patriot.alarms.models import Call
from patriot.kernel import clock
from patriot.kernel.pack import Pack
from patriot.kernel.reactions import reactions
from patriot.ledger import actions as ledger
from patriot.ledger.delivery import Courier
from patriot.people import pack as people
from patriot.places import pack as places
from patriot.sensing import actions as sensing
from patriot.sensing import pack as sensed
from patriot.sensing.judging import watch
from patriot.sensing.meaning import foresight
from patriot.sensing.models import Datastream
from patriot.simulate.nights import Plot, flood_night
from patriot.simulate.sensors import PAST, moments
from patriot.simulate.world import Stream, streams
from tests.sensing import city

BEKASI = Pack(Path(__file__).parents[2] / "cities" / "kota_bekasi")
EVENING = datetime(2026, 11, 21, 12, tzinfo=UTC)  # 19.00 WIB
MINUTE = timedelta(minutes=1)
SEED = "2016-11-30"
LEARNED_FROM = timedelta(days=45)
REMEMBERED_H = 20.0  # hours of readings before the evening, what forecasts and drift look back on
WET = ("water_level", "rain")


@dataclass(frozen=True)
class Said:
    """One call, in words a person can check."""

    minute: int
    condition: str
    name: str
    label: str
    priority: str


class Night:
    """Bekasi's gauges from the evening on; `begin_h`: how long it has rained in the hills by then."""

    def __init__(self, begin_h: float = 1.0, *, now: datetime = EVENING) -> None:
        self.began = self.now = now
        self.plot: Plot = flood_night(SEED, now.timestamp(), 1.0, begin_h)
        self.courier = Courier(reactions())
        with clock.at(now):
            for room in (people, places, sensed, alarm_rules):
                room.load(BEKASI)
            known = {(one.uid, one.key): one for one in streams(BEKASI) if one.purpose in WET}
            rows = Datastream.objects.select_related("thing")
            self.streams: dict[int, Stream] = {
                row.pk: known[uid, row.key] for row in rows
                if (uid := _uid(row)) and (uid, row.key) in known and row.key != "battery"
            }  # fmt: skip
            self._remember()
            foresight.learn(now)

    def _remember(self) -> None:
        """Weeks as rollups, the last hours as readings."""
        first = (self.now - LEARNED_FROM).timestamp() // 600 * 600
        since = datetime.fromtimestamp(first, UTC)
        for pk, stream in self.streams.items():
            steps = np.arange(first, self.now.timestamp(), 600.0)
            row = Datastream.objects.get(pk=pk)
            if stream.purpose == "water_level":
                city.roll(row, since, [self.plot.world.value(stream, at) or 0.0 for at in steps],
                          timedelta(minutes=10))  # fmt: skip
            until = self.now.timestamp()
            plan = PAST[stream.purpose]
            past = list(moments(plan, until - REMEMBERED_H * 3600, until))
            said = [(at, value) for at in past if (value := self.plot.world.value(stream, at)) is not None]
            sensing.store([_reading(pk, at, value) for at, value in said], source="mqtt")

    def run(self, minutes: int, meanwhile: Callable[["Night"], None] = lambda night: None) -> None:
        """Live on for so long; `meanwhile` is what people do each minute."""
        for _ in range(minutes):
            self.now += MINUTE
            with clock.at(self.now):
                self._read()
                sensing.change_conditions([*watch.drifts(self.now), *watch.silences(self.now, self.began)])
                foresight.speak(self.now)
                self._react()
                jobs.follow_rules()
                meanwhile(self)

    def _read(self) -> None:
        at = self.now.timestamp()
        due = [(pk, one) for pk, one in self.streams.items() if at % one.every_s < 60]
        said = ((pk, self.plot.world.value(one, at)) for pk, one in due)
        rows = [_reading(pk, at, value) for pk, value in said if value is not None]
        sensing.store(rows, source="mqtt")

    def _react(self) -> None:
        for _ in range(3):
            ledger.seal()
            self.courier.round()

    def calls(self) -> list[Said]:
        """Every call so far, oldest first."""
        rows = Call.objects.filter(at__gt=self.began).select_related("alarm").order_by("at", "pk")
        return [
            Said(round((one.at - self.began) / MINUTE), one.alarm.condition, one.alarm.name, one.label,
                 one.priority)
            for one in rows
        ]  # fmt: skip


def _uid(row: Datastream) -> str:
    device = row.thing.devices.first()
    return device.uid if device else ""


def _reading(pk: int, at: float, value: float) -> sensing.Reading:
    return sensing.Reading(pk, value, datetime.fromtimestamp(at, UTC))
