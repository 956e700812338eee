"""/live: in order, once, nothing before commit, nothing that is not the watcher's to see."""

import asyncio
import random
import time
from dataclasses import replace
from threading import Thread

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import AsyncClient, Client
from pytest_django import Settings

from patriot.api import live as api
from patriot.kernel import broadcast, events, sse
from patriot.ledger import actions, feed, live
from patriot.people.models import Agency, Membership
from tests.ledger.events import Said, say, whisper
from tests.streams import Browser, in_server, in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SIGNS_OF_LIFE = "tests.api.test_live.signs"
    monkeypatch.setattr(feed, "POLL_S", 0.1)
    monkeypatch.setattr(api, "FRAMES", api.Frames())


def signs() -> dict[str, float]:
    return {}


def log_in(role: str, agency: str | None = None) -> dict[str, str]:
    """Cookies of a new account that holds this role."""
    user = get_user_model().objects.create_user(f"{role}-{agency}", password="x")
    where = agency and Agency.objects.create(
        code=agency, name=agency, short=agency, kind="x", valid_from="2016-01-01"
    )
    Membership.objects.create(user=user, role=role, agency=where or None)
    client = Client()
    client.force_login(user, "patriot.people.sign_in.Backend")
    return {name: morsel.value for name, morsel in client.cookies.items()}


def sealed(*words: str) -> None:
    for each in words:
        say(each)
    actions.seal()


def test_it_sends_what_is_sealed_from_now_on_with_its_number() -> None:
    sealed("before")

    async def test(browser: Browser) -> None:
        async with browser.listen("/live") as stream:
            assert stream.response.headers["content-type"] == "text/event-stream"
            assert stream.response.headers["cache-control"] == "no-store"
            await stream.next("")
            await stream.next("")
            await in_thread(lambda: sealed("hello"))
            frame = await stream.next("test.said")
        assert frame.number == 2
        assert frame.data["kind"] == "test.said"
        assert frame.data["body"] == {"words": "hello"}

    in_server(test)


def test_it_sends_nothing_before_the_commit() -> None:
    async def test(browser: Browser) -> None:
        async with browser.listen("/live?last=0") as stream:
            await in_thread(write_slowly)
            first = await stream.next("test.said")
            assert first.data["body"]["words"] == "quick"
            await in_thread(actions.seal)
            assert (await stream.next("test.said")).data["body"]["words"] == "slow"

    def write_slowly() -> None:
        with transaction.atomic():
            actions.append(Said("slow"), actor="a", subject="slow")
            quick_one()

    def quick_one() -> None:
        def run() -> None:
            sealed("quick")
            connection.close()

        thread = Thread(target=run)
        thread.start()
        thread.join()
        time.sleep(0.5)

    in_server(test)


def test_it_skips_and_repeats_nothing_under_concurrent_writers_and_reconnections() -> None:
    writers, each = 6, 30
    total = writers * each

    def write(writer: int) -> None:
        for n in range(each):
            with transaction.atomic():
                actions.append(Said(f"{writer}:{n}"), actor="w", subject=f"test:{writer}")
                time.sleep(random.random() / 200)

    async def seal_on() -> None:
        while True:
            await in_thread(actions.seal)
            await asyncio.sleep(0.01)

    async def stay(browser: Browser) -> list[int]:
        async with browser.listen("/live?last=0") as stream:
            return [frame.number or 0 for frame in await stream.numbered(total)]

    async def come_and_go(browser: Browser) -> list[int]:
        got: list[int] = []
        while len(got) < total:
            headers = {"Last-Event-ID": str(got[-1] if got else 0)}
            async with browser.listen("/live", headers=headers) as stream:
                wanted = min(random.randint(1, 25), total - len(got))
                got += [frame.number or 0 for frame in await stream.numbered(wanted)]
        return got

    async def test(browser: Browser) -> None:
        sealing = asyncio.create_task(seal_on())
        readers = [asyncio.create_task(reader(browser)) for reader in (stay, come_and_go, come_and_go)]
        await asyncio.gather(*(in_thread(lambda writer=writer: write(writer)) for writer in range(writers)))  # type: ignore[misc]
        for numbers in await asyncio.gather(*readers):
            assert numbers == list(range(1, total + 1))
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)

    in_server(test)


def test_it_moves_a_strangers_place_past_what_they_may_not_see() -> None:
    async def test(browser: Browser) -> None:
        async with browser.listen("/live?last=0") as stream:
            await in_thread(lambda: (whisper(), whisper(), actions.seal()))
            while stream.last_id != 2:
                await stream.next("")

    in_server(test)


def test_it_shows_strangers_the_public_part_of_every_kind_and_nothing_else() -> None:
    """Walks all kinds: a body full of marks, of which only those of public fields may come out."""
    for name, kind in events.kinds().items():
        body = {field: f"mark-{field}" for field in kind.event_class.__dataclass_fields__}
        made = events.Announcement(1, 1, None, name, "user:99", "s", "a", False, body)  # type: ignore[arg-type]
        frame = api._encode(made, whole=False)
        if not kind.public:
            assert frame is None, name
            continue
        assert frame is not None
        assert b"user:99" not in frame
        for field in body.keys() - kind.public:
            assert f'mark-{field}"'.encode() not in frame, (name, field)


