"""The simulated city's operators, heads and crews: from an open incident to a finished task by `/api/v1`."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from patriot.kernel.city_pack import CategoryRow
from patriot.kernel.geometry import Point
from patriot.simulate.client import City, Declined, Event
from patriot.simulate.fleet import Fleet
from patriot.simulate.pictures import picture

log = logging.getLogger(__name__)
STARTED = {"accepted", "en_route", "on_scene"}
ENDED = {"finished", "declined", "cancelled"}
MEASURED = {"lubang_jalan", "jalan_rusak", "trotoar_rusak", "genangan", "drainase"}
TEMPORARY = {"lubang_jalan": 0.5, "jalan_rusak": 0.6, "pju_tiang": 0.5, "jembatan_rusak": 0.8}


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds of the simulated city: least and most."""

    look: tuple[float, float] = (20, 150)  # until an operator takes up a report
    decide: tuple[float, float] = (30, 120)  # until a head decides about money
    accept: tuple[float, float] = (4, 20)
    turnout: tuple[float, float] = (10, 45)
    on_spot: tuple[float, float] = (90, 300)
    by_hand: float = 75  # how long a call that a person sent may wait for a person to accept it
    retry: float = 60  # until an operator looks again for a free unit


@dataclass(frozen=True)
class Call:
    """One unit on one incident."""

    assignment: int
    incident: int
    number: str
    category: str
    agency: str
    callsign: str
    place: Point


@dataclass
class Work:
    """Everybody who works in the simulated city."""

    city: City
    fleet: Fleet
    categories: dict[str, CategoryRow]
    chance: Random
    speed: float
    pace: Pace = field(default_factory=Pace)
    most_at_once: int = 14
    _states: dict[int, str] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _busy: set[int] = field(default_factory=set)
    _mine: set[int] = field(default_factory=set)  # assignments our own operators made

    async def rest(self, span: tuple[float, float] | float) -> None:
        """Wait so many seconds of the simulated city."""
        seconds = self.chance.uniform(*span) if isinstance(span, tuple) else span
        await asyncio.sleep(seconds / self.speed)

    # the control room

    async def take_up(self, incident: int, category: str, agency: str) -> Call | None:
        """Order the work, get the money, send the unit recommended first; None when it is left to others."""
        row = self.categories.get(category)
        if row is None or not row.unit_kind or len(self._busy) >= self.most_at_once:
            return None
        self._busy.add(incident)
        try:
            await self.rest(self.pace.look)
            task = await self._order(incident, row, agency)
            return await self._send(task, incident, category)
        except Declined as no:
            log.info("incident %d is left to others: %s", incident, no)
            return None
        finally:
            self._busy.discard(incident)

    async def _order(self, incident: int, row: CategoryRow, agency: str) -> int:
        """Open the task and see that its money is there."""
        body: dict[str, Any] = {"kind": row.task_kind, "estimate_idr": row.estimate_idr}
        task = await self._as("operator", "POST", f"/incidents/{incident}/tasks", **body)
        if task["state"] == "waiting_funds":
            await self.rest(self.pace.decide)
            who = "leadership" if task.get("goes_to") == "leadership" else "head"
            answer = {"approve": True, "reason": "Mendesak dan wajar biayanya."}
            path = f"/commitments/{task['commitment_id']}/decision"
            await self._as(who, "POST", path, agency=agency if who == "head" else "", **answer)
            await self.rest(2)  # the decision reaches the task by way of the ledger
        return int(task["id"])

    async def _send(self, task: int, incident: int, category: str) -> Call | None:
        """Call out the first unit recommended; look again a few times while none is free."""
        for _try in range(4):
            found = await self._as("operator", "GET", f"/tasks/{task}/recommendation")
            for unit in found["units"][:1]:
                made = await self._as(
                    "operator", "POST", f"/tasks/{task}/assignments", unit_id=unit["unit_id"]
                )
                self._mine.add(int(made["id"]))
                return await self._call(int(made["id"]), incident, category, unit["callsign"])
            await self.rest(self.pace.retry)
        return None

    async def _call(self, assignment: int, incident: int, category: str, callsign: str) -> Call:
        row = await self._as("operator", "GET", f"/incidents/{incident}")
        place = Point(row["lon"], row["lat"])
        agency = next(
            (one["agency"] for one in self.city.keys.devices if one["callsign"] == callsign), row["agency"]
        )
        return Call(assignment, incident, row["number"], category, agency, callsign, place)

    # the crew

    def note(self, event: Event) -> Awaitable[None]:
        """Remember an assignment's state as the live stream tells it."""
        return self._note(int(event.body["assignment"]), str(event.body["state"]))

    async def _note(self, assignment: int, state: str) -> None:
        async with self._changed:
            self._states[assignment] = state
            self._changed.notify_all()

    def is_mine(self, assignment: int) -> bool:
        """True for a call that our own operators made: our crews answer it at once."""
        return assignment in self._mine

    async def answer(self, call: Call, *, patience: float | None = None, repair: str = "") -> None:
        """Be the crew of a call to its end. Where a person accepted it, only drive: the rest is theirs."""
        await self.rest(self.pace.accept if patience is None else patience)
        if self._states.get(call.assignment) in ENDED:
            return
        by_hand = self._states.get(call.assignment) in STARTED
        try:
            if not by_hand:
                await self._step(call, "accept")
                await self.rest(self.pace.turnout)
                await self._step(call, "set_off")
            await self._until(call.assignment, STARTED - {"accepted"} | ENDED)
            if self._states.get(call.assignment) not in ENDED:
                await self.fleet.send(call.callsign, call.place)
                await (self._until(call.assignment, ENDED) if by_hand else self._on_spot(call, repair))
        except Declined as no:
            log.info("%s is relieved of %s: %s", call.callsign, call.number, no)
        finally:
            self.fleet.release(call.callsign)

    async def _on_spot(self, call: Call, repair: str) -> None:
        await self._step(call, "arrive")
        await self.rest(self.pace.on_spot)
        if call.category in MEASURED:
            await self._step(call, "measurement", **self.sizes())
        photo = picture(call.category, call.incident, after=True)
        await self._step(call, "photo", files={"photo": ("sesudah.jpg", photo, "image/jpeg")})
        await self.rest((5, 20))
        await self._step(call, "finish", repair=repair or self.repair(call.category), notes="Simulasi")

    def sizes(self) -> dict[str, int]:
        """What the tape measure says, in centimetres."""
        length, width = self.chance.randint(40, 160), self.chance.randint(30, 110)
        return {"length_cm": length, "width_cm": width, "depth_cm": self.chance.randint(4, 18)}

    def repair(self, category: str) -> str:
        """For the time being or for good."""
        return "temporary" if self.chance.random() < TEMPORARY.get(category, 0) else "permanent"

    async def _step(self, call: Call, what: str, **body: Any) -> None:
        await self._as(
            "officer", "POST", f"/assignments/{call.assignment}/{what}", agency=call.agency, **body
        )

    async def _until(self, assignment: int, states: set[str]) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._states.get(assignment) in states)

    async def _as(self, role: str, method: str, path: str, *, agency: str = "", **body: Any) -> Any:
        """Call the native API as somebody with this role; for an agency without one, as the dispatcher."""
        keys = self.city.keys
        token = keys.token(role, agency) or keys.token("dispatcher")
        return await self.city.api(method, path, token, **body)
