"""The web process's part in telling subscribers."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from django.conf import settings
from django.db import connection

from patriot.ledger.live import live
from patriot.sensing.sta import feed
from patriot.sensing.sta.feed import Feed, Message
from patriot.sensing.sta.topics import Topic
from patriot.sensing.sta.write import Change


def messages(wanted: Sequence[Topic], changes: Iterable[Change], base: str) -> list[Message]:
    """`feed.messages` in a thread of its own, whose connection goes back."""
    try:
        return feed.messages(wanted, changes, base)
    finally:
        connection.close()


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """For the web process's life: what is changed over HTTP reaches subscribers."""
    sources = await live()
    told = Feed(sources.bus, f"{settings.CONFIG.public_url}/sensorthings/v1.1", work=messages)
    task = asyncio.create_task(told.run(), name="sensorthings")
    feed.attach(told)
    try:
        yield
    finally:
        feed.detach(told)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
