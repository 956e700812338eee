"""The simulated city's operators, heads and crews: from an open incident to a finished task by `/api/v1`."""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from patriot.kernel.city_rows import CategoryRow
from patriot.kernel.geometry import Point
from patriot.simulate.client import City, Declined, Event
from patriot.simulate.fleet import Fleet
from patriot.simulate.pictures import picture

log = logging.getLogger(__name__)
STARTED = {"accepted", "en_route", "on_scene"}
ENDED = {"finished", "declined", "cancelled"}
TRIES = 4
CONFLICT = 409
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
    by_hand: float = 75  # real seconds in which a person may accept a call that a person sent
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

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Call":
        """From an assignment of the native API."""
        said = {name: row[name] for name in ("incident", "number", "category", "agency", "callsign")}
        return cls(row["id"], **said, place=Point(row["lon"], row["lat"]))


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
            if (await self._as("operator", "GET", f"/incidents/{incident}"))["state"] != "received":
                return None  # somebody else has it
            task = await self._order(incident, row, agency)
            return await self._send(task, incident)
        except Declined as no:
            log.info("incident %d is left to others: %s", incident, no)
            return None
        finally:
            self._busy.discard(incident)

    async def _order(self, incident: int, row: CategoryRow, agency: str) -> int:
        """Open the task and see that its money is there."""
        order: dict[str, Any] = {"kind": row.task_kind, "estimate_idr": row.estimate_idr}
        task = await self._as("operator", "POST", f"/incidents/{incident}/tasks", **order)
        if task["state"] == "waiting_funds":
            await self.rest(self.pace.decide)
            yes: dict[str, Any] = {"approve": True, "reason": "Mendesak, dan biayanya wajar."}
            who = "leadership" if task["goes_to"] == "leadership" else "head"
            path = f"/funds/commitments/{task['commitment']}/decision"
            await self._as(who, "POST", path, agency=agency if who == "head" else "", **yes)
            await asyncio.sleep(2)  # the decision reaches the task by way of the ledger
        return int(task["task"])

    async def _send(self, task: int, incident: int) -> Call | None:
        """Call out the first unit recommended; look again a few times while none is free."""
        for _try in range(TRIES):
            found = await self._as("operator", "GET", f"/incidents/{incident}/recommendation?task={task}")
            for unit in found["units"]:
                call = await self._call_out(task, unit["unit"])
                if call:
                    return call
            await self.rest(self.pace.retry)
        return None

    async def _call_out(self, task: int, unit: int) -> Call | None:
        """Assign a unit; None when somebody else was faster."""
        try:
            made = await self._as("operator", "POST", f"/tasks/{task}/assignments", unit=unit)
        except Declined as no:
            if no.status == CONFLICT:
                return None
            raise
        self._mine.add(int(made["id"]))
        return Call.of(made)

    async def waiting(self) -> list[dict[str, Any]]:
        """Simulated incidents that wait for a task or a crew, the oldest first."""
        page = await self._as("operator", "GET", "/incidents?order=oldest&size=200")
        rows = [row for row in page["incidents"] if row["simulated"] and row["id"] not in self._busy]
        return [row for row in rows if row["waits_for"] in ("owner", "crew")]

    async def go_on(self, row: dict[str, Any]) -> None:
        """Take up an incident that waits; where its work is ordered already, send a crew."""
        ready = [task["id"] for task in row["tasks"] if task["state"] == "ready"]
        if row["state"] == "received":
            await self.take_up(row["id"], row["category"], row["agency"])
        elif ready and row["id"] not in self._busy:
            self._busy.add(row["id"])
            try:
                await self._send(ready[0], row["id"])
            finally:
                self._busy.discard(row["id"])

    async def under_way(self) -> list[dict[str, Any]]:
        """Every running assignment."""
        rows: list[dict[str, Any]] = await self._as("operator", "GET", "/assignments?mine=false")
        return rows

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
        if patience is None:
            await self.rest(self.pace.accept)
        else:
            await self._wait_for_a_person(call, patience)
        await self._see_through(call, repair, by_hand=self._state(call) in STARTED)

    async def _wait_for_a_person(self, call: Call, seconds: float) -> None:
        """Give people so many real seconds to accept a call by hand."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._until(call.assignment, STARTED | ENDED), seconds)

    async def resume(self, row: dict[str, Any]) -> None:
        """Go on with an assignment of the native API where it was left when the simulator stopped."""
        call = Call.of(row)
        self._states[call.assignment] = row["state"]
        await self._see_through(call, "", by_hand=False)

    async def _see_through(self, call: Call, repair: str, *, by_hand: bool) -> None:
        try:
            if not by_hand and self._state(call) not in ENDED:
                await self._leave(call)
            await self._until(call.assignment, {"en_route", "on_scene"} | ENDED)
            if self._state(call) not in ENDED:
                await self.fleet.send(call.callsign, call.place)
                await (self._until(call.assignment, ENDED) if by_hand else self._on_spot(call, repair))
        except Declined as no:
            log.info("%s is relieved of %s: %s", call.callsign, call.number, no)
        finally:
            self.fleet.release(call.callsign)

    def _state(self, call: Call) -> str:
        return self._states.get(call.assignment, "assigned")

    async def _leave(self, call: Call) -> None:
        state = self._state(call)
        if state == "assigned":
            await self._step(call, "accept")
            await self.rest(self.pace.turnout)
        if state in ("assigned", "accepted"):
            await self._step(call, "set-off")

    async def _on_spot(self, call: Call, repair: str) -> None:
        if self._state(call) != "on_scene":
            await self._step(call, "arrive")
        await self.rest(self.pace.on_spot)
        if call.category in MEASURED:
            await self._step(call, "measurements", **self.sizes())
        photo = await asyncio.to_thread(picture, call.category, call.incident, after=True)
        await self._step(call, "photos", files={"photo": ("sesudah.jpg", photo, "image/jpeg")})
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
