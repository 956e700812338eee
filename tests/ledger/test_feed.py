"""A web process gets every sealed entry once, in order, with the broker or without it."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Event, Thread

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from patriot.kernel.broadcast import Broadcast, Overrun
from patriot.kernel.bus import Bus
from patriot.ledger import actions, feed, live, sealer, wire
from tests.ledger.events import say
from tests.nats import Nats

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_other_roles(settings: Settings) -> None:
    settings.SIGNS_OF_LIFE = "tests.ledger.test_feed.signs"


SIGNS: dict[str, float] = {}


def signs() -> dict[str, float]:
    return dict(SIGNS)


def in_loop(test: Callable[[live.Live], Awaitable[None]]) -> None:
    async def run() -> None:
        sources = await live.live()
        try:
            async with asyncio.timeout(20):
                await sources.feed.ready.wait()
                await test(sources)
        finally:
            await live.close()

    asyncio.run(run())


def say_and_seal(*words: str) -> list[bytes]:
    """Commit and seal; returns what the sealer would tell the bus."""
    try:
        for each in words:
            say(each)
        sealed = actions.seal()
        return list(wire.messages(sealed[-1].number, sealed))
    finally:
        connection.close()


def test_it_gets_what_the_bus_brings_before_it_asks_the_database(
    broker: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL_S", 60)

    async def test(sources: live.Live) -> None:
        speaker = Bus(settings.CONFIG.nats_address, "speaker")
        speaking = asyncio.create_task(speaker.run())
        while not (speaker.connected and sources.bus.connected):
            await asyncio.sleep(0.02)
        with sources.feed.broadcast.subscribe() as reader:
            for payload in await sync_to_async(say_and_seal)("a", "b"):
                await speaker.publish(wire.SUBJECT, payload)
            heard = [event.body["words"] for event in await reader.take(5)]
            while len(heard) < 2:
                heard += [event.body["words"] for event in await reader.take(5)]
        assert heard == ["a", "b"]
        speaking.cancel()

    in_loop(test)


def test_it_fills_what_the_bus_lost_from_the_database(broker: Nats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "POLL_S", 60)

    async def test(sources: live.Live) -> None:
        await sync_to_async(say_and_seal)("lost")
        late = await sync_to_async(say_and_seal)("came")
        with sources.feed.broadcast.subscribe() as reader:
            sources.feed.receive(late[0])
            sources.feed.receive(late[0])
            heard: list[str] = []
            while len(heard) < 2:
                heard += [event.body["words"] for event in await reader.take(5)]
            assert heard == ["lost", "came"]
            assert await reader.take(0.1) == []

    in_loop(test)


def test_it_goes_on_by_polling_while_the_broker_is_away() -> None:
    async def test(sources: live.Live) -> None:
        with sources.feed.broadcast.subscribe() as reader:
            await sync_to_async(say_and_seal)("a")
            assert [event.body["words"] for event in await reader.take(5)] == ["a"]
        assert not sources.feed.parts()["nats"].ok
        assert sources.feed.parts()["postgres"].ok

    in_loop(test)


def test_it_connects_again_when_the_broker_comes_back(broker: Nats) -> None:
    async def test(sources: live.Live) -> None:
        async def until(connected: bool) -> None:
            while sources.bus.connected is not connected:
                await asyncio.sleep(0.02)

        await until(True)
        broker.stop()
        await until(False)
        assert sources.feed.parts()["nats"].since
        broker.start()
        await until(True)

    in_loop(test)


def test_it_says_that_nobody_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SEAL_LATE_S", 0.3)

    def commit() -> None:
        say("unsealed")
        connection.close()

    async def test(sources: live.Live) -> None:
        assert sources.feed.parts()["worker"].ok
        await sync_to_async(commit)()
        while sources.feed.parts()["worker"].ok:
            await asyncio.sleep(0.05)
        stale = sources.feed.current_at
        await asyncio.sleep(1.2)
        assert sources.feed.current_at == stale

    in_loop(test)


def test_it_names_a_role_that_fell_silent_or_signed_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIGNS, "intake", 0.5)
    monkeypatch.setitem(SIGNS, "worker", 0.5)

    async def test(sources: live.Live) -> None:
        assert all(sources.feed.parts()[role].ok for role in ("intake", "worker"))
        SIGNS["worker"] = 30.0
        del SIGNS["intake"]
        while any(sources.feed.parts()[role].ok for role in ("intake", "worker")):
            await asyncio.sleep(0.05)

    in_loop(test)
    SIGNS["intake"] = 1.0  # what monkeypatch takes back


def test_it_remembers_recent_entries_and_reads_older_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    say_and_seal("a", "b", "c")

    async def test(sources: live.Live) -> None:
        assert [event.number for event in await sources.feed.since(0)] == [1, 2, 3]
        assert [event.number for event in await sources.feed.since(2)] == [3]
        assert await sources.feed.since(3) == []

    in_loop(test)


def test_it_carries_events_over_the_bus_unchanged() -> None:
    say("a", agency="dbmta")
    sealed = actions.seal()
    (payload,) = wire.messages(1, sealed)
    assert wire.read(payload).events == sealed
    assert wire.read(next(wire.messages(7, []))).head == 7


def test_the_sealer_survives_a_database_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([True, True])
    heads: list[int] = []
    stop = Event()
    real = actions.seal

    def seal() -> list:  # type: ignore[type-arg]
        if next(failures, False):
            raise ConnectionError("gone")
        return real()

    def tell(head: int, sealed: object) -> None:
        heads.append(head)
        stop.set()

    monkeypatch.setattr(sealer.actions, "seal", seal)
    monkeypatch.setattr(sealer, "SIGN_OF_LIFE_S", 60.0)
    say("a")
    thread = Thread(target=sealer.run, args=(tell, stop))
    thread.start()
    thread.join(20)
    assert heads == [1]


def test_it_cuts_off_a_reader_that_is_too_slow() -> None:
    async def run() -> None:
        broadcast: Broadcast[int] = Broadcast(limit=3)
        slow, quick = broadcast.subscribe(), broadcast.subscribe()
        for number in range(5):
            broadcast.publish(number)
            assert await quick.take(1) == [number]
        with pytest.raises(Overrun):
            await slow.take(1)
        assert len(broadcast) == 1

    asyncio.run(run())
