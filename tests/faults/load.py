"""A city at work through the public interfaces only, which remembers every word that was given to it.

Whoever gets no answer, or a 503, sends the same again with the same Idempotency-Key, as real clients do. Any
other answer that a working center would not give is noted as a fault.
"""

import asyncio
import csv
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx

from patriot.simulate.client import Keys
from tests.site.conftest import Installation

CITY = Path(__file__).parents[2] / "cities" / "kota_bekasi"
STEPS = {"accept": "accepted", "set-off": "en_route", "arrive": "on_scene", "finish": "finished"}
CATEGORIES = ("sampah", "sampah_liar", "lubang_jalan", "sampah_tidak_diangkut")
KINDS = {"lubang_jalan": "repair"}
PATIENCE_S = 90.0


def stations() -> list[tuple[float, float]]:
    """Places inside the city: where its units stand."""
    with (CITY / "units.csv").open() as rows:
        return [(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(rows)]


@dataclass
class Acknowledged:
    """What the center has given its word for."""

    reports: dict[str, str] = field(default_factory=dict)  # the words' mark → number
    positions: set[tuple[str, int]] = field(default_factory=set)  # device, time of the fix in epoch ms
    tasks: dict[int, int] = field(default_factory=dict)  # task → incident
    assignments: dict[int, int] = field(default_factory=dict)  # assignment → task
    steps: list[tuple[int, str]] = field(default_factory=list)  # assignment, state it reached


class Load:
    """Citizens, trackers and crews. `run` until `stop` is set, and then until everybody has their answer."""

    def __init__(self, center: Installation, chance: Random) -> None:
        self.center, self.chance = center, chance
        self.keys = Keys.read(center.config.home)
        self.given = Acknowledged()
        self.sent: set[str] = set()  # marks of all reports that were sent at least once
        self.faults: list[str] = []
        self.answers: Counter[str] = Counter()
        self.stop = asyncio.Event()
        self._new: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._places = stations()
        limits = httpx.Limits(max_connections=40, max_keepalive_connections=20)
        base = f"http://127.0.0.1:{center.config.http_port}"
        self.http = httpx.AsyncClient(base_url=base, timeout=20, limits=limits)

    async def run(self, *, citizens: int = 3, vehicles: int = 8, crews: int = 3) -> None:
        """Be a busy city."""
        devices = [one["uid"] for one in self.keys.devices[:vehicles]]
        async with asyncio.TaskGroup() as city:
            for _ in range(citizens):
                city.create_task(self._citizen())
            for uid in devices:
                city.create_task(self._vehicle(uid))
            for _ in range(crews):
                city.create_task(self._crew())

    async def close(self) -> None:
        """Hang up."""
        await self.http.aclose()

    # -- asking ------------------------------------------------------------

    async def ask(
        self, method: str, path: str, *, token: str = "", key: str = "", **more: Any
    ) -> httpx.Response | None:
        """Ask once. None when nobody answered or the center asked to come again: then nothing is promised."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        try:
            answer = await self.http.request(method, path, headers=headers, **more)
        except httpx.HTTPError as fault:
            self.answers[type(fault).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        if answer.status_code == 503:
            self._check_503(answer)
            return None
        if answer.status_code >= 500:
            self.faults.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer

    def _check_503(self, answer: httpx.Response) -> None:
        """It says when to come again, in the asker's own language: JSON to programs."""
        where = f"{answer.request.method} {answer.request.url.path}"
        if "Retry-After" not in answer.headers:
            self.faults.append(f"{where}: a 503 without Retry-After")
        if ("/api/" in where or where.endswith(".json")) and "json" not in answer.headers["Content-Type"]:
            self.faults.append(f"{where}: a 503 that is no JSON: {answer.text[:80]}")

    async def insist(self, send: Callable[[], Awaitable[httpx.Response | None]]) -> httpx.Response:
        """Ask until there is an answer. Raises TimeoutError when there is none for very long."""
        end = time.monotonic() + PATIENCE_S
        while (answer := await send()) is None:
            if time.monotonic() > end:
                raise TimeoutError("no answer for very long")
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        return answer

    async def pause(self, low: float, high: float) -> None:
        """Rest; shorter when all is to end."""
        try:
            async with asyncio.timeout(self.chance.uniform(low, high)):
                await self.stop.wait()
        except TimeoutError:
            pass

    # -- citizens ------------------------------------------------------------

    async def _citizen(self) -> None:
        """Report something new again and again. One of four gives up when there is no answer."""
        while not self.stop.is_set():
            await self.report_something(patient=self.chance.random() < 0.75)
            await self.pause(0.3, 1.2)

    async def report_something(self, *, patient: bool = True) -> str:
        """Report something somewhere; returns the report's number, "" when nobody gave one."""
        mark, category = uuid4().hex, self.chance.choice(CATEGORIES)
        lon, lat = self.chance.choice(self._places)
        form = {
            "service_code": category, "lat": lat + self.chance.uniform(-0.004, 0.004),
            "long": lon + self.chance.uniform(-0.004, 0.004), "description": f"Tolong diperiksa {mark}",
        }  # fmt: skip
        await self._report(mark, category, form, patient=patient)
        return self.given.reports.get(mark, "")

    async def _report(self, mark: str, category: str, form: dict[str, Any], *, patient: bool) -> None:
        citizen = self.keys.token("citizen")

        async def send() -> httpx.Response | None:
            self.sent.add(mark)
            return await self.ask("POST", "/open311/v2/requests.json", token=citizen, key=mark, data=form)

        answer = await (self.insist(send) if patient else send())
        if answer is None or answer.status_code == 400:  # 400: just outside the city
            return
        if answer.status_code not in (200, 201):
            self.faults.append(f"report: {answer.status_code} {answer.text[:200]}")
            return
        number = str(answer.json()[0]["service_request_id"])
        self.given.reports[mark] = number
        self._new.put_nowait((number, category))

    # -- trackers ------------------------------------------------------------

    async def _vehicle(self, uid: str) -> None:
        """Send a fix twice a second, each until it is taken."""
        lon, lat = self.chance.choice(self._places)
        async with httpx.AsyncClient(timeout=15) as tracker:
            while not self.stop.is_set():
                at = int(time.time() * 1000)
                lon, lat = lon + self.chance.uniform(-5e-5, 5e-5), lat + self.chance.uniform(-5e-5, 5e-5)
                await self._fix(tracker, uid, at, {"lon": lon, "lat": lat, "speed": 10})
                await self.pause(0.4, 0.6)

    async def _fix(self, tracker: httpx.AsyncClient, uid: str, at: int, values: dict[str, float]) -> None:
        url = f"http://127.0.0.1:{self.center.config.osmand_port}/"

        async def send() -> httpx.Response | None:
            try:
                answer = await tracker.get(url, params={"id": uid, "timestamp": at, **values})
            except httpx.HTTPError:
                self.answers["tracker unheard"] += 1
                return None
            self.answers[f"tracker {answer.status_code}"] += 1
            return None if answer.status_code == 503 else answer

        answer = await self.insist(send)
        if answer.status_code == 200:
            self.given.positions.add((uid, at))
        else:
            self.faults.append(f"position of {uid}: {answer.status_code} {answer.text[:100]}")

    # -- crews ------------------------------------------------------------

    async def _crew(self) -> None:
        """Take the next report through the whole loop."""
        while not self.stop.is_set():
            try:
                async with asyncio.timeout(1):
                    number, category = await self._new.get()
            except TimeoutError:
                continue
            await self._work(number, KINDS.get(category, "clean"))

    async def _work(self, number: str, kind: str) -> None:
        incident = await self._incident(number)
        if incident is None:  # it joined another one
            return
        task = await self._open_task(incident, kind)
        assignment = await self._assign(incident, task) if task else None
        if assignment is None:
            return
        for step, state in STEPS.items():
            await self._step(assignment, step, state)
            await self.pause(0.1, 0.5)

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        """Ask the native API once, as the dispatcher."""
        return await self.ask(method, f"/api/v1{path}", token=self.keys.token("dispatcher"), **more)

    async def _incident(self, number: str) -> int | None:
        answer = await self.insist(
            lambda: self.call("GET", "/incidents", params={"q": number, "state": "all"})
        )
        return next((row["id"] for row in answer.json()["incidents"] if row["number"] == number), None)

    async def _open_task(self, incident: int, kind: str) -> int | None:
        """Order work; without an answer nobody knows whether it was ordered, and this crew lets it be."""
        order = {"kind": kind, "estimate_idr": 100_000}
        answer = await self.call("POST", f"/incidents/{incident}/tasks", json=order)
        if answer is None or not self._is_success("task", answer):
            return None
        task = int(answer.json()["task"])
        self.given.tasks[task] = incident
        return task if answer.json()["state"] == "ready" else None

    async def _assign(self, incident: int, task: int) -> int | None:
        """Send one of the first units that can go; look what became of an order that was not answered."""
        for _ in range(6):
            advice = await self.insist(
                lambda: self.call("GET", f"/incidents/{incident}/recommendation", params={"task": task})
            )
            if not self._is_success("recommendation", advice) or not advice.json()["units"]:
                await self.pause(0.5, 1.0)
                continue
            unit = self.chance.choice(advice.json()["units"][:4])["unit"]
            answer = await self.call("POST", f"/tasks/{task}/assignments", json={"unit": unit})
            if answer is None:
                if (found := await self._sent_to(incident, task)) is not None:
                    return found
            elif answer.status_code == 201:
                assignment = int(answer.json()["id"])
                self.given.assignments[assignment] = task
                return assignment
            elif answer.status_code != 409:
                self._is_success("assignment", answer)
        return None

    async def _sent_to(self, incident: int, task: int) -> int | None:
        seen = await self.insist(lambda: self.call("GET", f"/incidents/{incident}"))
        return next((row["id"] for row in seen.json()["assignments"] if row["task"] == task), None)

    async def _step(self, assignment: int, step: str, state: str) -> None:
        key = str(uuid4())
        body = {"repair": "permanent"} if step == "finish" else {}
        answer = await self.insist(
            lambda: self.call("POST", f"/assignments/{assignment}/{step}", json=body, key=key)
        )
        if self._is_success(step, answer):
            self.given.steps.append((assignment, state))

    def _is_success(self, what: str, answer: httpx.Response) -> bool:
        if answer.is_success:
            return True
        self.faults.append(f"{what}: {answer.status_code} {answer.text[:200]}")
        return False
