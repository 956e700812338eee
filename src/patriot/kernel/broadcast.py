"""One writer, many readers, bounded memory: fan-out inside one event loop."""

import asyncio
from collections import deque
from typing import Self


class Overrun(Exception):  # noqa: N818 - an outcome, not a fault
    """The reader was too slow; what it missed is gone from here. It must start afresh."""


class Broadcast[T]:
    """Hands every published item to every subscription. A reader more than `limit` items behind is cut off."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._readers: set[Subscription[T]] = set()

    def __len__(self) -> int:
        return len(self._readers)

    def publish(self, item: T) -> None:
        """Give `item` to all readers. Never waits."""
        for reader in tuple(self._readers):
            reader._offer(item, self._limit)

    def subscribe(self) -> "Subscription[T]":
        """A new reader, which gets everything published from now on. Use it as a context manager."""
        reader = Subscription(self)
        self._readers.add(reader)
        return reader

    def _forget(self, reader: "Subscription[T]") -> None:
        self._readers.discard(reader)


class Subscription[T]:
    """One reader's place in a broadcast."""

    def __init__(self, source: Broadcast[T]) -> None:
        self._source = source
        self._items: deque[T] = deque()
        self._news = asyncio.Event()
        self.overrun = False

    def _offer(self, item: T, limit: int) -> None:
        if len(self._items) >= limit:
            self.overrun = True
            self._items.clear()
            self._source._forget(self)
        else:
            self._items.append(item)
        self._news.set()

    async def take(self, timeout_s: float) -> list[T]:
        """Everything that is waiting, after at most `timeout_s`; empty when nothing came. Raises Overrun."""
        if not self._news.is_set():
            await _wait(self._news, timeout_s)
        if self.overrun:
            raise Overrun
        self._news.clear()
        items = list(self._items)
        self._items.clear()
        return items

    def close(self) -> None:
        """Receive nothing more."""
        self._source._forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass
