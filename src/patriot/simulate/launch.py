"""`grand-launch`: the two scenes of 30 November 2016, when the center was opened.

Rubbish at Jalan Baru Underpas, Bekasi Timur: a baktor motor cart is sent and is on site within minutes,
everybody watches the clearing live. A pothole on Jalan Chairil Anwar: officers measure it and patch it for
now; the permanent repair is opened as its own incident.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from patriot.kernel.geometry import Point
from patriot.simulate.client import City, Event
from patriot.simulate.fleet import TICK_S, Claims, Fleet, Vehicle
from patriot.simulate.pictures import picture
from patriot.simulate.work import Work

SETTLED = {"resolved", "closed"}


@dataclass(frozen=True)
class Scene:
    """One of the two."""

    title: str
    category: str
    words: str
    place: str
    at: Point
    kind: str  # of the unit that goes
    repair: str


SCENES = (
    Scene("Sampah di Jalan Baru Underpas", "sampah", "Tumpukan sampah di Jl. Baru Underpas, bau sekali.",
          "Jl. Baru Underpas", Point(107.01150, -6.24245), "baktor", "permanent"),
    Scene("Lubang di Jalan Chairil Anwar", "lubang_jalan", "Lubang besar di Jl. Chairil Anwar, motor oleng.",
          "Jl. Chairil Anwar", Point(107.00544, -6.25079), "road_crew", "temporary"),
)  # fmt: skip


@dataclass
class Launch:
    """Plays scenes one after the other, telling what happens. In an ordinary day it borrows its vehicles."""

    city: City
    work: Work
    fleet: Fleet
    claims: Claims
    speed: float
    scenes: tuple[Scene, ...] = SCENES
    numbers: list[str] = field(default_factory=list)
    follow_ups: list[str] = field(default_factory=list)
    _news_of: dict[str, Event] = field(default_factory=dict)
    _same_as: dict[str, str] = field(default_factory=dict)  # report → the open incident it was attached to
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        """Both scenes, to the citizen's last word."""
        watch = asyncio.create_task(self._watch())
        try:
            for scene in self.scenes:
                await self._play(scene)
        finally:
            watch.cancel()

    async def _watch(self) -> None:
        async for event in self.city.events(self.city.keys.token("operator")):
            if event.kind.startswith("incident."):
                async with self._news:
                    if event.kind == "incident.opened" and event.body["parent"]:
                        self.follow_ups.append(event.body["number"])
                    self._news_of[event.body["number"]] = event
                    if event.kind == "incident.report_attached":
                        self._same_as[event.body["report_number"]] = event.body["number"]
                    self._news.notify_all()
            elif event.kind in ("dispatch.assigned", "dispatch.state_changed"):
                await self.work.note(event)

    async def _play(self, scene: Scene) -> None:
        began = time.monotonic()
        await asyncio.sleep(1)  # the stream is open before anything happens
        photo = await asyncio.to_thread(picture, scene.category, 1130)
        number, token = await self.city.report_by_form(_form(scene), photo)
        self.numbers.append(number)
        self._tell(began, f"{scene.title}: laporan {number}")
        opened = await self._state(number, bool)
        await self._see_to(scene, opened, began)
        await self._state(number, lambda state: state in SETTLED)
        await self.work.rest((8, 12))
        await self.city.say(number, token, "selesai")
        await self._state(number, lambda state: state == "closed")
        self._tell(began, f"{scene.title}: selesai, dikonfirmasi pelapor")

    async def _see_to(self, scene: Scene, opened: Event, began: float) -> None:
        body = opened.body
        call = await self.work.take_up(body["incident"], scene.category, body["agency"])
        if call is None:
            self._tell(began, "sudah ditangani petugas lain")
            return
        self._tell(began, f"{call.callsign} dikirim")
        car = self.fleet.by_callsign.get(call.callsign)
        if car is None:
            await self.work.answer(call, repair=scene.repair)
            return
        borrowed = self.claims.of_others(car.uid)
        car.drive.at = borrowed or car.drive.at
        with self.claims.holding(car):
            moves = asyncio.create_task(self._move(car))
            try:
                await self.work.answer(call, repair=scene.repair)
            finally:
                moves.cancel()
        self._tell(began, f"{call.callsign}: pekerjaan selesai ({scene.repair})")

    async def _move(self, car: Vehicle) -> None:
        """Move the borrowed vehicle only: the others stand, or another simulator drives them."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(min(TICK_S, 1.0))
            now = time.monotonic()
            await self.fleet.live([car], (now - before) * self.speed)
            before = now
            self.claims.renew(car.uid, car.drive.at)

    async def _state(self, number: str, fits: Callable[[str], bool]) -> Event:
        """Wait until the live stream says that the report's incident is in a state that fits."""
        async with self._news:
            await self._news.wait_for(lambda: fits(self._state_of(number)))
            return self._news_of[self._same_as.get(number, number)]

    def _state_of(self, number: str) -> str:
        """The state last heard of, empty before the first word."""
        event = self._news_of.get(self._same_as.get(number, number))
        return str(event.body["state"]) if event else ""

    def _tell(self, began: float, words: str) -> None:
        minutes = (time.monotonic() - began) * self.speed / 60
        print(f"   simulate | menit {minutes:4.1f}  {words}", flush=True)


def _form(scene: Scene) -> dict[str, str]:
    return {"category": scene.category, "words": scene.words, "place": scene.place,
            "lat": f"{scene.at.lat:.6f}", "lon": f"{scene.at.lon:.6f}"}  # fmt: skip
