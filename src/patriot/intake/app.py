"""The intake's ASGI application and its life: `run(config)`.

A device hears 200 only after its position is committed; 503 means: nothing was stored, send it again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from patriot.intake.batch import Answer, Gatherer, Waiting
from patriot.intake.creations import Subscribers
from patriot.intake.door import Door
from patriot.intake.features import Beginnings
from patriot.intake.front import Front
from patriot.intake.ingest import Ingest
from patriot.intake.live import Live
from patriot.intake.osmand import BadFrame, decode
from patriot.intake.publish import Publisher
from patriot.intake.store import Store, conninfo
from patriot.kernel.bus import Bus
from patriot.kernel.config import Config

log = logging.getLogger(__name__)

LONGEST_BODY = 1_000_000
LONGEST_FRAME = 2000  # characters kept in quarantine
RETRY_AFTER = (b"retry-after", b"2")

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]


class Intake:
    """The ASGI application: every path takes positions, `/healthz` tells how it is."""

    def __init__(self, gatherer: Gatherer, ingest: Ingest) -> None:
        self.gatherer = gatherer
        self.ingest = ingest

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/healthz":
            await _respond(send, self.health())
        elif scope["method"] not in ("GET", "POST"):
            await _respond(send, Answer(405, "Positions come by GET or POST."))
        else:
            await self._take(scope, receive, send)

    def health(self) -> Answer:
        """200 while the database answers, else 503 with words."""
        if self.gatherer.healthy:
            return Answer(200, "ok; readings wait in the broker" if self.ingest.trouble else "ok")
        return Answer(503, "The database is away.")

    async def _take(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        body = await _body(receive) if scope["method"] == "POST" else b""
        if body is None:
            await _respond(send, Answer(413, "The body is too long."))
            return
        waiting = _waiting(scope, body)
        self.gatherer.submit(waiting)
        await _respond(send, await waiting.answer)


def _waiting(scope: MutableMapping[str, Any], body: bytes) -> Waiting:
    """The request as the gatherer takes it: also one without a position, for its frame is kept."""
    query: bytes = scope["query_string"]
    content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    raw = (query + (b"\n" + body if body else b""))[:LONGEST_FRAME]
    frame = raw.decode("utf-8", "replace").replace("\x00", "")
    try:
        return Waiting(decode(query, body, content_type), frame, answer)
    except BadFrame as fault:
        return Waiting([], frame, answer, fault.uid, Answer(400, str(fault)), fault.reason)


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None when it is too long."""
    parts, length = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        if length > LONGEST_BODY:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _respond(send: Send, answer: Answer) -> None:
    words = answer.words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(words)).encode())]
    if answer.status == 503:
        headers.append(RETRY_AFTER)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": words})


class Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the process's role decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def run(config: Config) -> None:
    """Serve until cancelled: requests in flight are settled first. Raises when the writer fails."""
    bus = Bus(config.nats_address, "patriot-intake")
    publisher = Publisher(bus)
    store = Store(conninfo(config))
    gatherer = Gatherer(store, publisher.publish)
    live, subscribers = Live(bus), Subscribers(bus, config)
    ingest, door = Ingest(config, live, subscribers), Door(config)
    server = Server(_server_config(config, Intake(gatherer, ingest)))
    serving = asyncio.create_task(server.serve(), name="osmand")
    lives = (gatherer, publisher, bus, live, ingest, door, subscribers, Beginnings(), Front(config))
    working = [asyncio.create_task(one.run()) for one in lives]
    try:
        done, _ = await asyncio.wait({serving, *working}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=2.5)
        for task in working:
            task.cancel()
        await asyncio.wait(working, timeout=2)
        await store.close()


def _server_config(config: Config, app: Intake) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=config.bind,
        port=config.osmand_port,
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=2,
    )
