"""What small devices say about their readings: payloads → columns. Pure.

A payload is a number (`12.5`), an object (`{"v": 12.5, "t": "2026-11-21T03:00:00Z"}`; also `value`/`result`,
`time`/`phenomenonTime`), or an array of those or of `[t, v]` pairs. Times: seconds, milliseconds or
microseconds since 1970, or ISO 8601 (UTC when it names no zone). No value: null, NaN, an infinity.
"""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

MOST_READINGS = 20_000  # in one payload
MILLISECONDS_FROM, MICROSECONDS_FROM = 1e11, 1e14  # as seconds: the years 5138 and beyond
LAST_MOMENT = 253_402_300_799_000_000  # µs: the end of the year 9999

MALFORMED, EMPTY, NO_NUMBER, NO_TIME, TOO_MANY = "malformed", "empty", "no_number", "no_time", "too_many"


class BadPayload(Exception):  # noqa: N818 - the payload's fault
    """A payload without usable readings; `args[0]` is the reason's code."""


@dataclass(slots=True)
class Columns:
    """Readings of many payloads, in the payloads' order.

    `message`: which payload each came from, ascending; `at`: µs since 1970, the moment of receipt when the
    payload names none; `value`: NaN when the device has none; `bad`: (payload, reason) of the unusable ones.
    """

    message: NDArray[np.int64]
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    bad: list[tuple[int, str]]


def decode(payload: bytes, received: int) -> tuple[list[int], list[float]]:
    """One payload's moments (µs) and values. `received`: µs since 1970. Raises BadPayload."""
    columns = decode_many([payload], np.array([received]))
    if columns.bad:
        raise BadPayload(columns.bad[0][1])
    return columns.at.tolist(), columns.value.tolist()


def decode_many(payloads: Sequence[bytes], received: NDArray[np.int64]) -> Columns:
    """All payloads' readings as columns. A bad payload spoils no other. `received`: µs, one a payload."""
    documents, bad = _parse(payloads)
    usable = np.arange(len(payloads))
    if bad:
        lost = {number for number, _ in bad}
        usable = np.array([n for n in range(len(payloads)) if n not in lost], dtype=np.int64)
        documents = [documents[n] for n in usable]
    message, said, value = _columns(documents, usable, bad)
    at = received[message].copy()
    named = ~np.isnan(said)
    at[named] = np.clip(said[named], 0, LAST_MOMENT).astype(np.int64)
    value[np.isinf(value)] = np.nan
    return Columns(message, at, value, bad)


def _parse(payloads: Sequence[bytes]) -> tuple[list[Any], list[tuple[int, str]]]:
    """One decode for all. Between the payloads stands a number that nobody outside knows: an unclosed bracket
    cannot swallow a neighbour unseen.
    """
    mark = int.from_bytes(os.urandom(7)) + (1 << 57)
    try:
        found = orjson.loads(b"[" + (b",%d," % mark).join(payloads) + b"]")
    except orjson.JSONDecodeError:
        return _parse_each(payloads)
    if len(found) != 2 * len(payloads) - 1 or found[1::2].count(mark) != len(payloads) - 1:
        return _parse_each(payloads)
    return found[::2], []


def _parse_each(payloads: Sequence[bytes]) -> tuple[list[Any], list[tuple[int, str]]]:
    documents: list[Any] = []
    bad = []
    for number, payload in enumerate(payloads):
        try:
            documents.append(_parse_one(payload))
        except BadPayload as fault:
            documents.append(None)
            bad.append((number, fault.args[0]))
    return documents, bad


def _parse_one(payload: bytes) -> Any:
    """JSON, or what small devices take for it: `NaN`, `+1.5`, `.5`. Raises BadPayload."""
    if not payload.strip():
        raise BadPayload(EMPTY)
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        pass
    try:
        return float(payload) if b"_" not in payload else json.loads(payload)
    except ValueError:
        pass
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as fault:
        raise BadPayload(MALFORMED) from fault


type _Found = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]  # message, said µs, value


def _columns(documents: list[Any], message: NDArray[np.int64], bad: list[tuple[int, str]]) -> _Found:
    """Columns of documents that belong to `message`. Documents of one form go through together."""
    kinds = set(map(type, documents))
    if len(kinds) <= 1 or kinds == {int, float}:
        return _alike(documents, message, bad)
    parts = []
    types = list(map(type, documents))
    for kind in kinds:
        rows = [n for n, found in enumerate(types) if found is kind]
        parts.append(_alike([documents[n] for n in rows], message[rows], bad))
    return _in_order(parts)


def _in_order(parts: list[_Found]) -> _Found:
    message = np.concatenate([part[0] for part in parts])
    order = np.argsort(message, kind="stable")
    said, value = (np.concatenate([part[n] for part in parts])[order] for n in (1, 2))
    return message[order], said, value


