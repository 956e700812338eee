"""Sealed entries between processes: one JSON message per batch on the bus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from patriot.kernel.events import Announcement

SUBJECT = "ledger.sealed"
LARGEST_BATCH = 200  # entries; keeps a message well under NATS's limit of 1 MB


@dataclass(frozen=True)
class Sealed:
    """What the sealer says: where the ledger ends, and what was added since it last spoke, in order."""

    head: int
    events: list[Announcement]


def messages(head: int, events: Sequence[Announcement]) -> Iterator[bytes]:
    """The payloads that carry these events; one without events is a sign of life."""
    for start in range(0, max(1, len(events)), LARGEST_BATCH):
        batch = events[start : start + LARGEST_BATCH]
        yield orjson.dumps(
            {"head": batch[-1].number if batch else head, "events": [_row(event) for event in batch]}
        )


def read(payload: bytes) -> Sealed:
    """A message's content. Raises ValueError or KeyError when it is none of ours."""
    message = orjson.loads(payload)
    return Sealed(message["head"], [_event(row) for row in message["events"]])


def _row(event: Announcement) -> list[object]:
    return [
        event.number,
        event.entry_id,
        event.at.isoformat(),
        event.kind,
        event.actor,
        event.subject,
        event.agency,
        event.simulated,
        event.body,
    ]


def _event(row: list) -> Announcement:  # type: ignore[type-arg]
    number, entry_id, at, *rest = row
    return Announcement(number, entry_id, datetime.fromisoformat(at), *rest)
