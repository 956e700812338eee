"""The web process as browsers meet it: a real server in the test's event loop, and a reader of event
streams.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import uvicorn
from django.core.asgi import get_asgi_application
from django.db import connection

from patriot.ledger import live
from tests.nats import free_port


@dataclass(frozen=True)
class Frame:
    """One server-sent event. `event` is empty for a frame that only moves the place."""

    event: str
    number: int | None
    data: Any


class Reader:
    """A browser's end of one stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id: int | None = None
        self._frames = self._read()

    async def _read(self) -> AsyncIterator[Frame]:
        fields: dict[str, str] = {}
        async for line in self.response.aiter_lines():
            if line:
                name, _colon, value = line.partition(": ")
                fields[name] = value
                continue
            if "id" in fields:
                self.last_id = int(fields["id"])
            yield Frame(
                fields.get("event", ""),
                int(fields["id"]) if "id" in fields else None,
                orjson.loads(fields["data"]) if "data" in fields else None,
            )
            fields = {}

    async def next(self, *events: str) -> Frame:
        """The next frame of one of these events; others are passed over. Fails after 10 s."""
        async with asyncio.timeout(10):
            async for frame in self._frames:
                if frame.event in events:
                    return frame
        raise AssertionError(f"the stream ended before {events}")

    async def numbered(self, count: int) -> list[Frame]:
        """The next `count` frames that are ledger events."""
        found: list[Frame] = []
        async with asyncio.timeout(30):
            async for frame in self._frames:
                if frame.number is not None and frame.event and frame.event != "snapshot":
                    found.append(frame)
                if len(found) == count:
                    return found
        raise AssertionError(f"the stream ended after {len(found)}")


class Browser:
    """A client of the running server. `cookies` make it somebody."""

    def __init__(self, url: str) -> None:
        self.url = url

    @asynccontextmanager
    async def listen(
        self, path: str, *, cookies: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> AsyncIterator[Reader]:
        """Open a stream and leave it at the end of the block."""
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=20, cookies=cookies, trust_env=False) as client,
            client.stream("GET", path, headers=headers) as response,
        ):
            yield Reader(response)


def in_server(test: Callable[[Browser], Coroutine[Any, Any, None]], limit_s: float = 60) -> None:
    """Run an async test beside a server on a free port, with everything the web process runs."""

    async def run() -> None:
        port = free_port()
        server = uvicorn.Server(
            uvicorn.Config(
                get_asgi_application(),
                port=port,
                lifespan="off",
                log_level="error",
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve())
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            async with asyncio.timeout(limit_s):
                await test(Browser(f"http://127.0.0.1:{port}"))
        finally:
            server.should_exit = True
            await serving
            await live.close()

    asyncio.run(run())


async def in_thread[T](work: Callable[[], T]) -> T:
    """Run blocking database work beside the loop and let go of its connection."""

    def run() -> T:
        try:
            return work()
        finally:
            connection.close()

    return await asyncio.to_thread(run)
