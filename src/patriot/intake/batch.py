"""Gathering: requests wait here for a few milliseconds, are judged, written and answered together."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

import psycopg

from patriot.fleet.rules import REPEAT, UNKNOWN, WRONG_SECRET, Draft, Fix, Known, Last, advance, judge
from patriot.intake.store import Quarantine, Store
from patriot.kernel import pulse

log = logging.getLogger(__name__)

GATHER_S = 0.02  # how long the first of a batch waits for others
MOST = 2000  # fixes in one batch
WAITING_ROOM = 20_000  # fixes waiting; above it devices are told to come again
REFRESH_S = 10.0  # how often devices are read again
UNKNOWN_REFRESH_S = 1.0  # a device registered this moment is known this much later
SOURCE = "osmand"


@dataclass(slots=True)
class Answer:
    """What a device gets to hear: an HTTP status and words."""

    status: int
    words: str = ""


STORED = Answer(200)
AWAY = Answer(503, "The database is away; nothing was stored. Send it again.")
FULL = Answer(503, "Too many positions are waiting. Send it again.")
REFUSALS = {
    UNKNOWN: Answer(404, "This id is not registered."),
    WRONG_SECRET: Answer(403, "The secret is wrong."),
}
UNUSABLE = Answer(400, "This is not a position on earth.")


@dataclass(slots=True)
class Waiting:
    """One request: its fixes, or the reason why it has none, and where its answer goes."""

    fixes: list[Fix]
    frame: str
    answer: "asyncio.Future[Answer]"
    uid: str = ""
    bad: Answer | None = None
    reason: str = ""


@dataclass
class Round:
    """One batch while it is judged: what is to be written, how to undo what was remembered."""

    drafts: list[Draft] = field(default_factory=list)
    quarantined: list[Quarantine] = field(default_factory=list)
    answers: list[tuple[Waiting, Answer]] = field(default_factory=list)
    before: dict[int, tuple[Known, Last | None]] = field(default_factory=dict)

    def remember(self, draft: Draft) -> None:
        """Let the next fix of this batch be judged against this one."""
        known = draft.known
        assert known is not None
        self.before.setdefault(known.device_id, (known, known.last))
        advance(draft)

    def forget(self) -> None:
        """The batch was not committed: the devices are where they were."""
        for known, last in self.before.values():
            known.last = last


@dataclass
class Gatherer:
    """The one writer. `submit` hands it a request; `run` writes batches until cancelled."""

    store: Store
    after_commit: Callable[[list[Draft]], None]
    healthy: bool = False
    _waiting: "asyncio.Queue[Waiting]" = field(default_factory=lambda: asyncio.Queue(WAITING_ROOM))
    _devices: dict[str, Known] = field(default_factory=dict)
    _read_at: float = 0.0

    def submit(self, waiting: Waiting) -> None:
        """Queue a request; its future gets the answer once its batch is committed."""
        try:
            self._waiting.put_nowait(waiting)
        except asyncio.QueueFull:
            waiting.answer.set_result(FULL)

    async def run(self) -> None:
        """Write batches, for ever. Beats the process's pulse once a round, at least once a second."""
        while True:
            pulse.beat()
            batch = await self._gather()
            if batch:
                await self._settle(batch)
            elif not self.healthy or monotonic() - self._read_at > REFRESH_S:
                await self._look()

    async def _gather(self) -> list[Waiting]:
        try:
            first = await asyncio.wait_for(self._waiting.get(), 1.0)
        except TimeoutError:
            return []
        await asyncio.sleep(GATHER_S)
        batch, fixes = [first], len(first.fixes)
        while fixes < MOST and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
            fixes += len(batch[-1].fixes)
        return batch

    async def _settle(self, batch: list[Waiting]) -> None:
        """Judge, commit, answer. When the commit fails nobody is told that anything was stored."""
        work = Round()
        try:
            await self._meet(batch)
            now = datetime.now(UTC)
            for waiting in batch:
                work.answers.append((waiting, _judge(waiting, self._devices, now, work)))
            await self.store.write(work.drafts, work.quarantined)
        except (psycopg.Error, OSError) as fault:
            work.forget()
            await self._fail(batch, fault)
        except BaseException:
            _answer_all(batch, AWAY)
            raise
        else:
            self.healthy = True
            pulse.count("positions", len(work.drafts))
            pulse.count("positions_refused", len(work.quarantined))
            for waiting, answer in work.answers:
                _answer(waiting, answer)
            self.after_commit(work.drafts)

    async def _fail(self, batch: list[Waiting], fault: Exception) -> None:
        log.warning("%d positions were not stored: %s", sum(len(waiting.fixes) for waiting in batch), fault)
        self.healthy = False
        _answer_all(batch, AWAY)
        await self.store.close()
        self._devices.clear()  # read again once the database is back

    async def _look(self) -> None:
        """Read the devices; what is remembered of their last fixes gives way to what is committed."""
        try:
            self._devices = await self.store.devices()
            self._read_at, self.healthy = monotonic(), True
        except (psycopg.Error, OSError) as fault:
            log.warning("The database is away: %s", fault)
            self.healthy = False
            await self.store.close()

    async def _meet(self, batch: list[Waiting]) -> None:
        """Have the devices at hand; look again when somebody unknown speaks, at most once a second."""
        age = monotonic() - self._read_at
        strangers = any(fix.uid not in self._devices for waiting in batch for fix in waiting.fixes)
        if age > REFRESH_S or not self._devices or (strangers and age > UNKNOWN_REFRESH_S):
            self._devices = await self.store.devices()
            self._read_at = monotonic()


def _judge(waiting: Waiting, devices: dict[str, Known], now: datetime, work: Round) -> Answer:
    if waiting.bad is not None:
        work.quarantined.append((now, SOURCE, waiting.uid, waiting.reason, waiting.frame))
        return waiting.bad
    refused: list[Answer] = []
    for fix in waiting.fixes:
        draft, reason = judge(fix, devices.get(fix.uid), now)
        if reason is None:
            work.drafts.append(draft)
            work.remember(draft)
        elif reason != REPEAT:
            refused.append(REFUSALS.get(reason, UNUSABLE))
            work.quarantined.append((now, SOURCE, fix.uid, reason, waiting.frame))
    # A buffer with one bad position among good ones is taken: refused as a whole it would be sent for ever.
    return refused[0] if len(refused) == len(waiting.fixes) else STORED


def _answer(waiting: Waiting, answer: Answer) -> None:
    if not waiting.answer.done():  # the device may have hung up
        waiting.answer.set_result(answer)


def _answer_all(batch: list[Waiting], answer: Answer) -> None:
    for waiting in batch:
        _answer(waiting, answer)
