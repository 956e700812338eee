"""Committing a batch: in order, once, and only by whoever holds the lane."""

import asyncio
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from patriot.intake.commit import TAKE, Overtaken, Step, Writer, connect
from patriot.intake.flow import Flow
from patriot.intake.knowledge import Knowledge
from patriot.intake.lanes import MAIN, split, wanted
from patriot.intake.refused import Gate
from patriot.intake.wire import Frames, Lost
from patriot.intake.work import codes_of, work_of
from patriot.kernel import clock
from patriot.kernel.config import Config
from patriot.sensing.equipment import quarantine
from patriot.sensing.models import Quarantined
from tests.intake.conftest import gauge

pytestmark = pytest.mark.django_db(transaction=True)

NOW = 1_795_309_353_000_000


def frames(*numbers: int, lost: int = 0) -> Frames:
    """Messages with these numbers in the stream, stored a second apart; `lost`: s later."""
    replies = [b"$JS.ACK.S.c.1.%d.heard.%d.0" % (n, (NOW + (n + lost) * 10**6) * 1000) for n in numbers]
    payloads = [b'{"v": %d, "t": %d}' % (n, 1795300000 + n + lost) for n in numbers]
    return Frames([b"$MQTT.msgs.sensing.gauge-1.level"] * len(numbers), replies, payloads)


class Silent:
    """A link to no broker."""

    def close(self) -> None:
        pass


async def flow(url: str) -> Flow:
    """A lane as it is taken over, reading from nobody."""
    link = await connect(url, "test")
    knowledge = Knowledge()
    await knowledge.load(link)
    row = await (await link.execute(TAKE, [MAIN.name])).fetchone()
    assert row
    writers = [Writer(await connect(url, "test"), Gate()) for _ in range(2)]
    made = Flow(MAIN, Silent(), *row, knowledge, writers, link, asyncio.Lock(), lambda *_: None)  # type: ignore[arg-type]
    for writer in writers:
        made._free.put_nowait(writer)
    return made


async def end(*flows: Flow) -> None:
    for one in flows:
        for link in (one.look, *(writer.connection for writer in one.writers)):
            await link.close()


def count(batch: Frames, heard: int) -> None:
    """Number what is said to one inbox, as the broker does."""
    batch.replies = [reply.replace(b"heard", b"%d" % n) for n, reply in enumerate(batch.replies, heard + 1)]


async def feed(one: Flow, *batches: Frames) -> None:
    for batch in batches:
        count(batch, one._heard)
        await one._pass_on(batch)
    assert one._last
    await one._last


def stored() -> list[float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM sensing_observation ORDER BY value")
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def url(postgres: Config) -> str:
    gauge("gauge-1", "level")
    return f"postgresql://patriot@/{connection.settings_dict['NAME']}?host={postgres.run_folder}"


def test_it_stores_what_is_delivered_again_once(url: str) -> None:
    async def run() -> None:
        first = await flow(url)
        await feed(first, frames(1, 2, 3), frames(2, 3, 4), frames(3))
        second = await flow(url)  # it begins where the first had committed
        await feed(second, frames(3, 4, 5), frames(6))
        await end(first, second)

    asyncio.run(run())
    assert stored() == [1, 2, 3, 4, 5, 6]


def test_it_begins_again_when_the_broker_left_something_out(url: str) -> None:
    async def run() -> None:
        one = await flow(url)
        await feed(one, frames(1))
        later = frames(3)
        count(later, one._heard + 1)
        with pytest.raises(Lost, match="left something out"):
            await one._pass_on(later)
        await end(one)

    asyncio.run(run())
    assert stored() == [1]


def test_a_broker_that_counts_anew_is_not_mistaken_for_one_that_repeats_itself(url: str) -> None:
    async def run() -> None:
        one = await flow(url)
        await feed(one, frames(8, 9), frames(1, 2, lost=100), frames(1, 2, lost=100), frames(3, lost=100))
        await end(one)

    asyncio.run(run())
    assert stored() == [1, 2, 3, 8, 9]


def test_whoever_was_overtaken_cannot_commit(url: str) -> None:
    async def run() -> None:
        slow = await flow(url)
        await feed(slow, frames(1))
        fast = await flow(url)
        await feed(fast, frames(2))
        with pytest.raises(Overtaken):
            await feed(slow, frames(2))
        await end(slow, fast)

    asyncio.run(run())
    assert stored() == [1, 2]


def test_a_batch_is_not_committed_before_the_one_before_it(url: str) -> None:
    async def run() -> None:
        one = await flow(url)
        knowledge: Any = one.knowledge

        def work(batch: Frames) -> Any:
            return work_of(batch, codes_of(batch, knowledge, MAIN), np.full(len(batch), NOW), knowledge, MAIN)

        async def failing() -> None:
            await asyncio.sleep(0.1)
            raise OSError("the first batch failed")

        step = Step(MAIN, one.epoch, 0, 2, 0)
        with pytest.raises(OSError, match="first"):
            await one.writers[1].write(work(frames(2)), step, asyncio.ensure_future(failing()))
        await end(one)

    asyncio.run(run())
    assert stored() == []


def test_it_says_what_is_wrong_with_the_number_of_lanes() -> None:
    assert (wanted({}), wanted({"PATRIOT_INTAKE_LANES": "4"})) == (1, 4)
    assert len({lane.filter for lane in split(4)}) == 6
    for text in ("0", "65", "many", "-1"):
        with pytest.raises(ValueError, match="PATRIOT_INTAKE_LANES"):
            wanted({"PATRIOT_INTAKE_LANES": text})


def test_it_forgets_what_nobody_asked_for_in_a_month() -> None:
    now = clock.now()
    for days in (1, 29, 31, 400):
        Quarantined.objects.create(
            at=now - timedelta(days=days), source="mqtt", uid="a", topic="", reason="malformed", payload=b"x"
        )
    assert quarantine.forget(now) == 2
    assert Quarantined.objects.count() == 2
