"""MQTT 3.1.1's control packets, as far as a server needs them. Pure but for the reading itself."""

import struct
from asyncio import StreamReader
from dataclasses import dataclass
from enum import IntEnum

LONGEST = 8 * 1024 * 1024
LONGEST_GREETING = 64 * 1024  # of whom nothing is known yet
LEVELS = {("MQTT", 4), ("MQIsdp", 3)}


class Kind(IntEnum):
    """What a packet is: its first byte's upper half."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Malformed(Exception):  # noqa: N818 - ends the connection
    """What came is not MQTT."""


@dataclass(frozen=True, slots=True)
class Packet:
    """As it came."""

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Connect:
    """Who comes in. `keep_alive`: seconds, 0 for ever."""

    known: bool  # a version that is spoken here
    user: str
    password: str
    keep_alive: int


@dataclass(frozen=True, slots=True)
class Publish:
    """A message. `number`: of its packet, 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int
    number: int


class Body:
    """A packet's body, read from its beginning. Raises Malformed where there is less than it says."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, length: int) -> bytes:
        """So many bytes."""
        end = self.at + length
        if end > len(self.raw):
            raise Malformed("a packet is too short")
        found, self.at = self.raw[self.at : end], end
        return found

    def number(self) -> int:
        """Two bytes."""
        return int(struct.unpack("!H", self.take(2))[0])

    def text(self) -> str:
        """A text with its length before it."""
        try:
            found = self.take(self.number()).decode()
        except UnicodeDecodeError:
            raise Malformed("a text is not UTF-8") from None
        if "\x00" in found:
            raise Malformed("a text has a zero in it")
        return found

    @property
    def more(self) -> bool:
        """Whether there is something left."""
        return self.at < len(self.raw)


async def read(reader: StreamReader, longest: int = LONGEST) -> Packet:
    """The next packet, of so many bytes at most. Raises Malformed, IncompleteReadError at the end."""
    first = (await reader.readexactly(1))[0]
    length, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            break
        if shift > 21:
            raise Malformed("a length is too long")
    if length > longest:
        raise Malformed("a packet is too long")
    return Packet(first >> 4, first & 15, await reader.readexactly(length))


def packet(kind: Kind, body: bytes = b"", flags: int = 0) -> bytes:
    """A packet to send."""
    length, head = len(body), bytearray([kind << 4 | flags])
    while True:
        length, byte = divmod(length, 128)
        head.append(byte | 128 if length else byte)
        if not length:
            return bytes(head) + body


def answer(kind: Kind, number: int, body: bytes = b"", flags: int = 0) -> bytes:
    """A packet that answers one with a number."""
    return packet(kind, struct.pack("!H", number) + body, flags)


def message(topic: str, payload: bytes) -> bytes:
    """PUBLISH with QoS 0."""
    raw = topic.encode()
    return packet(Kind.PUBLISH, struct.pack("!H", len(raw)) + raw + payload)


def connect(raw: bytes) -> Connect:
    """The body of CONNECT; a will is read and passed over. Raises Malformed."""
    body = Body(raw)
    name = body.text()
    level, flags = body.take(2)
    keep_alive = body.number()
    if (name, level) not in LEVELS:
        return Connect(False, "", "", keep_alive)
    body.text()  # the client's own name: sessions are not kept
    if flags & 0x04:
        body.text()
        body.take(body.number())
    user = body.text() if flags & 0x80 else ""
    password = body.take(body.number()).decode("utf-8", "replace") if flags & 0x40 else ""
    return Connect(True, user, password, keep_alive)


def publish(found: Packet) -> Publish:
    """The body of PUBLISH. Raises Malformed."""
    body, qos = Body(found.body), found.flags >> 1 & 3
    if qos == 3:
        raise Malformed("there is no QoS 3")
    topic = body.text()
    number = body.number() if qos else 0
    return Publish(topic, found.body[body.at :], qos, number)


def subscribe(raw: bytes) -> tuple[int, list[tuple[str, int]]]:
    """The number and the wanted topics with their QoS. Raises Malformed."""
    body = Body(raw)
    number, wanted = body.number(), []
    while body.more:
        wanted.append((body.text(), body.take(1)[0]))
    if not wanted:
        raise Malformed("a subscription to nothing")
    return number, wanted


def unsubscribe(raw: bytes) -> tuple[int, list[str]]:
    """The number and the topics. Raises Malformed."""
    body = Body(raw)
    number, topics = body.number(), []
    while body.more:
        topics.append(body.text())
    return number, topics
