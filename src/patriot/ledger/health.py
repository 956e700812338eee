"""Which parts of the house are silent, as one process sees it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from patriot.kernel import clock

HEARTBEAT = "patriot.heartbeat"  # the bus's subject: {"part": …, "ok": …, "at": epoch seconds, "words": …}
HEARTBEAT_S = 2.0
SILENT_AFTER_S = 6.0


@dataclass(frozen=True)
class PartState:
    """One part: whether it works, since when it does not (aware, UTC), and words about it."""

    ok: bool
    since: datetime | None = None
    words: str = ""

    def as_json(self) -> dict[str, object]:
        """For browsers."""
        return {"ok": self.ok, "since": self.since, "words": self.words}


@dataclass
class Heartbeats:
    """Signs of life heard on the bus. A part never heard is not spoken of."""

    _heard: dict[str, tuple[float, datetime, bool, str]] = field(default_factory=dict)

    def receive(self, payload: bytes) -> None:
        """Take a message of the bus."""
        sign = orjson.loads(payload)
        self._heard[str(sign["part"])] = (time.monotonic(), clock.now(), bool(sign["ok"]), str(sign["words"]))

    def parts(self) -> Iterable[str]:
        """The parts that were ever heard."""
        return self._heard.keys()

    def state(self, part: str) -> PartState:
        """A part's state by its last sign."""
        heard, at, ok, words = self._heard[part]
        silent = time.monotonic() - heard > SILENT_AFTER_S
        return PartState(ok and not silent, None if ok and not silent else at, words)
