"""Payloads → columns: what devices may say, and that nobody's rubbish reaches a neighbour."""

import math
import struct
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patriot.intake.refused import KEPT_AN_HOUR, Gate, refused
from patriot.intake.wire import Frames, Link
from patriot.sensing.equipment.payloads import BadPayload, decode, decode_many

NOW = 1_795_309_353_000_000
THREE = int(datetime(2026, 11, 21, 3, tzinfo=UTC).timestamp()) * 10**6


@pytest.mark.parametrize(
    ("payload", "at", "value"),
    [
        (b"12.5", [NOW], [12.5]),
        (b" -3 ", [NOW], [-3]),
        (b"+.5", [NOW], [0.5]),
        (b"true", [NOW], [1]),
        (b'{"v": 1}', [NOW], [1]),
        (b'{"value": "2.5", "time": 1795230000}', [THREE], [2.5]),
        (b'{"result": 3, "phenomenonTime": "2026-11-21T03:00:00Z"}', [THREE], [3]),
        (b'{"v": 1, "t": 1795230000000}', [THREE], [1]),
        (b'{"v": 1, "t": 1795230000000000}', [THREE], [1]),
        (b'{"v": 1, "t": "1795230000"}', [THREE], [1]),
        (b'{"v": 1, "t": "2026-11-21T10:00:00+07:00"}', [THREE], [1]),
        (b'{"v": 1, "t": "2026-11-21T03:00:00"}', [THREE], [1]),
        (b'{"v": 1, "t": null}', [NOW], [1]),
        (b'{"v": 1, "t": -5}', [0], [1]),
        (b"[1, 2.5]", [NOW, NOW], [1, 2.5]),
        (b"[[1795230000, 1], [1795230001, 2]]", [THREE, THREE + 10**6], [1, 2]),
        (b'[{"v": 1, "t": 1795230000}, [1795230001, 2], 3]', [THREE, THREE + 10**6, NOW], [1, 2, 3]),
    ],
)
def test_it_understands_what_small_devices_say(payload: bytes, at: list[int], value: list[float]) -> None:
    assert decode(payload, NOW) == (at, value)


@pytest.mark.parametrize("payload", [b"null", b"NaN", b'{"v": null}', b'{"v": NaN}', b"Infinity", b"1e999"])
def test_it_takes_no_value_for_what_it_is(payload: bytes) -> None:
    _, (value,) = decode(payload, NOW)
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"), (b"[]", "empty"), (b"rubbish", "malformed"), (b"\xff", "malformed"),
        (b"1,2", "malformed"),
        (b"[" * 100_000, "malformed"), (b"[[1]]", "malformed"), (b"9" * 5000 + b"x", "malformed"),
        (b'"high"', "no_number"), (b'{"x": 1}', "no_number"), (b'{"v": [1]}', "no_number"),
        (b"[1, {}]", "no_number"),
        (b'{"v": 1, "t": "yesterday"}', "no_time"), (b'{"v": 1, "t": []}', "no_time"),
        (b"[" + b"1," * 20_000 + b"1]", "too_many"),
    ],
)  # fmt: skip
def test_it_says_why_a_payload_cannot_be_used(payload: bytes, reason: str) -> None:
    with pytest.raises(BadPayload, match=reason):
        decode(payload, NOW)


