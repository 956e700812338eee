"""One lane while this process holds it: take, judge, commit."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from patriot.intake import creations
from patriot.intake.commit import Step, Writer
from patriot.intake.knowledge import NOBODY, Knowledge
from patriot.intake.lanes import HEARTBEAT_S, Lane
from patriot.intake.wire import Frames, Link, Lost
from patriot.intake.work import Work, codes_of, work_of
from patriot.kernel import pulse

log = logging.getLogger(__name__)

MOST = 60_000  # messages in one batch
GATHER_S, ENOUGH = 0.03, 500_000  # so long a batch waits for more than so many bytes
SILENCE_S = 3 * HEARTBEAT_S  # without even a heartbeat the consumer is taken to be gone
WRITERS = 2

type AfterCommit = Callable[[Work, "np.ndarray[Any, np.dtype[np.int64]]"], None]


@dataclass
class Flow:
    """Reads one lane until cancelled or until something fails; `sequence` and `stamp` as committed."""

    lane: Lane
    link: Link
    epoch: int
    sequence: int
    stamp: int
    knowledge: Knowledge
    writers: list[Writer]
    look: "psycopg.AsyncConnection[Any]"  # to read what was configured; shared, for short questions
    looking: asyncio.Lock
    after_commit: AfterCommit
    _heard: int = 0  # the number of the last message that was said to us
    _free: "asyncio.Queue[Writer]" = field(default_factory=asyncio.Queue)
    _last: "asyncio.Task[None] | None" = None
    _fault: BaseException | None = None

    async def run(self) -> None:
        """Raises what went wrong: the lane's last batches were then not committed and come again."""
        for writer in self.writers:
            self._free.put_nowait(writer)
        try:
            while self._fault is None:
                frames = await self.link.take(MOST, SILENCE_S, GATHER_S, ENOUGH)
                await self._pass_on(frames)
            raise self._fault
        except Exception as fault:
            raise self._fault or fault from None
        finally:
            self.link.close()
            if self._last is not None:
                with suppress(Exception):
                    await self._last

    async def _pass_on(self, frames: Frames) -> None:
        """Judge a batch as soon as a writer is free: while none is, flow control holds the broker back."""
        writer = await self._free.get()
        if self._fault is not None:
            return
        first, last = frames.numbers()
        if (first, last) != (self._heard + 1, self._heard + len(frames)):
            raise Lost("the broker left something out")  # it is said again from what was committed
        self._heard = last
        sequence, stamp = frames.stamps()
        before = self.sequence
        fresh = (sequence > self.sequence) | (stamp > self.stamp)
        if not fresh.all():  # delivered again: committed, or on its way
            frames, sequence, stamp = _only(frames, fresh), sequence[fresh], stamp[fresh]
        if len(frames):
            self.sequence, self.stamp = int(sequence[-1]), max(self.stamp, int(stamp.max()))
        work = work_of(frames, await self._codes(frames), stamp // 1000, self.knowledge, self.lane)
        # Here, one after the other: making a table waits for every open transaction on its parent, and those
        # that are open now wait for nothing of ours. Within `write` an earlier batch waited for a later one.
        await writer.ensure_days(work.batch.at)
        step = Step(self.lane, self.epoch, before, self.sequence, self.stamp)
        self._last = asyncio.create_task(self._settle(writer, work, step, self._last))

    async def _codes(self, frames: Frames) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Who speaks. Somebody unknown is a reason to look again what is registered."""
        codes = codes_of(frames, self.knowledge, self.lane)
        strangers = [frames.subjects[n] for n in np.flatnonzero(codes == NOBODY).tolist()]
        if strangers and self.knowledge.meets(strangers):
            async with self.looking:
                await self.knowledge.ask_for(strangers, self.look)
            codes = codes_of(frames, self.knowledge, self.lane)
        return codes

    async def _settle(
        self, writer: Writer, work: Work, step: Step, before: "asyncio.Task[None] | None"
    ) -> None:
        """Commit, then tell. On a failure the whole flow ends."""
        try:
            await creations.create(work)
            numbers = await writer.write(work, step, before)
        except BaseException as fault:
            self._fault = self._fault or fault
            self.link.close()
            raise
        finally:
            self._free.put_nowait(writer)
        pulse.count("readings", len(work.ids))
        pulse.count("readings_refused", len(work.refused))
        self.after_commit(work, numbers)


def _only(frames: Frames, fresh: "np.ndarray[Any, np.dtype[np.bool_]]") -> Frames:
    rows = np.flatnonzero(fresh).tolist()
    columns = (frames.subjects, frames.replies, frames.payloads)
    return Frames(*([column[n] for n in rows] for column in columns))
