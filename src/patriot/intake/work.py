"""One batch between the broker and the database: messages → columns, judged. No I/O."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import repeat

import numpy as np
import orjson
from numpy.typing import NDArray

from patriot.intake.knowledge import FIRST_STATUS, NOBODY, STATUS, Device, Knowledge
from patriot.intake.lanes import CREATES, Lane
from patriot.intake.refused import UNKNOWN_DEVICE, UNKNOWN_STREAM, UNKNOWN_TOPIC, Refused, refused
from patriot.intake.wire import Frames
from patriot.sensing.equipment.payloads import MALFORMED, decode_many
from patriot.sensing.judging.columns import Batch, Verdict
from patriot.sensing.judging.thresholds import Crossing

PLAIN = {"result", "phenomenonTime"}  # what a creation may say to go through the columns
OFFLINE = "offline"


@dataclass(slots=True)
class Report:
    """What a device said of itself."""

    device: Device
    online: bool | None
    battery_pct: float | None
    at: datetime


@dataclass(slots=True)
class Work:
    """A judged batch. `creations`: SensorThings entities that are more than a number: path, payload, µs."""

    ids: NDArray[np.int64]  # datastreams, one a reading
    batch: Batch
    verdict: Verdict
    crossings: list[Crossing]
    refused: list[Refused] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    creations: list[tuple[str, bytes, int]] = field(default_factory=list)


def codes_of(frames: Frames, knowledge: Knowledge, lane: Lane) -> NDArray[np.int64]:
    """A code for every message: a slot, `NOBODY`, or a device's status."""
    codes = knowledge.codes(lane)
    return np.fromiter(map(codes.get, frames.subjects, repeat(NOBODY)), np.int64, len(frames))


def work_of(frames: Frames, codes: NDArray[np.int64], received: NDArray[np.int64], knowledge: Knowledge,
            lane: Lane) -> Work:  # fmt: skip
    """Decode and judge; advances the streams. `received`: µs since 1970, when the broker stored each."""
    found = Work(knowledge.ids, _NOTHING, _NO_VERDICT, [])
    payloads = frames.payloads
    if lane.prefix == CREATES:
        codes = _plain(frames, codes, received, found)
    if (codes < 0).any():
        _others(frames, codes, received, knowledge, lane, found)
        kept = np.flatnonzero(codes >= 0)
        payloads = [payloads[n] for n in kept.tolist()]
        codes, received = codes[kept], received[kept]
        subjects = [frames.subjects[n] for n in kept.tolist()]
    else:
        subjects = frames.subjects
    columns = decode_many(payloads, received)
    for number, reason in columns.bad:
        subject = _short(subjects[number], lane)
        found.refused.append(refused(subject, reason, payloads[number], int(received[number])))
    slot = codes[columns.message].astype(np.int32)
    found.batch = Batch(
        slot, columns.at, columns.value, received[columns.message], np.zeros(len(slot), np.int32)
    )
    found.verdict = knowledge.streams.judge(found.batch, time.time_ns() // 1000)
    found.ids = knowledge.ids[slot]
    found.crossings += found.verdict.crossings
    return found


_NOTHING = Batch.of([], [], [], [])
_NO_VERDICT = Verdict(
    (_NOTHING.slot, np.empty(0, np.intp)), np.empty(0, np.intp), [], [], _NOTHING.slot, [], []
)


def _short(subject: bytes, lane: Lane) -> str:
    """As the device named it: without the stream's prefix."""
    first = "v1//1." if lane.prefix == CREATES else "sensing."
    return first + subject.decode("utf-8", "replace").removeprefix(lane.prefix)


def _others(frames: Frames, codes: NDArray[np.int64], received: NDArray[np.int64], knowledge: Knowledge,
            lane: Lane, found: Work) -> None:  # fmt: skip
    """Messages that are no readings: states of devices, and what nobody registered."""
    for n in np.flatnonzero(codes < 0).tolist():
        subject, payload, at = _short(frames.subjects[n], lane), frames.payloads[n], int(received[n])
        if codes[n] == _CREATION:
            found.creations.append((subject.removeprefix("v1//1.").replace(".", "/"), payload, at))
        elif codes[n] == NOBODY:
            found.refused.append(refused(subject, _why(subject, knowledge), payload, at))
        else:
            _report(knowledge.devices[FIRST_STATUS - int(codes[n])], subject, payload, at, found)


def _why(subject: str, knowledge: Knowledge) -> str:
    words = subject.split(".")
    if len(words) != 3 or words[0] != "sensing":
        return UNKNOWN_TOPIC
    return UNKNOWN_STREAM if words[1] in knowledge.uids and words[2] != STATUS else UNKNOWN_DEVICE


def _report(device: Device, subject: str, payload: bytes, at: int, found: Work) -> None:
    try:
        online, battery = _status(payload)
    except ValueError:
        found.refused.append(refused(subject, MALFORMED, payload, at))
        return
    found.reports.append(Report(device, online, battery, datetime.fromtimestamp(at / 1e6, UTC)))
    if online is not None and online != device.online:
        device.online = online
        found.crossings.append(_offline(device, at))


def _status(payload: bytes) -> tuple[bool | None, float | None]:
    """Whether the device is there, and its battery in percent. Raises ValueError."""
    word = payload.strip().lower()
    if word in (b"online", b"offline"):
        return word == b"online", None
    said = orjson.loads(payload)
    if not isinstance(said, dict):
        raise ValueError("no status")
    online, battery = said.get("online"), said.get("battery_pct")
    if not isinstance(online, bool | None) or not isinstance(battery, int | float | None):
        raise ValueError("no status")
    return online, None if battery is None else min(100.0, max(0.0, float(battery)))


def _offline(device: Device, at: int) -> Crossing:
    level = 0 if device.online else 1
    return Crossing(
        f"{OFFLINE}:{device.id}", OFFLINE, level, OFFLINE if level else "", "low", at,
        thing=device.thing, name=device.uid,
    )  # fmt: skip


_CREATION = -(1 << 40)


def _plain(
    frames: Frames, codes: NDArray[np.int64], received: NDArray[np.int64], found: Work
) -> NDArray[np.int64]:
    """Creations that are a number and perhaps its moment stay; all others are for SensorThings itself."""
    codes = codes.copy()
    for n, payload in enumerate(frames.payloads):
        if codes[n] < 0 or not _is_plain(payload):
            codes[n] = _CREATION
    return codes


def _is_plain(payload: bytes) -> bool:
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(said, dict) or "result" not in said or not said.keys() <= PLAIN:
        return False
    number = isinstance(said["result"], int | float) and not isinstance(said["result"], bool)
    return number and "/" not in str(said.get("phenomenonTime", ""))