def check_neighbours(rubbish: list[bytes]) -> None:
    """A good payload after each piece of rubbish comes through as if it were alone."""
    payloads = [one for n, piece in enumerate(rubbish) for one in (piece, b'{"v":%d,"t":1795230000}' % n)]
    columns = decode_many(payloads, np.full(len(payloads), NOW))
    good = columns.message % 2 == 1
    assert columns.value[good].tolist() == list(range(len(rubbish)))
    assert (columns.at[good] == THREE).all()
    assert {number % 2 for number, _ in columns.bad} <= {0}
    assert (np.diff(columns.message) >= 0).all()
    used = set(columns.message.tolist())
    assert all((number in used) != (number in dict(columns.bad)) for number in range(len(payloads)))
    assert ((columns.at >= 0) & (columns.at <= 253_402_300_799_000_000)).all()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["v", "t", "value", "result", "time", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def written(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return repr(value).encode("utf-8", "replace")


PIECES = st.binary(max_size=30) | JSON.map(written) | st.sampled_from(
    [b"0,0,[1", b"2]", b'{"v":1', b'}', b'"', b"\\", b"]", b"[", b"1],[2", b'{"v":1},{"v":2}', b"//", b"\x00"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12))
def test_no_rubbish_reaches_a_neighbour(rubbish: list[bytes]) -> None:
    check_neighbours(rubbish)


class Silent(Link):
    """A link whose server is the test."""

    def __init__(self) -> None:
        self.__dict__.update(_chunks=[], _buffer=b"", _position=0, _partial=False, _fault="", arrived=0)
        self.said: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.said.append(data)

    def receive(self, data: bytes) -> Frames:
        self._chunks.append(data)
        self.arrived += len(data)
        return self._cut(10_000)


def frame(n: int, payload: bytes) -> bytes:
    head = b"NATS/1.0\r\nNmqtt-Pub:1\r\n\r\n"
    reply = b"$JS.ACK.S.c.1.%d.%d.%d.0" % (n, n, NOW * 1000 + n)
    return b"HMSG $MQTT.msgs.sensing.a.b 1 %b %d %d\r\n%b%b\r\n" % (
        reply, len(head), len(head) + len(payload), head, payload
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20), st.lists(st.integers(1, 60), max_size=60))
def test_it_cuts_messages_wherever_the_network_cut_them(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(
        frame(n, payload) + (b"PING\r\n" if n % 5 == 0 else b"") for n, payload in enumerate(payloads)
    )
    link, found, place = Silent(), Frames(), 0
    for cut in [*cuts, len(stream)]:
        part = link.receive(stream[place : place + cut])
        place += cut
        found.replies += part.replies
        found.payloads += part.payloads
    assert found.payloads == payloads
    sequence, stamp = found.stamps()
    assert sequence.tolist() == list(range(len(payloads)))
    assert (stamp - NOW * 1000).tolist() == list(range(len(payloads)))
    assert link.arrived == 0


def test_it_answers_flow_control_once_what_came_before_is_taken() -> None:
    head = b"NATS/1.0 100 FlowControl Request\r\n\r\n"
    beat = b"NATS/1.0 100 Idle Heartbeat\r\nNats-Consumer-Stalled: $JS.FC.b\r\n\r\n"
    link = Silent()
    frames = link.receive(
        frame(1, b"5")
        + b"HMSG inbox 1 $JS.FC.a %d %d\r\n%b\r\n" % (len(head), len(head), head)
        + b"HMSG inbox 1 %d %d\r\n%b\r\n" % (len(beat), len(beat), beat)
    )
    assert frames.payloads == [b"5"]
    assert link.said == [b"PUB $JS.FC.a 0\r\n\r\n", b"PUB $JS.FC.b 0\r\n\r\n"]


def test_it_keeps_a_little_of_a_flood_and_counts_all_of_it() -> None:
    gate = Gate()
    flood = [refused("sensing.a.b", "malformed", struct.pack("!I", n), NOW) for n in range(1000)]
    kept, counts = gate.sort(flood)
    assert len(kept) == KEPT_AN_HOUR
    assert [row[4] for row in counts] == [1000]
    kept, counts = gate.sort([refused(f"sensing.{n}.b", "unknown_device", b"", NOW) for n in range(5000)])
    assert len(kept) < 2000
    assert sum(row[4] for row in counts) == 5000  # type: ignore[misc]
    assert len(counts) <= 2001
    big = [refused(f"sensing.{n}.c", "malformed", bytes(65_536), NOW) for n in range(500)]
    assert len(gate.sort(big)[0]) <= 8_000_000 // 65_536 + 1
    assert len(gate.sort([refused("sensing.a.b", "malformed", b"", NOW + 3600 * 10**6)])[0]) == 1
