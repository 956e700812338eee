"""What could not be used: some of it is kept as it came, all of it is counted.

A device that sends rubbish ten times a second must not fill the disk: of every device and reason at most
`KEPT_AN_HOUR` payloads an hour are kept, of all together `ALL_AN_HOUR` and `BYTES_AN_HOUR`; a month long.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

UNKNOWN_DEVICE, UNKNOWN_STREAM, UNKNOWN_TOPIC = "unknown_device", "unknown_datastream", "unknown_topic"
KEPT_AN_HOUR = 20
ALL_AN_HOUR = 2000
BYTES_AN_HOUR = 8_000_000
LONGEST = 65_536  # bytes kept of a payload
LONGEST_UID, LONGEST_TOPIC = 80, 255
MOST_UIDS = 2000  # counted by name in an hour; the others are counted together
HOUR_S = 3600
SOURCE = "mqtt"

KEEP = """
INSERT INTO sensing_quarantined (at, source, uid, topic, reason, payload, resolution)
VALUES (%s, %s, %s, %s, %s, %s, '')
"""
COUNT = """
INSERT INTO sensing_quarantine_count (uid, reason, source, day, count, last_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (uid, reason, source, day) DO UPDATE
SET count = sensing_quarantine_count.count + excluded.count, last_at = excluded.last_at
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """One payload that cannot be used, and why. `topic` with slashes, as the device wrote it."""

    at: datetime
    uid: str
    topic: str
    reason: str
    payload: bytes

    def row(self) -> tuple[datetime, str, str, str, str, bytes]:
        """For `KEEP`."""
        return self.at, SOURCE, self.uid, self.topic, self.reason, self.payload[:LONGEST]


def refused(subject: str, reason: str, payload: bytes, received: int) -> Refused:
    """`subject`: without the stream's prefix, dots between levels. `received`: µs since 1970."""
    topic = subject.replace("//", "\0").replace(".", "/").replace("\0", ".")
    uid = topic.split("/")[1] if topic.count("/") else topic
    at = datetime.fromtimestamp(received / 1e6, UTC)
    return Refused(at, uid[:LONGEST_UID], topic[:LONGEST_TOPIC], reason, payload)


@dataclass
class Gate:
    """Who may have how much kept in this hour. One a process."""

    _hour: int = -1
    _kept: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    _all: int = 0
    _bytes: int = 0

    def sort(self, found: list[Refused]) -> tuple[list[Refused], list[tuple[object, ...]]]:
        """What is kept, and rows for `COUNT`, in the order of their keys: two processes cannot deadlock."""
        counts: Counter[tuple[str, str, datetime]] = Counter()
        kept = []
        for one in found:
            if self._admits(one):
                kept.append(one)
            named = (one.uid, one.reason) in self._kept
            day = one.at.replace(hour=0, minute=0, second=0, microsecond=0)
            counts[one.uid if named else "", one.reason, day] += 1
        last = max((one.at for one in found), default=None)
        return kept, [
            (uid, why, SOURCE, day.date(), n, last) for (uid, why, day), n in sorted(counts.items())
        ]

    def _admits(self, one: Refused) -> bool:
        hour = int(one.at.timestamp()) // HOUR_S
        if hour > self._hour:
            self._hour, self._all, self._bytes = hour, 0, 0
            self._kept.clear()
        key = (one.uid, one.reason)
        if key not in self._kept and len(self._kept) >= MOST_UIDS:
            return False
        self._kept[key] += 1
        if self._kept[key] > KEPT_AN_HOUR or self._all >= ALL_AN_HOUR or self._bytes >= BYTES_AN_HOUR:
            return False
        self._all += 1
        self._bytes += min(LONGEST, len(one.payload))
        return True
