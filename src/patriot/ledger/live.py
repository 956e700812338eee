"""What one web process knows of the world as it changes: the ledger's feed, vehicles, sensors."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.conf import settings

from patriot.kernel import positions, readings
from patriot.kernel.bus import Bus
from patriot.ledger.feed import Feed


@dataclass
class Live:
    """The process's live sources and the tasks that keep them up."""

    bus: Bus
    feed: Feed
    positions: positions.Positions
    readings: readings.Readings
    tasks: list[asyncio.Task[None]]


_LIVE: WeakKeyDictionary[asyncio.AbstractEventLoop, Live] = WeakKeyDictionary()


async def live() -> Live:
    """The sources of the running event loop, started at the first call."""
    loop = asyncio.get_running_loop()
    if loop not in _LIVE:
        _LIVE[loop] = _start()
        await _connect(_LIVE[loop])
    return _LIVE[loop]


def running() -> Live | None:
    """The sources of the running event loop, or None when nobody has started them."""
    return _LIVE.get(asyncio.get_running_loop())


def _start() -> Live:
    bus = Bus(settings.CONFIG.nats_address, name="web")
    sources = Live(bus, Feed(bus), positions.Positions(), readings.Readings(), [])
    parts = (bus, sources.feed, sources.positions, sources.readings)
    sources.tasks += [asyncio.create_task(source.run()) for source in parts]
    return sources


async def _connect(sources: Live) -> None:
    await sources.bus.subscribe(positions.SUBJECT, sources.positions.receive)
    await sources.bus.subscribe(readings.SUBJECT, sources.readings.receive)


async def close() -> None:
    """Stop the running loop's sources and wait until they have ended."""
    sources = _LIVE.pop(asyncio.get_running_loop(), None)
    for task in sources.tasks if sources else []:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
