"""The door for clients of the standard: MQTT as SensorThings has it, on a port of its own.

Devices speak to the broker itself, which is fast. It knows no API tokens, nor who sent what it stored, and
refuses spaces in topics and points in clients' names, which the standard's clients use. So these come in
here: whoever signs in with a token makes over MQTT what they may make over HTTP, acknowledged after the
commit; what they subscribe to is subscribed to at the broker in their stead, and tells what they may see.
Without a name one comes in on this machine only, as at the broker, makes observations only and hears what is
public.
"""

import asyncio
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

import nats
from patriot.intake import authors
from patriot.intake.authors import Away, Stranger
from patriot.intake.packets import (
    LONGEST_GREETING,
    Kind,
    Malformed,
    Packet,
    answer,
    connect,
    message,
    packet,
    publish,
    read,
    subscribe,
    unsubscribe,
)
from patriot.kernel.config import Config
from patriot.sensing.sta.compiler import Scope
from patriot.sensing.sta.topics import PUBLIC, ROOT, seen, subject_of, topic_of, unseen

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
AGAIN_S = 2.0
LOOK_S = 15.0  # how often it is looked whether who is in still may
SIGN_IN_S = 10.0
SETTLE_S = 0.5  # longer than a change waits for the feed's question while nobody subscribed
MOST_CLIENTS, MOST_TOPICS = 1000, 200
MOST_UNSENT = 4 * 1024 * 1024  # bytes: who does not listen misses what comes then
LONGEST_SUBJECT = 2000  # bytes: the broker reads no longer lines
FAILED = 0x80
ACCEPTED, WRONG_VERSION, NOT_NOW, NOT_AUTHORIZED = 0, 1, 3, 5


@dataclass
class Front:
    """Serves MQTT while the broker is there. `run` until cancelled."""

    config: Config
    _clients: set["Session"] = field(default_factory=set)

    async def run(self) -> None:
        """Open again and again: the broker comes and goes, another process may have the port."""
        while True:
            with suppress(OSError, nats.errors.Error, TimeoutError):
                await self._open()
            await asyncio.sleep(AGAIN_S)

    async def _open(self) -> None:
        """Serve until the broker is lost: clients come again, and subscribe again."""
        if not (address := self.config.nats_address()):
            return
        lost = asyncio.Event()

        async def gone() -> None:
            lost.set()

        link = await nats.connect(
            address, name="patriot-intake front", allow_reconnect=False, closed_cb=gone, error_cb=_ignore
        )
        try:
            server = await asyncio.start_server(
                lambda *streams: self._serve(link, *streams), self.config.bind, self.config.sta_port
            )
            watching = asyncio.create_task(self._watch())
            try:
                await lost.wait()
            finally:
                server.close()
                watching.cancel()
        finally:
            for client in list(self._clients):
                client.writer.close()
            await link.close()

    async def _watch(self) -> None:
        """Put out who may not be in any more, or may see something else than when they came."""
        while True:
            await asyncio.sleep(LOOK_S)
            for client in [client for client in self._clients if client.token]:
                try:
                    if await authors.scope(client.token) != client.scope:
                        client.writer.close()
                except Stranger:
                    client.writer.close()
                except Away:
                    break

    async def _serve(self, link: Client, reader: StreamReader, writer: StreamWriter) -> None:
        session = Session(link, reader, writer, local=self.config.bind in LOOPBACK)
        self._clients.add(session)
        try:
            if len(self._clients) > MOST_CLIENTS:
                writer.write(packet(Kind.CONNACK, bytes([0, NOT_NOW])))
            else:
                await session.run()
        except (Malformed, Away, Stranger, OSError, EOFError, TimeoutError, nats.errors.Error) as fault:
            log.debug("a client of SensorThings left: %s", fault)
        finally:
            self._clients.discard(session)
            writer.close()
            await session.leave()


