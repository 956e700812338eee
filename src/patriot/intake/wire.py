"""Reading a NATS push subscription in bulk: see docs/decisions/0006.

nats-py spends some 15 µs of Python on a message (a regular expression, an object, a queue, a task's turn);
this reader spends about one: it takes what has arrived as one piece and cuts it by the lengths the server
names. It speaks as much of the protocol as one push consumer needs; setting up goes through nats-py.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import numpy as np
import orjson
from numpy.typing import NDArray

CONNECT_S = 5.0


class Lost(Exception):  # noqa: N818 - as nats-py names its own
    """The connection is gone, or the server has fallen silent."""


@dataclass(slots=True)
class Frames:
    """Messages in the order of their delivery."""

    subjects: list[bytes] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.payloads)

    def numbers(self) -> tuple[int, int]:
        """The first and the last one's number among all that were said to this inbox, from 1."""
        first, last = (reply.split(b".") for reply in (self.replies[0], self.replies[-1]))
        return int(first[_stream_number(first) + 1]), int(last[_stream_number(last) + 1])

    def stamps(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each message's number in the stream, and when the stream stored it: ns since 1970.

        From the reply subject, `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>…`,
        in newer servers with two more words before the stream.
        """
        words = b".".join(self.replies).split(b".")
        width = len(words) // max(1, len(self.replies))
        first = _stream_number(words[:width])
        return (
            np.array(words[first::width], dtype="S20").astype(np.int64),
            np.array(words[first + 2 :: width], dtype="S20").astype(np.int64),
        )


def _stream_number(words: list[bytes]) -> int:
    """Where a reply subject has the message's number in the stream."""
    return 5 if len(words) == 9 else 7


class Link(asyncio.Protocol):
    """One connection with one subscription. Open it with `connect`."""

    def __init__(self, inbox: str, queue: str = "") -> None:
        self.inbox = inbox
        self._queue = queue
        self._chunks: list[bytes] = []
        self._buffer, self._position = b"", 0
        self._partial = False  # the buffer holds no whole frame
        self._news = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._fault = ""
        self.arrived = 0  # bytes not taken yet

    # -- the connection -------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the server speaks first."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake up whoever waits."""
        self._fault = self._fault or str(exc or "the broker hung up")
        self._news.set()

    def data_received(self, data: bytes) -> None:
        """Keep it: it is cut when somebody takes."""
        self._chunks.append(data)
        self.arrived += len(data)
        self._news.set()

    def send(self, data: bytes) -> None:
        """Write to the server, unless the connection is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def publish(self, subject: bytes, payload: bytes = b"") -> None:
        """Send a message."""
        self.send(b"PUB %b %d\r\n%b\r\n" % (subject, len(payload), payload))

    def close(self) -> None:
        """Hang up."""
        self._fault = self._fault or "closed"
        if self._transport is not None:
            self._transport.close()

    # -- taking -------------------------------------------------------------

    async def take(self, most: int, silence: float, gather: float = 0.0, enough: int = 0) -> Frames:
        """What has arrived, at most `most` messages, at least one. Waits `gather` seconds for more than
        `enough` bytes. Raises Lost when the connection is gone or nothing at all came for `silence` seconds.
        """
        while True:
            if not self._has_more():
                await self._wait(silence)
            if gather and self.arrived < enough:
                await asyncio.sleep(gather)
            frames = self._cut(most)
            if frames:
                return frames

    def _has_more(self) -> bool:
        return bool(self._chunks) or (self._position < len(self._buffer) and not self._partial)

    async def _wait(self, silence: float) -> None:
        self._news.clear()
        if self._chunks:
            return
        if self._fault:
            raise Lost(self._fault)
        try:
            async with asyncio.timeout(silence):
                await self._news.wait()
        except TimeoutError:
            raise Lost(f"the broker said nothing for {silence:.0f} s") from None
        if self._fault and not self._chunks:
            raise Lost(self._fault)

    def _cut(self, most: int) -> Frames:
        """Cut whole frames off what has arrived; answer what the protocol wants answered."""
        if self._chunks and (self._partial or self._position >= len(self._buffer)):
            self._buffer = b"".join([self._buffer[self._position :], *self._chunks])
            self._position = 0
            self._chunks.clear()
        began = self._position
        frames = Frames()
        self._partial = self._scan(frames, most)
        self.arrived -= self._position - began
        return frames

    def _scan(self, frames: Frames, most: int) -> bool:
        """The one loop with Python per message. True when a frame's rest has not arrived yet."""
        buffer, position = self._buffer, self._position
        find, end = buffer.find, len(buffer)
        subjects, replies, payloads = frames.subjects, frames.replies, frames.payloads
        try:
            while len(payloads) < most:
                eol = find(b"\r\n", position)
                if eol < 0:
                    return True
                words = buffer[position:eol].split(b" ")
                if words[0] == b"HMSG" and len(words) == 6:
                    start = eol + 2
                    body, last = start + int(words[4]), start + int(words[5])
                    if last + 2 > end:
                        return True
                    position = last + 2
                    if body == last and buffer.startswith(b"NATS/1.0 ", start):
                        self._control(words[3], buffer[start:body])
                        continue
                    subjects.append(words[1])
                    replies.append(words[3])
                    payloads.append(buffer[body:last])
                elif words[0] == b"MSG" or words[0] == b"HMSG":
                    whole = self._plain(words, eol + 2, frames)
                    if not whole:
                        return True
                    position = whole
                else:
                    position = eol + 2
                    self._other(words)
            return False
        finally:
            self._position = position

    def _plain(self, words: list[bytes], start: int, frames: Frames) -> int:
        """A message without headers or reply; returns where it ends, 0 when its rest is missing."""
        last = start + int(words[-1])
        if last + 2 > len(self._buffer):
            return 0
        headers = int(words[-2]) if words[0] == b"HMSG" else 0
        if headers and self._buffer.startswith(b"NATS/1.0 ", start):
            self._control(b"", self._buffer[start : start + headers])  # a heartbeat, perhaps a stalled one
            return last + 2
        frames.subjects.append(words[1])
        frames.replies.append(words[3] if len(words) == (6 if headers else 5) else b"")
        frames.payloads.append(self._buffer[start + headers : last])
        return last + 2

    def _control(self, reply: bytes, head: bytes) -> None:
        """Flow control asks to be answered: what came before it has been taken."""
        if reply:
            self.publish(reply)
        for line in head.split(b"\r\n"):
            if line.startswith(b"Nats-Consumer-Stalled:"):
                self.publish(line.partition(b":")[2].strip())

    def _other(self, words: list[bytes]) -> None:
        if words[0] == b"PING":
            self.send(b"PONG\r\n")
        elif words[0] == b"-ERR":
            self._fault = b" ".join(words[1:]).decode("utf-8", "replace")
            raise Lost(self._fault)

    # -- signing in -----------------------------------------------------------

    async def greet(self, address: str, name: str) -> None:
        """Sign in and subscribe. Raises Lost, OSError, TimeoutError."""
        info = orjson.loads((await self._line()).partition(b" ")[2])
        if info.get("tls_required"):
            await self._secure(urlsplit(address).hostname)
        self.send(b"CONNECT " + orjson.dumps(_hello(address, name)) + b"\r\nPING\r\n")
        while not (line := await self._line()).startswith(b"PONG"):
            if line.startswith(b"-ERR"):
                raise Lost(line.decode("utf-8", "replace"))
        queue = f" {self._queue}" if self._queue else ""
        self.send(f"SUB {self.inbox}{queue} 1\r\nPING\r\n".encode())
        while not (await self._line()).startswith(b"PONG"):
            pass

    async def _line(self) -> bytes:
        while (eol := self._buffer.find(b"\r\n", self._position)) < 0:
            if not self._chunks:
                await self._wait(CONNECT_S)
            self._buffer += b"".join(self._chunks)
            self._chunks.clear()
        line = self._buffer[self._position : eol]
        self.arrived -= eol + 2 - self._position
        self._position = eol + 2
        return line

    async def _secure(self, host: str | None) -> None:
        assert self._transport
        transport = await asyncio.get_running_loop().start_tls(
            self._transport, self, ssl.create_default_context(), server_hostname=host
        )
        self._transport = cast("asyncio.Transport", transport)


def _hello(address: str, name: str) -> dict[str, Any]:
    place = urlsplit(address)
    said: dict[str, Any] = {
        "verbose": False,
        "pedantic": False,
        "lang": "python",
        "version": "1",
        "name": name,
    }
    said |= {"protocol": 1, "headers": True, "no_responders": True}
    if place.username and place.password is not None:
        said |= {"user": unquote(place.username), "pass": unquote(place.password)}
    elif place.username:
        said["auth_token"] = unquote(place.username)
    return said


async def connect(address: str, inbox: str, name: str, queue: str = "") -> Link:
    """A link that hears `inbox`. Raises Lost, OSError, TimeoutError."""
    place = urlsplit(address)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_S):
        _, link = await loop.create_connection(
            lambda: Link(inbox, queue), place.hostname or "127.0.0.1", place.port or 4222
        )
        try:
            await link.greet(address, name)
        except BaseException:
            link.close()
            raise
    return link
