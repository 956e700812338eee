"""Changes, for whoever subscribed to them over MQTT.

After a change the broker is asked who subscribed (`CONNZ` with a filter, open to every account), and only
then is the change matched: who subscribed before it is told of it, however shortly before. Changes that come
while a question is on its way share the next one; where nothing changes, nothing is asked. Subscribers are
the broker's business and strangers to us: they are told what is public. Those who came in with a token are
told what its owner may see (`topics.SEEN`). Best effort, as core NATS is: the truth is in the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import orjson
from numpy.typing import NDArray

from patriot.kernel.bus import Bus
from patriot.sensing.models import Datastream
from patriot.sensing.sta import asked, present, times
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.model import DATASTREAM, OBSERVATION
from patriot.sensing.sta.reader import Reader, Source
from patriot.sensing.sta.resolve import resolve
from patriot.sensing.sta.topics import SEEN, SUBJECTS, Topic, topics
from patriot.sensing.sta.write import Change

log = logging.getLogger(__name__)

SAID = "said."  # what the house says under it reaches subscribers; devices cannot say it
PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0  # between an answer and the next question
QUIET_PAUSE_S = 0.25  # while nobody subscribed
SHARE = 20  # a pause is so many times as long as its question took: that grows with the broker's connections
MOST_WAITING = 10_000
WHO = "$SYS.REQ.SERVER.PING.CONNZ"
QUESTIONS = [
    orjson.dumps({"subscriptions": True, "filter_subject": subjects, "limit": 4096})
    for subjects in (SUBJECTS, f"{SEEN}>")
]

type Message = tuple[str, bytes]


@dataclass
class Feed:
    """One process's knowledge of who subscribed to what. `run` until cancelled.

    `public`: asks for the ids of public datastreams; needed by `observed` only.
    """

    bus: Bus
    base: str  # the service root's address, for links
    public: Callable[[], Awaitable[Collection[int]]] | None = None
    work: Callable[[Sequence[Topic], Iterable[Change], str], list[Message]] | None = None
    topics: dict[str, list[Topic]] = field(default_factory=dict)  # by subject
    streams: dict[int | None, list[Topic]] = field(default_factory=dict)  # new observations', by datastream
    asked: list[Topic] = field(default_factory=list)  # new observations' that take a question
    open: frozenset[int] = frozenset()  # public datastreams
    _changes: "asyncio.Queue[Iterable[Change]]" = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    _loop: asyncio.AbstractEventLoop | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked_at: float = 0.0  # when the question was asked whose answer is known
    _pause_ends: float = 0.0

    async def run(self) -> None:
        """Hand changes on."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                await self._hand_on()
        finally:
            self._loop = None

    async def refreshed(self) -> None:
        """Return when the broker was asked after this call who subscribed. Calls share questions."""
        called = monotonic()
        async with self._asking:
            if self._asked_at > called:
                return
            await asyncio.sleep(self._pause_ends - monotonic())
            asked_at = monotonic()
            try:
                await self._refresh()
            except Exception:  # what was known stays
                log.exception("it could not be asked who subscribed")
            self._asked_at = asked_at
            pause = max(PAUSE_S if self.topics else QUIET_PAUSE_S, SHARE * (monotonic() - asked_at))
            self._pause_ends = monotonic() + min(LONGEST_PAUSE_S, pause)

    async def _refresh(self) -> None:
        answers = await asyncio.gather(*(self.bus.request(WHO, question) for question in QUESTIONS))
        if None in answers:
            return
        subjects = frozenset(subject for answer in answers if answer for subject in _subjects(answer))
        if subjects != self.topics.keys():
            self.topics = {subject: self.topics.get(subject) or topics(subject) for subject in subjects}
            self.streams = _streams(self.topics)
            self.asked = asked.concerned(topic for found in self.topics.values() for topic in found)
        if (self.streams or self.asked) and self.public is not None:
            self.open = frozenset(await self.public())

    def tell(self, changes: Iterable[Change]) -> None:
        """Take committed changes, from any thread. They are looked at only when somebody subscribed."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._put, changes)

    def _put(self, changes: Iterable[Change]) -> None:
        if not self._changes.full():
            self._changes.put_nowait(changes)

    async def _hand_on(self) -> None:
        """All that waits, after one question."""
        waiting = [await self._changes.get()]
        while not self._changes.empty():
            waiting.append(self._changes.get_nowait())
        await self.refreshed()
        wanted = [topic for found in self.topics.values() for topic in found]
        for changes in waiting if wanted else ():
            await self._say(wanted, changes)

    async def _say(self, wanted: Sequence[Topic], changes: Iterable[Change]) -> None:
        try:
            said = await asyncio.to_thread(self.work or messages, wanted, changes, self.base)
            for subject, payload in said:
                await self.bus.publish(SAID + subject, payload)
        except Exception:  # a change nobody can be told of must not end the feed
            log.exception("subscribers were not told of what changed")

    def observed(
        self,
        ids: NDArray[Any],
        streams: NDArray[Any],
        at: NDArray[Any],
        value: NDArray[Any],
        flags: NDArray[Any],
    ) -> Iterator[Message]:
        """What to publish, under `SAID`, of plain readings just committed. `at`: µs since 1970."""
        if not self.streams:
            return
        everything = self.streams.get(None, [])
        rows = zip(ids.tolist(), streams.tolist(), at.tolist(), value.tolist(), flags.tolist(), strict=True)
        for key, stream, moment, number, flag in rows:
            for topic in (*everything, *self.streams.get(stream, ())):
                if stream in self.open:
                    yield topic.subject, present.encode(self._record(topic, key, moment, number, flag))

    def _record(self, topic: Topic, key: int, moment: int, number: float, flag: int) -> present.Record:
        link = f"{self.base}/Observations({key})"
        said: present.Record = {
            "@iot.id": key, "@iot.selfLink": link,
            "phenomenonTime": times.say(datetime.fromtimestamp(moment / 1e6, UTC)), "resultTime": None,
            "result": None if number != number else present.result(number, None),
        }  # fmt: skip
        if quality := present.quality(flag):
            said["resultQuality"] = quality
        wanted = [str(path.steps[0]) for path in topic.options.select]
        if wanted:
            return {name: said.get(present.CONTROL.get(name, name)) for name in wanted}
        said["Datastream@iot.navigationLink"] = f"{link}/Datastream"
        said["FeatureOfInterest@iot.navigationLink"] = f"{link}/FeatureOfInterest"
        return said


def _subjects(answer: bytes) -> list[str]:
    connections = orjson.loads(answer).get("data", {}).get("connections") or ()
    return [
        subject for each in connections for subject in each.get("subscriptions_list") or ()
        if subject.startswith((SUBJECTS[:-1], SEEN))
    ]  # fmt: skip


def _streams(found: dict[str, list[Topic]]) -> dict[int | None, list[Topic]]:
    """Topics that plain readings can be told of without asking the database."""
    streams: dict[int | None, list[Topic]] = {}
    for topic in (topic for several in found.values() for topic in several):
        if asked.is_plain(topic):
            streams.setdefault(topic.stream, []).append(topic)
    return streams


def messages(wanted: Sequence[Topic], changes: Iterable[Change], base: str) -> list[Message]:
    """What to publish of these changes: each topic's view of each entity that who hears it may see. Asks the
    database.
    """
    return [
        (topic.subject, payload)
        for entity, key, parts in changes
        for topic in wanted
        if topic.concerns(entity, key, parts) and (payload := _payload(topic, key, parts, base)) is not None
    ]


def _payload(topic: Topic, key: int, parts: frozenset[str] | None, base: str) -> bytes | None:
    reader = Reader(topic.scope, base)
    try:
        source = resolve(topic.steps, reader).source
    except Fault:
        return None
    if source.wanted not in (None, key):  # a link to one leads to another entity
        return None
    found = reader.page(Source(source.entity, source.link, source.key, key), topic.options).found
    if not found:
        return None
    record = found[0].record
    if parts is None and topic.entity is DATASTREAM:
        _as_made(record, key, topic)
    return present.encode({topic.part: record.get(topic.part)} if topic.part else record)


def _as_made(record: present.Record, key: int, topic: Topic) -> None:
    """A new datastream has observed nothing yet, also when its observations came with it."""
    given = Datastream.objects.filter(pk=key, observed_area__isnull=False).exists()
    for name in ("phenomenonTime", "resultTime", *(() if given else ("observedArea",))):
        if name in record and topic.options.select:
            record[name] = None
        else:
            record.pop(name, None)


_feeds: list[Feed] = []


def tell(changes: Sequence[Change]) -> None:
    """Hand committed changes to the process's feed, if it has one."""
    for feed in _feeds:
        feed.tell(changes)


def tell_of_observations(ids: Iterable[int]) -> None:
    """The same of new observations; costs little while nobody subscribed to anything."""
    for feed in _feeds:
        feed.tell((OBSERVATION, key, None) for key in ids)


def attach(feed: Feed) -> None:
    """Let this feed hear what is told in this process."""
    _feeds.append(feed)


def detach(feed: Feed) -> None:
    """Let it hear no more."""
    _feeds.remove(feed)