@dataclass(eq=False)
class Session:
    """One client, from its CONNECT to its end. Nothing is kept of it."""

    link: Client
    reader: StreamReader
    writer: StreamWriter
    local: bool
    scope: Scope = PUBLIC  # what it may see
    token: str = ""
    _silence: float | None = None
    _topics: dict[str, Subscription] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)  # topics the client knows it is subscribed to
    _received: set[int] = field(default_factory=set)  # numbers of QoS 2 that the client still remembers

    async def run(self) -> None:
        """Raises what ends it: EOFError, Malformed, Away, Stranger, OSError."""
        async with asyncio.timeout(SIGN_IN_S):
            if not await self._sign_in():
                return
        does: dict[int, Callable[[Packet], Awaitable[None]]] = {
            Kind.PUBLISH: self._publish, Kind.PUBREL: self._release, Kind.SUBSCRIBE: self._subscribe,
            Kind.UNSUBSCRIBE: self._unsubscribe, Kind.PINGREQ: self._ping,
        }  # fmt: skip
        while True:
            async with asyncio.timeout(self._silence):
                found = await read(self.reader)
            if found.kind == Kind.DISCONNECT:
                return
            if found.kind not in does:
                raise Malformed(f"packet {found.kind} was not expected")
            await does[found.kind](found)
            await self.writer.drain()

    async def leave(self) -> None:
        """Hear no more."""
        with suppress(nats.errors.Error, OSError):
            for heard in self._topics.values():
                await heard.unsubscribe()

    async def _sign_in(self) -> bool:
        first = await read(self.reader, LONGEST_GREETING)
        if first.kind != Kind.CONNECT:
            raise Malformed("the first packet is no CONNECT")
        said = connect(first.body)
        self._silence = said.keep_alive * 1.5 or None
        code = ACCEPTED if said.known and (self.local or said.user) else NOT_AUTHORIZED
        if not said.known:
            code = WRONG_VERSION
        elif said.user:
            try:
                self.token, self.scope = said.password, await authors.scope(said.password)
            except Stranger:
                code = NOT_AUTHORIZED
        self.writer.write(packet(Kind.CONNACK, bytes([0, code])))
        return code == ACCEPTED

    async def _publish(self, found: Packet) -> None:
        """Make what is sent, once; then acknowledge. What cannot be made is kept with its reason."""
        said = publish(found)
        if said.number not in self._received:
            await authors.make(self.token, said.topic, said.payload)
        if said.qos == 1:
            self.writer.write(answer(Kind.PUBACK, said.number))
        elif said.qos:
            self._received.add(said.number)
            self.writer.write(answer(Kind.PUBREC, said.number))

    async def _release(self, found: Packet) -> None:
        number = int.from_bytes(found.body[:2])
        self._received.discard(number)
        self.writer.write(answer(Kind.PUBCOMP, number))

    async def _subscribe(self, found: Packet) -> None:
        """Subscribe at the broker, which knows of it before the client hears so. What changed before is not
        told: it may still be on its way, see `sta.feed`.
        """
        number, wanted = subscribe(found.body)
        codes = [qos if await self._hear(topic) else FAILED for topic, qos in wanted]
        await self.link.flush()
        if not self._topics.keys() <= self._settled:
            await asyncio.sleep(SETTLE_S)
            self._settled |= self._topics.keys()
        self.writer.write(answer(Kind.SUBACK, number, bytes(codes)))

    async def _hear(self, topic: str) -> bool:
        subject = _subject(topic)
        if subject is None or len(self._topics) >= MOST_TOPICS:
            return False
        if topic not in self._topics:
            heard = subject if self.scope == PUBLIC else seen(self.scope, subject)
            if len(heard.encode()) > LONGEST_SUBJECT:
                return False
            plain = not subject.endswith(">") and "*" not in subject.split(".")
            self._topics[topic] = await self.link.subscribe(heard, cb=self._says(topic, plain=plain))
        return True

    def _says(self, topic: str, *, plain: bool) -> Callable[[Msg], Awaitable[None]]:
        """What hands a message on: under the topic as the client wrote it, with wildcards under its own."""

        async def say(heard: Msg) -> None:
            if topic in self._settled and self.writer.transport.get_write_buffer_size() < MOST_UNSENT:
                name = topic if plain else topic_of(unseen(heard.subject))
                self.writer.write(message(name, heard.data))

        return say

    async def _unsubscribe(self, found: Packet) -> None:
        number, topics = unsubscribe(found.body)
        for topic in topics:
            self._settled.discard(topic)
            if heard := self._topics.pop(topic, None):
                await heard.unsubscribe()
        self.writer.write(answer(Kind.UNSUBACK, number))

    async def _ping(self, _found: Packet) -> None:
        self.writer.write(packet(Kind.PINGRESP))


def _subject(topic: str) -> str | None:
    """The broker's subject for a topic of the standard, with its wildcards; None for any other topic."""
    levels = topic.replace(" ", "%20").removesuffix("/").split("/")
    if not topic.startswith(ROOT) or "" in levels or any(level in ("*", ">") for level in levels):
        return None
    if any(character.isspace() or ord(character) < 32 for character in "".join(levels)):
        return None
    wild = {"+": "*", "#": ">"}
    if "#" in levels[:-1]:
        return None
    return ".".join(wild.get(level) or subject_of(level) for level in levels)


async def _ignore(error: Exception) -> None:
    log.debug("broker: %s", error)
