"""`ordinary-day`: reports at Bekasi's rhythm, vehicles on the streets, a control room and crews at work."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import httpx

from patriot.kernel import clock
from patriot.kernel.geometry import Point
from patriot.simulate.citizens import Wish, wishes
from patriot.simulate.client import City, Declined, Event
from patriot.simulate.fleet import Fleet, Vehicle
from patriot.simulate.pictures import picture
from patriot.simulate.streets import Streets
from patriot.simulate.work import Call, Work

log = logging.getLogger(__name__)
MORNING = 34  # reports of the hours before the start, sent quickly when the city is still empty
EMPTY = 12  # open reports below which it counts as empty
AT_ONCE = 4  # of them on the way at a time
BY_FORM = 0.2  # the share that uses the citizens' form; its senders get the last word
SEEN_TO = 0.75  # the share of simulated incidents that the simulated operators take up
CONTENT = 0.8  # citizens with less patience than this confirm, the others reopen
SECOND_LOOK_S = (60, 240)
LOOK_BACK_S = (40, 80)
LONG_QUEUE = 18


@dataclass
class Day:
    """One ordinary day, for as long as it is let to run."""

    city: City
    streets: Streets
    fleet: Fleet
    work: Work
    seed: str
    speed: float
    per_day: float
    chance: Random = field(init=False)
    _senders: dict[str, tuple[str, float]] = field(default_factory=dict)  # number → token, patience
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.seed}:day")

    async def run(self) -> None:
        """Play until cancelled."""
        categories = await self.city.services()
        hour = clock.now().astimezone(clock.WIB).hour
        to_come = wishes(self.seed, self.streets, categories, per_day=self.per_day, hour=hour)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.fleet.run())
            group.create_task(self._watch())
            group.create_task(self._speak(to_come))
            group.create_task(self._keep_up())

    async def _speak(self, to_come: Any) -> None:
        """Send the morning's reports if the city is empty, then one after the other as their time comes."""
        begun = 0.0
        if await self.city.open_reports() < EMPTY:
            morning = list(islice(to_come, MORNING))
            begun = morning[-1].after_s
            for start in range(0, MORNING, AT_ONCE):
                await asyncio.gather(*(self._report(wish) for wish in morning[start : start + AT_ONCE]))
        for wish in to_come:
            await asyncio.sleep(max(0.0, wish.after_s - begun) / self.speed)
            begun = wish.after_s
            await self._report(wish)

    async def _report(self, wish: Wish) -> None:
        photo = (
            None if wish.picture is None else await asyncio.to_thread(picture, wish.category, wish.picture)
        )
        try:
            if wish.patience < BY_FORM or wish.patience > 1 - BY_FORM / 4:
                number, token = await self.city.report_by_form(form_of(wish), photo)
                self._senders[number] = (token, wish.patience)
            else:
                key = f"{self.seed}-{wish.after_s:.0f}-{clock.now():%Y%m%d%H%M}"
                await self.city.report(open311_of(wish), photo, key)
        except (
            Declined,
            httpx.HTTPError,
        ) as fault:  # refused, or the city restarts: the next one comes anyway
            log.info("a report was not taken: %r", fault)

    async def _watch(self) -> None:
        """See what happens and let people act on it."""
        async for event in self.city.events(self.city.keys.token("operator")):
            match event.kind:
                case "incident.opened" | "incident.reopened" if event.simulated:
                    self._start(self._see_to(event))
                case "dispatch.assigned":
                    await self.work.note(event)
                    self._start(self._ride(event))
                case "dispatch.state_changed":
                    await self.work.note(event)
                case "incident.state_changed" if event.body["state"] == "resolved":
                    self._start(self._last_word(event.body["number"]))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_survive(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_up(self) -> None:
        """Go on with what an earlier simulator left; later see to old reports when the queue grows long."""
        try:
            for row in await self.work.under_way():
                if row["simulated"] and row["callsign"] in self.fleet.by_callsign:
                    self._start(self.work.resume(row))
        except (Declined, httpx.HTTPError) as fault:
            log.info("nothing is resumed: %r", fault)
        while True:
            await self.work.rest(LOOK_BACK_S)
            self._start(self._see_to_oldest())

    async def _see_to_oldest(self) -> None:
        waiting = await self.work.waiting()
        for row in waiting[: max(0, len(waiting) - LONG_QUEUE)][:AT_ONCE]:
            self._start(self.work.go_on(row))

    async def _see_to(self, event: Event) -> None:
        if event.body["state"] == "received" and self.chance.random() < SEEN_TO:
            await self.work.take_up(event.body["incident"], event.body["category"], event.body["agency"])

    async def _ride(self, event: Event) -> None:
        """Crews answer our own operators' calls at once, a person's call when no person does."""
        await asyncio.sleep(1)  # our own operator learns of the call's number at the same time as we do
        body = event.body
        car = self.fleet.by_callsign.get(body["callsign"])
        if car is None or body["lon"] is None or self._is_lent(car):
            return
        call = Call(body["assignment"], body["incident"], body["number"], body["category"], body["agency"],
                    body["callsign"], Point(body["lon"], body["lat"]))  # fmt: skip
        mine = self.work.is_mine(call.assignment)
        await self.work.answer(call, patience=None if mine else self.work.pace.by_hand)

    def _is_lent(self, car: Vehicle) -> bool:
        """Whether another simulator drives it, and answers its calls."""
        return self.fleet.claims.of_others(car.uid, fresh=True) is not None

    async def _last_word(self, number: str) -> None:
        """Whoever sent it by the form looks, and confirms or reopens."""
        if number not in self._senders:
            return
        token, patience = self._senders.pop(number)
        await self.work.rest(SECOND_LOOK_S)
        if patience < CONTENT:
            await self.city.say(number, token, "selesai")
        else:
            await self.city.say(number, token, "buka-lagi", "Belum selesai, masih ada sisa di lokasi.")


async def _survive(work: Coroutine[Any, Any, None]) -> None:
    """One person's failure does not end the day."""
    try:
        await work
    except Exception as fault:
        log.info("somebody gave up: %r", fault)


def open311_of(wish: Wish) -> dict[str, str]:
    """A report in Open311's words."""
    return {"service_code": wish.category, "description": wish.words, "address_string": wish.place,
            "lat": f"{wish.lat:.6f}", "long": f"{wish.lon:.6f}", "first_name": "Simulasi"}  # fmt: skip


def form_of(wish: Wish) -> dict[str, str]:
    """A report in the form's words."""
    return {"category": wish.category, "words": wish.words, "place": wish.place,
            "lat": f"{wish.lat:.6f}", "lon": f"{wish.lon:.6f}"}  # fmt: skip
