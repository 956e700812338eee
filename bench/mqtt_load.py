"""A fast MQTT publisher: QoS 1 over raw sockets, whole blocks of packets written by NumPy at once.

`python -m bench.mqtt_load PORT SECONDS STREAMS PER_MESSAGE RATE [USER PASSWORD]` publishes on
`sensing/bench-<n>/v` and prints one JSON line: messages acknowledged, seconds, its own processor time.
A reading's time is the moment its block was made; RATE 0: as fast as the broker acknowledges.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LINKS, BLOCK, WINDOW = 12, 200, 1200  # connections, packets written at once, packets on their way
ONE = b'{"v":%06.2f,"t":%013d}'


def topic(stream: int) -> bytes:
    """Where a stream is published."""
    return b"sensing/bench-%05d/v" % stream


def _packet(stream: int, readings: int) -> bytes:
    body = ONE % (0, 0) if readings == 1 else b"[" + b",".join([ONE % (0, 0)] * readings) + b"]"
    name = topic(stream)
    head, length = b"\x32", 2 + len(name) + 2 + len(body)
    while True:
        length, byte = divmod(length, 128)
        head += bytes([byte | 0x80 if length else byte])
        if not length:
            break
    return head + len(name).to_bytes(2) + name + b"\0\0" + body


def _digits(numbers: NDArray[np.int64], places: int) -> NDArray[np.uint8]:
    powers = 10 ** np.arange(places - 1, -1, -1)
    return ((numbers[..., None] // powers) % 10 + 48).astype(np.uint8)


class Packets:
    """Blocks of packets for a set of streams, patched in place: packet numbers, values, times."""

    def __init__(self, streams: list[int], readings: int, seed: int) -> None:
        raw = [_packet(stream, readings) for stream in streams]
        self._all = np.frombuffer(b"".join(raw), np.uint8).reshape(len(raw), len(raw[0])).copy()
        self._chance = np.random.default_rng(seed)
        first = raw[0]
        self._values = [place + 5 for place in _places(first, b'{"v":')]
        self._times = [place + 4 for place in _places(first, b'"t":')]
        self._number = self._values[0] - 5 - (1 if readings > 1 else 0) - 2
        self._next, self._id = 0, 0

    def block(self, count: int) -> bytes:
        """The next `count` packets; streams come in turn."""
        rows = (self._next + np.arange(count)) % len(self._all)
        self._next = (self._next + count) % len(self._all)
        block = self._all[rows]
        ids = (self._id + np.arange(count)) % 65535 + 1
        self._id = (self._id + count) % 65535
        block[:, self._number], block[:, self._number + 1] = ids >> 8, ids & 255
        now = int(time.time() * 1000)
        for back, (value, moment) in enumerate(zip(self._values[::-1], self._times[::-1], strict=True)):
            cents = _digits(self._chance.integers(10000, 12000, count), 5)
            block[:, value : value + 3], block[:, value + 4 : value + 6] = cents[:, :3], cents[:, 3:]
            block[:, moment : moment + 13] = _digits(np.array([now - back]), 13)
        return block.tobytes()


def _places(packet: bytes, mark: bytes) -> list[int]:
    found, place = [], packet.find(mark)
    while place >= 0:
        found.append(place)
        place = packet.find(mark, place + 1)
    return found


@dataclass
class Line:
    """One connection."""

    link: socket.socket
    packets: Packets
    waiting: bytes = b""
    sent: int = 0
    acknowledged: int = 0
    partial: int = 0
    stops: bool = field(default=False)

    def fill(self, allowed: int) -> int:
        """Write another block when the window has room for it; returns how many packets that were."""
        made = 0
        while (
            not self.waiting and self.sent - self.acknowledged + BLOCK <= WINDOW and made + BLOCK <= allowed
        ):
            self.waiting = self.packets.block(BLOCK)
            self.sent += BLOCK
            made += BLOCK
            self._write()
        if self.waiting:
            self._write()
        return made

    def _write(self) -> None:
        try:
            self.waiting = self.waiting[self.link.send(self.waiting) :]
        except BlockingIOError:
            return

    def read(self) -> None:
        """Count acknowledgements."""
        try:
            got = self.partial + len(self.link.recv(1 << 16))
        except BlockingIOError:
            return
        self.acknowledged += got // 4
        self.partial = got % 4


def connect(port: int, name: str, user: str, password: str) -> socket.socket:
    """A signed-in connection. Raises RuntimeError when the broker refuses."""

    def text(words: str) -> bytes:
        return len(words).to_bytes(2) + words.encode()

    link = socket.create_connection(("127.0.0.1", port), timeout=10)
    body = text("MQTT") + bytes([4, 0x02 | (0xC0 if user else 0)]) + (60).to_bytes(2) + text(name)
    body += text(user) + text(password) if user else b""
    link.sendall(bytes([0x10, len(body)]) + body)
    if link.recv(4) != b"\x20\x02\x00\x00":
        raise RuntimeError("the broker lets nobody in")
    link.setblocking(False)
    return link


def run(
    port: int, seconds: float, streams: int, readings: int, rate: float, user: str, password: str
) -> dict[str, float]:
    """Publish; returns what came of it."""
    links = min(LINKS, streams)
    lines = [
        Line(connect(port, f"load-{n}", user, password), Packets(list(range(n, streams, links)), readings, n))
        for n in range(links)
    ]
    chooser = selectors.DefaultSelector()
    for line in lines:
        chooser.register(line.link, selectors.EVENT_READ, line)
    began, total = time.monotonic(), 0
    while (now := time.monotonic()) - began < seconds:
        lines.append(lines.pop(0))  # each in its turn has the first say
        for line in lines:
            allowed = int((now - began) * rate) - total if rate else WINDOW
            total += line.fill(allowed if allowed >= BLOCK else 0)
        for key, _ in chooser.select(0.005 if not rate else 0.002):
            key.data.read()
    ended = time.monotonic()
    acknowledged = sum(line.acknowledged for line in lines)
    end = time.monotonic() + 20
    while any(line.waiting or line.acknowledged < line.sent for line in lines) and time.monotonic() < end:
        for line in lines:
            line.fill(0)
        for key, _ in chooser.select(0.05):
            key.data.read()
    every = sum(line.acknowledged for line in lines)
    return {"messages": acknowledged, "seconds": ended - began, "cpu_s": time.process_time(), "all": every}


if __name__ == "__main__":
    port, seconds, streams, readings, rate, *login = sys.argv[1:]
    user, password = login if login else ("", "")
    print(
        json.dumps(run(int(port), float(seconds), int(streams), int(readings), float(rate), user, password))
    )
