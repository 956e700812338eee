"""Topics that plain readings can be told of only by asking the database: with a filter, an expansion, a
longer path, or one observation's number.

All readings that wait are one question for each such topic, within a time of its own: whoever subscribes is a
stranger to us.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.db import Error, connection, transaction
from numpy.typing import NDArray

from patriot.sensing.sta import present
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.model import DATASTREAM, OBSERVATION
from patriot.sensing.sta.reader import LARGEST_PAGE, Reader, Rows, Source
from patriot.sensing.sta.resolve import resolve
from patriot.sensing.sta.topics import PUBLIC, Topic

log = logging.getLogger(__name__)

PATIENCE_MS = 1000  # for one topic's question
MOST_TOPICS = 100  # so many different ones are asked about at once
SAID_WITHOUT = {  # what a plain reading's message has without asking
    "phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters", *present.CONTROL,
}  # fmt: skip

type Message = tuple[str, bytes]


@dataclass(frozen=True)
class Told:
    """Readings just committed, in columns. `at`: µs since 1970."""

    ids: NDArray[np.int64]
    streams: NDArray[np.int64]
    at: NDArray[np.int64]

    @classmethod
    def of(cls, several: Sequence["Told"]) -> "Told":
        """Several as one."""
        columns = ((one.ids, one.streams, one.at) for one in several)
        return cls(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, chosen: "NDArray[np.bool_] | slice") -> "Told":
        """Some of them."""
        return Told(self.ids[chosen], self.streams[chosen], self.at[chosen])

    def rows(self) -> Rows:
        """How the database finds them: there must be some."""
        return Rows(
            self.ids.tolist(), np.unique(self.streams).tolist(), int(self.at.min()), int(self.at.max())
        )


def is_plain(topic: Topic) -> bool:
    """Whether a reading is told without asking: of all or a datastream's that are public, some properties."""
    collection = topic.entity is OBSERVATION and topic.key is None and not topic.part
    chosen = all(path.steps[0] in SAID_WITHOUT and len(path.steps) == 1 for path in topic.options.select)
    asked = topic.options.filter is not None or topic.options.expand or topic.scope != PUBLIC
    return collection and chosen and not asked and (topic.stream is not None or len(topic.steps) == 1)


def concerned(topics: Iterable[Topic]) -> list[Topic]:
    """Those of the topics that must be asked about, as many as are."""
    found = [topic for topic in topics if topic.entity is OBSERVATION and not is_plain(topic)]
    if len(found) > MOST_TOPICS:
        log.warning("%d topics of subscribers are told of no plain readings", len(found) - MOST_TOPICS)
    return found[:MOST_TOPICS]


def possible(topics: Sequence[Topic], told: Told, public: Collection[int]) -> Told:
    """Without those that none of the topics can be told of: hidden ones, and those of other datastreams than
    all of them name.
    """
    hidden = {_named(topic) for topic in topics if topic.scope != PUBLIC}
    if None in hidden:
        return told
    named = {_named(topic) for topic in topics if topic.scope == PUBLIC}
    wanted = hidden | {stream for stream in public if None in named or stream in named}
    return told.only(np.isin(told.streams, np.array([one for one in wanted if one is not None], np.int64)))


def messages(topics: Sequence[Topic], told: Told, base: str) -> list[Message]:
    """What to publish of these readings: each topic's view of those that who hears it may see."""
    found: list[Message] = []
    for topic in topics:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
                found += _messages(topic, told, Reader(topic.scope, base))
        except (Fault, Error) as fault:
            log.info("a topic was told of none of %d readings: %s", len(told), fault)
    return found


def _messages(topic: Topic, told: Told, reader: Reader) -> list[Message]:
    near = _near(topic, told)
    if not len(near):
        return []
    source = resolve(topic.steps, reader).source
    if source.link is not None and source.link.inverse == DATASTREAM.name:
        near = near.only(near.streams == source.key)
    options = replace(topic.options, top=LARGEST_PAGE, skip=None, count=None, orderby=())
    found: list[Message] = []
    for first in range(0, len(near), LARGEST_PAGE):
        rows = near.only(slice(first, first + LARGEST_PAGE)).rows()
        page = reader.page(Source(source.entity, source.link, source.key, source.wanted, rows), options)
        found += [(topic.subject, _payload(topic, each.record)) for each in page.found]
    return found


def _near(topic: Topic, told: Told) -> Told:
    """Without those that the topic's own words rule out."""
    if topic.key is not None:
        told = told.only(told.ids == topic.key)
    stream = _named(topic)
    return told if stream is None else told.only(told.streams == stream)


def _named(topic: Topic) -> int | None:
    """N of a path that ends with `Datastreams(N)/Observations`."""
    above = topic.steps[-2] if len(topic.steps) > 1 else None
    return above.key if above is not None and above.name == DATASTREAM.plural else None


def _payload(topic: Topic, record: present.Record) -> bytes:
    return present.encode({topic.part: record.get(topic.part)} if topic.part else record)
