"""A city at work, and `kill -9` of anything at any moment: whatever was acknowledged is there once."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Any

import pytest

from tests.faults import truth
from tests.faults.follow import LedgerFollower, WallFollower, fresh_picture
from tests.faults.load import Load
from tests.faults.wounds import PARTS, PATIENCE, broker_away, database, database_away, hung, kill, running
from tests.site.conftest import Installation

pytestmark = pytest.mark.fault

ROUNDS = 3
AWAY_S = 15.0
CALM_S = 6.0  # the wall looks at all its panels every five seconds, whether they changed or not


def seed() -> int:
    """The seed named by PATRIOT_FAULT_SEED, or a new one; printed, so that a failure can be played again."""
    number = int(os.environ.get("PATRIOT_FAULT_SEED") or SystemRandom().randrange(10**6))
    print(f"PATRIOT_FAULT_SEED={number}")
    return number


@dataclass
class City:
    """The load with its two followers."""

    center: Installation
    load: Load
    live: LedgerFollower
    wall: WallFollower
    said_missing: set[str] = field(default_factory=set)
    refused: int = 0  # times nobody answered at all

    @classmethod
    def of(cls, center: Installation, chance: Random) -> "City":
        """Everybody, not yet at work."""
        load = Load(center, chance)
        live = LedgerFollower(load.http, "/live", load.keys.token("operator"), place="0")
        return cls(center, load, live, WallFollower(load.http, "/wall/stream"))

    async def live_through(self, trouble: Callable[["City"], Awaitable[None]]) -> None:
        """Be at work while `trouble` happens; then let everybody get their answer, and all become calm."""
        watching = [asyncio.create_task(work) for work in (self.live.run(), self.wall.run(), self._look())]
        working = asyncio.create_task(self.load.run())
        try:
            await trouble(self)
            self.load.stop.set()
            await working
            await self.until(self.is_ready, "ready")
            await self.until(self._is_told, "told everything")
            await self.until(self._is_same_picture, "the wall's picture is a fresh one's")
            await asyncio.sleep(CALM_S)
        finally:
            for task in (working, *watching):
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def until(
        self, holds: Callable[[], Awaitable[bool]], what: str, patience: float = PATIENCE
    ) -> None:
        """Wait for it."""
        end = time.monotonic() + patience
        while not await holds():
            if time.monotonic() > end:
                status, body = await asyncio.to_thread(self.center.get, "/readyz")
                pytest.fail(f"not within {patience:.0f} s: {what}. readyz: {status} {body}")
            await asyncio.sleep(0.3)

    async def _look(self) -> None:
        """Ask /readyz all the time, and note what it says is missing."""
        while True:
            status, body = await asyncio.to_thread(self.center.get, "/readyz")
            self.refused += status == 0
            if status == 503:
                self.said_missing |= set(json.loads(body)["missing"])
            await asyncio.sleep(0.3)

    async def is_ready(self) -> bool:
        return (await asyncio.to_thread(self.center.get, "/readyz"))[0] == 200

    async def _is_told(self) -> bool:
        return self.live.numbers[-1:] == [await asyncio.to_thread(head, self.center)]

    async def _is_same_picture(self) -> bool:
        fresh = await fresh_picture(self.load.http)
        newest = await asyncio.to_thread(head, self.center)
        return fresh.number == newest and fresh.panels == self.wall.panels


def head(center: Installation) -> object:
    """The ledger's last number."""
    with database(center) as link:
        row = link.execute("SELECT max(number) FROM ledger_seal").fetchone()
        return row[0] if row else None


def check(city: City, center: Installation) -> None:
    """All that was promised is there once, nothing by halves; the chain is whole, no event was missed."""
    given = city.load.given
    with database(center) as link:
        assert truth.missing(link, given, city.load.sent) == []
        assert truth.halves(link) == {}
    verdict = center.run("ledger", "verify")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    numbers = city.live.numbers
    assert numbers == list(range(1, len(numbers) + 1)), "the follower missed or repeated an event"
    assert city.live.resets == 0
    assert city.load.faults == []


def tell(city: City) -> None:
    """How much was at stake."""
    given = city.load.given
    print(f"{len(given.reports)} reports, {len(given.positions)} positions, {len(given.tasks)} tasks")
    print(f"{len(given.steps)} steps, {len(city.live.numbers)} events in {city.live.connections} connections")
    print(f"faults {city.load.faults}")
    print(f"answers {dict(city.load.answers)}; said away {city.said_missing} {city.wall.said_away}")


