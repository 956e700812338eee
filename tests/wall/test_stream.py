"""The wall's stream: a snapshot, then every change, to everybody at once and to nobody it is not for."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from patriot.kernel.errors import Invalid, NotAllowed, NotFound
from patriot.kernel.events import Announcement
from patriot.ledger import actions as ledger
from patriot.ledger import feed, live
from patriot.ledger.queries import tail
from patriot.people.models import Membership
from patriot.people.rules import Role, Viewer
from patriot.wall import actions, board, queries, stream
from patriot.wall.picture import Picture
from tests.ledger.events import say
from tests.sensing import city as sensed
from tests.streams import Browser, Reader, in_server, in_thread
from tests.wall.conftest import KEYED, SAID

pytestmark = pytest.mark.django_db(transaction=True)

OPERATOR = Viewer(1, "Op", frozenset({Role.OPERATOR}))
type WallOf = Callable[..., None]


def say_and_seal(*words: str) -> None:
    for each in words:
        say(each)
    ledger.seal()


async def snapshot_with(stream_: Reader, panel: str) -> dict:  # type: ignore[type-arg]
    while True:
        frame = await stream_.next("snapshot")
        if panel in frame.data["panels"]:
            return frame.data  # type: ignore[no-any-return]


def test_it_begins_with_a_snapshot_and_goes_on_with_changes(wall_of: WallOf) -> None:
    wall_of(SAID, KEYED)
    say_and_seal("before")

    async def test(browser: Browser) -> None:
        async with browser.listen("/wall/stream") as wall:
            first = await snapshot_with(wall, "said")
            assert first["number"] == 1
            panel = first["panels"]["said"]
            assert panel["view"] == ["before"]
            assert panel["source"] == "what tests say"
            assert panel["stale_after_s"] == 15
            assert abs((datetime.fromisoformat(panel["as_of"]) - datetime.now(UTC)).total_seconds()) < 5
            (key,) = first["panels"]["heard"]["rows"]
            await in_thread(lambda: say_and_seal("after"))
            changes = [(await wall.next("panel")).data for _ in range(2)]
        whole, keyed = sorted(changes, key=lambda change: change["name"], reverse=True)
        assert whole["view"] == ["before", "after"]
        assert list(keyed["set"].values()) == [{"words": "after"}]
        assert keyed["unset"] == []
        assert key not in keyed["set"]

    in_server(test)


def test_it_tells_of_what_was_committed_but_not_sealed_when_it_looked(wall_of: WallOf) -> None:
    wall_of(SAID)
    say("pending")

    async def test(browser: Browser) -> None:
        async with browser.listen("/wall/stream") as wall:
            first = await snapshot_with(wall, "said")
            assert (first["number"], first["panels"]["said"]["view"]) == (0, ["pending"])
            await in_thread(lambda: say_and_seal("next"))
            assert (await wall.next("panel")).data["view"] == ["pending", "next"]

    in_server(test)


def test_it_shows_each_display_its_own_scene(wall_of: WallOf) -> None:
    wall_of(SAID)
    key = actions.add_display("lobby", viewer=OPERATOR)
    (display,) = queries.displays()

    def pin(**what: object) -> None:
        actions.pin_scene(viewer=OPERATOR, **what)  # type: ignore[arg-type]
        ledger.seal()

    async def test(browser: Browser) -> None:
        async with (
            browser.listen(f"/wall/stream?key={key}") as lobby,
            browser.listen("/wall/stream") as other,
        ):
            await snapshot_with(lobby, "said")
            await snapshot_with(other, "said")
            await in_thread(lambda: pin(scene="deadlines", incident=31))
            for wall in (lobby, other):
                assert await pinned(wall, True) == {"scene": "deadlines", "pinned": True, "incident": 31}
            await in_thread(lambda: pin(scene="now", display=display.id))
            while (await lobby.next("scene")).data["scene"] != "now":
                pass
            assert (await other.next("scene")).data["scene"] == "deadlines"
            await in_thread(lambda: pin(scene=None))
            assert (await pinned(lobby, False))["scene"] is None
        async with browser.listen(f"/wall/stream?key={key}") as again:
            assert (await snapshot_with(again, "said"))["scene"]["pinned"] is False

    async def pinned(wall: Reader, wanted: bool) -> dict:  # type: ignore[type-arg]
        while True:
            frame = await wall.next("scene")
            if frame.data["pinned"] is wanted:
                return frame.data  # type: ignore[no-any-return]

    in_server(test)


def test_it_refuses_pins_that_make_no_sense() -> None:
    with pytest.raises(NotAllowed):
        actions.pin_scene("now", viewer=Viewer(2, "", frozenset({Role.STAFF})))
    with pytest.raises(Invalid):
        actions.pin_scene("disco", viewer=OPERATOR)
    with pytest.raises(NotFound):
        actions.pin_scene("now", viewer=OPERATOR, display=4711)
    with pytest.raises(NotAllowed):
        actions.add_display("x", viewer=Viewer(2, "", frozenset({Role.LEADERSHIP})))


def test_it_keeps_no_key_and_forgets_a_removed_display() -> None:
    key = actions.add_display("lobby", viewer=OPERATOR)
    with pytest.raises(Invalid):
        actions.add_display("lobby", viewer=OPERATOR)
    assert queries.display_by_digest(key) is None
    display = queries.display_by_digest(actions.digest(key))
    assert display is not None
    actions.remove_display(display, viewer=OPERATOR)
    assert queries.display_by_digest(actions.digest(key)) is None


@pytest.mark.parametrize(
    ("role", "demo", "query", "status"),
    [(None, False, "", 403), ("citizen", False, "", 403), ("staff", False, "", 403),
     ("operator", False, "", 200),
     ("leadership", False, "", 200), (None, True, "", 200), (None, True, "?key=wrong", 403),
     ("operator", False, "?key=wrong", 403)],
)  # fmt: skip
def test_it_lets_in_whom_it_is_for(
    wall_of: WallOf, settings: Settings, role: str | None, demo: bool, query: str, status: int
) -> None:
    wall_of(SAID)
    settings.DEMO = demo
    client = Client()
    if role:
        user = get_user_model().objects.create_user(role, password="x")
        Membership.objects.create(user=user, role=role)
        client.force_login(user, "patriot.people.sign_in.Backend")
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}

    async def test(browser: Browser) -> None:
        async with browser.listen(f"/wall/stream{query}", cookies=cookies) as wall:
            assert wall.response.status_code == status

    in_server(test)


def test_it_sends_a_display_away_whose_key_was_taken_back(
    wall_of: WallOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall_of(SAID)
    monkeypatch.setattr(stream, "CHECK_S", 0.1)
    monkeypatch.setattr(stream, "KEEP_ALIVE_S", 0.1)
    key = actions.add_display("lobby", viewer=OPERATOR)
    display = queries.display_by_digest(actions.digest(key))
    assert display is not None

    async def test(browser: Browser) -> None:
        async with browser.listen(f"/wall/stream?key={key}") as wall:
            await snapshot_with(wall, "said")
            await in_thread(lambda: actions.remove_display(display, viewer=OPERATOR))
            with pytest.raises((AssertionError, httpx.HTTPError)):
                await wall.next("never")

    in_server(test)


def test_it_passes_positions_on_at_once_and_in_the_snapshot(wall_of: WallOf) -> None:
    wall_of(SAID)
    newest = [7, 107.0, -6.2, 90, 31.5, 2000]

    async def test(browser: Browser) -> None:
        async with browser.listen("/wall/stream") as wall:
            await snapshot_with(wall, "said")
            sources = await live.live()
            sources.positions.receive(b"[[7,107.0,-6.2,90,31.5,2000],[8,107.1,-6.2,null,null,1500]]")
            sources.positions.receive(b"[[7,1.0,1.0,0,0,1000]]")
            assert sorted((await wall.next("positions")).data) == [newest, [8, 107.1, -6.2, None, None, 1500]]
        async with browser.listen("/wall/stream") as wall:
            assert newest in (await snapshot_with(wall, "said"))["positions"]

    in_server(test)


def test_it_passes_on_what_shown_sensors_say_and_nothing_else(wall_of: WallOf) -> None:
    wall_of(SAID)
    level = sensed.of(sensed.gauge("p2c", 0), "level")
    sensed.read(level, [(datetime(2026, 11, 21, 3, tzinfo=UTC), 240.0, 0)])
    known = [level.pk, 240.0, 1795230000000, 0]
    other = level.pk + 1000

    async def test(browser: Browser) -> None:
        async with browser.listen("/wall/stream") as wall:
            assert (await snapshot_with(wall, "said"))["readings"] == [known]
            sources = await live.live()
            sources.readings.merge([(level.pk, 251.5, 1795230060000, 0), (other, 1, 1795230060000, 0)])
            said = [[level.pk, 251.5, 1795230060000, 0]]
            while (frame := await wall.next("readings")).data != said:
                assert frame.data == [known]

    in_server(test)


def test_it_says_which_part_is_away_and_lets_panels_grow_old(
    wall_of: WallOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall_of(SAID)
    monkeypatch.setattr(feed, "SEAL_LATE_S", 0.2)
    monkeypatch.setattr(board, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(board, "LOOK_S", 0.2)

    async def test(browser: Browser) -> None:
        async with browser.listen("/wall/stream") as wall:
            await snapshot_with(wall, "said")
            await in_thread(lambda: say("nobody seals this"))
            while (frame := await wall.next("health")).data["parts"]["worker"]["ok"]:
                pass
            assert frame.data["parts"]["worker"]["since"]
            await asyncio.sleep(0.5)
            ages = {(await wall.next("health")).data["as_of"]["said"] for _ in range(6)}
            assert len(ages) <= 2
            await in_thread(ledger.seal)
            while not (await wall.next("health")).data["parts"]["worker"]["ok"]:
                pass

    in_server(test)


def test_it_keeps_showing_a_panel_that_cannot_be_read_and_mends_it(
    wall_of: WallOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = [False]

    def load(now: datetime) -> dict:  # type: ignore[type-arg]
        if fails[0]:
            raise ValueError
        return SAID.load(now)

    def fold(rows: object, event: Announcement) -> dict:  # type: ignore[type-arg]
        raise ValueError

    picture = Picture({"said": replace(SAID, load=load, fold=fold), "other": replace(KEYED, name="other")})
    say_and_seal("a")
    now = datetime.now(UTC)
    picture.load(now)
    assert b'"view":["a"]' in picture.step([], now, now, True).frames
    say("b")
    sealed = ledger.seal()
    told = picture.step(sealed, now, now, False).frames
    assert b"other" in told
    assert b"said" not in told
    assert picture.is_broken
    before = picture.ages()["said"]
    fails[0] = True
    picture.load(datetime.now(UTC))
    picture.step([], datetime.now(UTC), datetime.now(UTC), True)
    assert picture.ages()["said"] == before
    assert picture.ages()["other"] > before
    assert picture.snapshot()["said"]["view"]
    fails[0] = False
    picture.load(datetime.now(UTC))
    assert b'"view":["a","b"]' in picture.step([], now, now, False).frames
    assert not picture.is_broken


def test_it_sends_large_views_less_often_and_forgets_no_change() -> None:
    picture = Picture({"said": SAID})
    now = datetime.now(UTC)
    picture.load(now)
    say_and_seal("x" * 64_000)
    events = iter(tail(0))
    picture.step([], now, now, True)

    def step(after_s: float) -> bytes:
        moment = now + timedelta(seconds=after_s)
        return picture.step([event for event in [next(events, None)] if event], moment, moment, False).frames

    assert step(0.1)
    say_and_seal("small")
    events = iter(tail(0)[1:])
    assert not step(0.5)
    assert picture.is_behind
    assert b"small" in step(2.2)
    assert not picture.is_behind


def test_it_begins_todays_figures_anew_at_midnight_in_jakarta() -> None:
    assert board.next_midnight(datetime(2016, 11, 30, 16, 59, tzinfo=UTC)) == datetime(
        2016, 11, 30, 17, tzinfo=UTC
    )
    assert board.next_midnight(datetime(2016, 11, 30, 17, 0, tzinfo=UTC)) == datetime(
        2016, 12, 1, 17, tzinfo=UTC
    )


def test_two_hundred_walls_cost_one_encoding(wall_of: WallOf) -> None:
    made: list[int] = []

    def view(rows: dict, now: datetime) -> list:  # type: ignore[type-arg]
        made.append(1)
        return SAID.view(rows, now)  # type: ignore[no-any-return]

    wall_of(replace(SAID, view=view))

    async def test(browser: Browser) -> None:
        async def watch() -> float:
            async with browser.listen("/wall/stream") as wall:
                await snapshot_with(wall, "said")
                ready.append(1)
                while "hello" not in (await wall.next("panel")).data.get("view", []):
                    pass
                return time.monotonic()

        ready: list[int] = []
        walls = [asyncio.create_task(watch()) for _ in range(200)]
        while len(ready) < 200:
            await asyncio.sleep(0.05)
        before, said_at = len(made), time.monotonic()
        await in_thread(lambda: say_and_seal("hello"))
        heard = await asyncio.gather(*walls)
        assert max(heard) - said_at < 10
        assert len(made) - before <= 4

    in_server(test)