@pytest.mark.parametrize(
    ("role", "agency", "sees"),
    [("operator", None, {"mine", "theirs", "nobody"}), ("staff", "mine", {"mine"}), ("citizen", None, set())],
)
def test_it_shows_whole_events_to_those_they_concern(role: str, agency: str | None, sees: set[str]) -> None:
    cookies = log_in(role, agency)

    async def test(browser: Browser) -> None:
        async with browser.listen("/live?last=0", cookies=cookies) as stream:
            await in_thread(three)
            frames = [await stream.next("test.said") for _ in range(3)]
        assert {frame.data["body"]["words"] for frame in frames if "secret" in frame.data["body"]} == sees
        assert {frame.data["body"]["words"] for frame in frames if "actor" in frame.data} == sees

    def three() -> None:
        for agency in ("mine", "theirs", ""):
            say(agency or "nobody", agency=agency)
        actions.seal()

    in_server(test)


def test_it_holds_no_database_connection_while_it_streams() -> None:
    cookies = log_in("operator")

    def connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    async def test(browser: Browser) -> None:
        before = await in_thread(connections)
        streams = [browser.listen("/live?last=0", cookies=cookies) for _ in range(8)]
        for stream in streams:
            await (await stream.__aenter__()).next("health")
        assert await in_thread(connections) <= before + 1
        for stream in streams:
            await stream.__aexit__(None, None, None)

    in_server(test)


def test_it_ends_when_the_watchers_access_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "CHECK_VIEWER_S", 0.2)
    cookies = log_in("operator")

    async def test(browser: Browser) -> None:
        async with browser.listen("/live", cookies=cookies) as stream:
            await stream.next("health")
            await in_thread(Membership.objects.all().delete)
            with pytest.raises(AssertionError, match="ended"):
                await stream.next("never")

    in_server(test)


def test_it_sends_positions_to_those_who_may_see_them_only(monkeypatch: pytest.MonkeyPatch) -> None:
    operator, citizen = log_in("operator"), log_in("citizen")
    monkeypatch.setattr(api, "KEEP_ALIVE_S", 0.1)

    async def test(browser: Browser) -> None:
        async with (
            browser.listen("/live", cookies=operator) as all_of,
            browser.listen("/live", cookies=citizen) as none,
        ):
            await all_of.next("health")
            await none.next("health")
            sources = await live.live()
            sources.positions.receive(b"[[7, 107.0, -6.2, 90, 31.5, 1480474800000]]")
            frame = await all_of.next("positions")
            assert frame.data in ([], [[7, 107.0, -6.2, 90, 31.5, 1480474800000]])
            for _ in range(15):
                assert (await none.next("positions", "", "health")).event != "positions"

    in_server(test)


def test_it_starts_strangers_to_this_ledger_afresh() -> None:
    sealed("a")

    async def test(browser: Browser) -> None:
        async with browser.listen("/live?last=4711") as stream:
            assert (await stream.next("reset")).data == {"number": 1}

    in_server(test)


def test_it_refuses_a_place_that_is_no_number(client: Client) -> None:
    assert asyncio.run(_status("/live?last=x")) == 400


async def _status(path: str) -> int:
    return (await AsyncClient().get(path)).status_code


def test_it_drops_a_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "STUCK_S", 0.3)

    async def test(browser: Browser) -> None:
        sources = await live.live()
        await sources.feed.ready.wait()
        sources.feed.broadcast._limit = 50
        host, port = browser.url.removeprefix("http://").split(":")
        _reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not len(sources.feed.broadcast):
            await asyncio.sleep(0.02)
        filling = events.Announcement(0, 0, None, "test.said", "", "", "", False, {"words": "x" * 100_000})  # type: ignore[arg-type]
        number = sources.feed.number
        while len(sources.feed.broadcast):
            number += 1
            sources.feed.broadcast.publish(replace(filling, number=number))
            await asyncio.sleep(0.002)
        writer.close()

    in_server(test)


def test_it_names_the_part_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SEAL_LATE_S", 0.3)

    async def test(browser: Browser) -> None:
        async with browser.listen("/live") as stream:
            first = await stream.next("health")
            assert first.data["parts"]["nats"]["ok"] is False
            assert first.data["parts"]["worker"]["ok"] is True
            await in_thread(lambda: say("nobody seals this"))
            while (await stream.next("health")).data["parts"]["worker"]["ok"]:
                pass

    in_server(test)


def test_it_writes_frames_as_the_standard_wants_them() -> None:
    assert sse.frame("a", {"b": "line\nbreak"}, 7) == b'id: 7\nevent: a\ndata: {"b":"line\\nbreak"}\n\n'