def _alike(documents: list[Any], message: NDArray[np.int64], bad: list[tuple[int, str]]) -> _Found:
    """Documents of one form; when one of them cannot be used all are looked at one by one."""
    try:
        return _together(documents, message)
    except (BadPayload, KeyError, ValueError, TypeError, OverflowError, IndexError):
        return _one_by_one(documents, message, bad)


def _together(documents: list[Any], message: NDArray[np.int64]) -> _Found:
    if not documents:
        return message, np.empty(0), np.empty(0)
    if isinstance(documents[0], list):
        counts = np.fromiter(map(len, documents), np.int64, len(documents))
        if counts.min() == 0 or counts.max() > MOST_READINGS:
            raise BadPayload(TOO_MANY)
        message = np.repeat(message, counts)
        documents = list(chain.from_iterable(documents))
        if len(set(map(type, documents)) - {int, float}) > 1:
            raise BadPayload(MALFORMED)
        if isinstance(documents[0], list):
            if set(map(len, documents)) != {2}:
                raise BadPayload(MALFORMED)
            return (
                message,
                _moments([pair[0] for pair in documents]),
                _values([pair[1] for pair in documents]),
            )
    if isinstance(documents[0], dict):
        values = _values([one["v"] for one in documents])
        return message, _moments([one.get("t") for one in documents]), values
    return message, np.full(len(documents), np.nan), _values(documents)


def _values(said: list[Any]) -> NDArray[np.float64]:
    found = np.array(said, dtype=np.float64)  # None → NaN, True → 1, "12.5" → 12.5
    if found.ndim != 1:
        raise BadPayload(NO_NUMBER)
    return found


def _moments(said: list[Any]) -> NDArray[np.float64]:
    """µs since 1970; NaN where none was said. Raises BadPayload."""
    try:
        found = np.array(said, dtype=np.float64)
    except (ValueError, TypeError):
        return np.array([_moment(one) for one in said])
    if found.ndim != 1:
        raise BadPayload(NO_TIME)
    scale = np.where(
        np.abs(found) < MILLISECONDS_FROM, 1e6, np.where(np.abs(found) < MICROSECONDS_FROM, 1e3, 1)
    )
    return np.rint(found * scale)


def _moment(said: Any) -> float:
    """µs since 1970; NaN for none. Raises BadPayload."""
    if said is None:
        return math.nan
    if isinstance(said, str) and not said.replace(".", "", 1).isdigit():
        try:
            moment = datetime.fromisoformat(said.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6
        except (ValueError, OverflowError) as fault:
            raise BadPayload(NO_TIME) from fault
    return float(_moments([_number(said, NO_TIME)])[0])


def _one_by_one(documents: list[Any], message: NDArray[np.int64], bad: list[tuple[int, str]]) -> _Found:
    owners: list[int] = []
    moments: list[float] = []
    values: list[float] = []
    for owner, document in zip(message.tolist(), documents, strict=True):
        try:
            found = [_reading(one) for one in _items(document)]
        except BadPayload as fault:
            bad.append((owner, fault.args[0]))
            continue
        owners += [owner] * len(found)
        moments += [moment for moment, _ in found]
        values += [value for _, value in found]
    return np.array(owners, dtype=np.int64), np.array(moments, dtype=np.float64), np.array(values, np.float64)


def _items(document: Any) -> list[Any]:
    if not isinstance(document, list):
        return [document]
    if not document:
        raise BadPayload(EMPTY)
    if len(document) > MOST_READINGS:
        raise BadPayload(TOO_MANY)
    return document


def _reading(said: Any) -> tuple[float, float]:
    """Moment (µs, NaN for none) and value of one reading. Raises BadPayload."""
    if isinstance(said, dict):
        return _moment(_first(said, ("t", "time", "phenomenonTime"))), _value(_required(said))
    if isinstance(said, list):
        if len(said) != 2:
            raise BadPayload(MALFORMED)
        return _moment(said[0]), _value(said[1])
    return math.nan, _value(said)


def _first(said: dict[str, Any], names: Sequence[str]) -> Any:
    return next((said[name] for name in names if name in said), None)


def _required(said: dict[str, Any]) -> Any:
    if not said.keys() & {"v", "value", "result"}:
        raise BadPayload(NO_NUMBER)
    return _first(said, ("v", "value", "result"))


def _value(said: Any) -> float:
    return math.nan if said is None else _number(said, NO_NUMBER)


def _number(said: Any, reason: str) -> float:
    if not isinstance(said, int | float | str):
        raise BadPayload(reason)
    try:
        return float(said)
    except (ValueError, OverflowError) as fault:
        raise BadPayload(reason) from fault