def test_it_keeps_every_word_while_anything_is_killed_at_any_moment(center: Installation) -> None:
    chance = Random(seed())
    killed: dict[str, list[int]] = {part: [] for part in PARTS}

    async def storm(city: City) -> None:
        for _ in range(ROUNDS):
            await city.until(city.is_ready, "ready for the next round")
            await asyncio.sleep(chance.uniform(2, 5))
            for part in chance.sample(PARTS, len(PARTS)):
                killed[part].append(await asyncio.to_thread(kill, center, part))
                await asyncio.sleep(chance.uniform(0.5, 6))

    async def main() -> City:
        city = City.of(center, chance)
        try:
            await city.live_through(storm)
            await _same_after_restart(city)
        finally:
            tell(city)
            await city.load.close()
        return city

    city = asyncio.run(main())
    check(city, center)
    for part, pids in killed.items():
        assert running(center, part) not in pids
        assert center.terminal().count(f"{part} | ended by SIGKILL") >= ROUNDS
    assert city.refused, "while web was away nobody answered"
    assert city.said_missing, "/readyz named what was away"
    assert city.load.given.steps, "some crew got its work done in between"
    assert city.live.connections >= ROUNDS, "the follower had to come back"


async def _same_after_restart(city: City) -> None:
    """A web process that knows nothing but the database draws the very picture the events had painted."""
    before = city.wall.panels
    await asyncio.to_thread(kill, city.center, "web")
    await city.until(city.is_ready, "ready after the last kill")

    async def same() -> bool:
        with suppress(Exception):
            return not differing(before, (await fresh_picture(city.load.http)).panels)
        return False

    try:
        await city.until(same, "the picture is the same after a restart", 30)
    except pytest.fail.Exception:
        fresh = (await fresh_picture(city.load.http)).panels
        told = {name: (before.get(name), fresh.get(name)) for name in differing(before, fresh)}
        pytest.fail(f"panels differ after a restart: {told}")


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """The panels that are not the same in two pictures."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_it_says_which_processes_hang_and_no_more_once_they_go_on(center: Installation) -> None:
    center.wait_until_ready(PATIENCE)
    with hung(center, "worker"), hung(center, "intake"):
        center.wait_for(lambda: {"worker", "intake"} <= missing(center), PATIENCE)
        asyncio.run(_wall_says(center, lambda said: {"worker", "intake"} <= said))
    center.wait_until_ready(PATIENCE)
    asyncio.run(_wall_says(center, lambda said: not said))


def test_it_says_that_the_broker_is_away_and_works_on_without_it(center: Installation) -> None:
    center.wait_until_ready(PATIENCE)
    with broker_away(center):
        center.wait_for(lambda: missing(center) == {"nats"}, PATIENCE)
        asyncio.run(_wall_says(center, lambda said: said == {"nats"}))
        asyncio.run(_one_report(center))
    center.wait_until_ready(PATIENCE)
    asyncio.run(_wall_says(center, lambda said: not said))


async def _one_report(center: Installation) -> None:
    """Without the broker a report still reaches a wall: by the database, a moment later."""
    city = City.of(center, Random(2))
    city.load.stop.set()
    following = asyncio.create_task(city.wall.run())
    try:
        number = await city.load.report_something()

        async def shown() -> bool:
            return number in str(city.wall.panels)

        await city.until(shown, "the report is on the wall")
    finally:
        following.cancel()
        await city.load.close()


def missing(center: Installation) -> set[str]:
    """What /readyz names."""
    status, body = center.get("/readyz")
    return set(json.loads(body)["missing"]) if status in (200, 503) else set()


async def _wall_says(center: Installation, holds: Callable[[set[str]], bool]) -> None:
    """A wall that connects now hears it soon, and has a picture."""
    city = City.of(center, Random(1))
    following = asyncio.create_task(city.wall.run())

    async def heard() -> bool:
        return bool(city.wall.panels) and holds(city.wall.away_now)

    try:
        await city.until(heard, "what the wall says")
    finally:
        following.cancel()
        await city.load.close()


def test_it_asks_everybody_to_come_again_while_the_database_is_away(center: Installation) -> None:
    chance = Random(seed())

    async def outage(city: City) -> None:
        await asyncio.sleep(3)
        with database_away(center):
            await asyncio.sleep(AWAY_S)
        await asyncio.sleep(3)

    async def main() -> City:
        city = City.of(center, chance)
        try:
            await city.live_through(outage)
        finally:
            tell(city)
            await city.load.close()
        return city

    city = asyncio.run(main())
    check(city, center)
    assert city.load.answers["503"], "clients were asked to come again"
    assert city.load.answers["tracker 503"]
    assert "database" in city.said_missing
    assert "files" not in city.said_missing, "what does not need the database is not blamed"
    assert "postgres" in city.wall.said_away
