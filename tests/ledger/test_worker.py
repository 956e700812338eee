"""The worker as a whole: seals, tells, delivers, runs jobs, notes anchors, and goes when asked to."""

import asyncio
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from patriot.kernel import jobs, pulse, reactions
from patriot.kernel.bus import Bus
from patriot.kernel.events import Announcement
from patriot.ledger import actions, anchors, queries, schedule, wire, worker
from patriot.ledger.queries import Head
from patriot.ledger.verify import verify
from tests.ledger.events import say
from tests.nats import Nats

pytestmark = pytest.mark.django_db(transaction=True)


def commit() -> None:
    say("hello")
    connection.close()


def cut_all_connections() -> None:
    """What a restart of PostgreSQL does to everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


async def until(seen: list[object], patience_s: float = 15) -> None:
    async with asyncio.timeout(patience_s):
        while not seen:
            await asyncio.sleep(0.02)


def test_it_seals_tells_delivers_and_stops_when_cancelled(
    broker: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    reacted: list[Announcement] = []
    ran: list[float] = []
    reaction = reactions.Reaction("test.worker", frozenset({"test.said"}), reacted.append)
    monkeypatch.setattr(reactions, "_REACTIONS", {"test.worker": reaction})
    monkeypatch.setattr(
        jobs, "_JOBS", {"test.job": jobs.Job("test.job", "* * * * * *", lambda: ran.append(time.time()))}
    )

    async def run() -> None:
        heard: list[Announcement] = []
        listener = Bus(settings.CONFIG.nats_address, "listener")
        await listener.subscribe(wire.SUBJECT, lambda payload: heard.extend(wire.read(payload).events))
        listening = asyncio.create_task(listener.run())
        working = asyncio.create_task(worker.run())
        while not listener.connected:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(commit)
        said_at = time.monotonic()
        await until(heard)
        assert time.monotonic() - said_at < 1
        await until(reacted)
        await until(ran)
        assert pulse.age() is not None
        await asyncio.to_thread(cut_all_connections)
        for seen in (heard, reacted, ran):
            seen.clear()
        await asyncio.to_thread(commit)
        for seen in (heard, reacted, ran):
            await until(seen)
        working.cancel()
        cancelled_at = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert time.monotonic() - cancelled_at < 3
        listening.cancel()

    connection.close()
    asyncio.run(run())
    assert [event.number for event in reacted] == [2]
    assert not {thread.name for thread in threading.enumerate()} & {"sealer", "courier", "anchors"}


def test_it_runs_a_job_in_one_worker_at_a_time_and_forgets_a_lock_with_its_holder() -> None:
    ran: list[int] = []
    run = schedule._runner(jobs.Job("test.job", "* * * * *", lambda: ran.append(1)))
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with schedule._alone("test.job"):
            holding.set()
            release.wait(10)
            connection.close()  # as a killed process would leave it

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(10)
    run(0)
    assert ran == []
    release.set()
    holder.join()
    run(0)
    assert ran == [1]


def test_it_notes_the_head_outside_the_database_and_compares_with_it(tmp_path: Path) -> None:
    moment = datetime(2016, 11, 30, tzinfo=UTC)
    assert anchors.last(tmp_path) is None
    say("a")
    actions.seal()
    anchors.note(tmp_path, queries.head(), moment)
    anchors.note(tmp_path, queries.head(), moment)
    assert (tmp_path / anchors.FILE).read_text().count("\n") == 1
    assert anchors.last(tmp_path) == queries.head()
    assert verify(anchors.last(tmp_path)).is_whole
    anchors.note(tmp_path, Head(9, b"\1" * 32), moment)
    assert [fault.number for fault in verify(anchors.last(tmp_path)).faults] == [1]


def test_it_passes_over_a_note_that_a_crash_cut_short(tmp_path: Path) -> None:
    head = Head(3, b"\2" * 32)
    anchors.note(tmp_path, head, datetime(2016, 11, 30, tzinfo=UTC))
    with (tmp_path / anchors.FILE).open("a") as notes:
        notes.write("2016-11-30T00:01 4 ffff\n2016-11-30T00:02")
    assert anchors.last(tmp_path) == head
