"""One writer, many readers, bounded memory: fan-out inside one event loop."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

STUCK_S = 10.0


class Overrun(Exception):  # noqa: N818 - an outcome, not a fault
    """The reader was too slow; what it missed is gone from here. It must start afresh."""


class Broadcast[T]:
    """Hands every published item to every subscription. A reader more than `limit` items behind is cut off,
    or, when `lossy`, loses the oldest: for pictures of which only the newest counts.
    """

    def __init__(self, limit: int = 1000, *, lossy: bool = False) -> None:
        self._limit = limit
        self._lossy = lossy
        self._readers: set[Subscription[T]] = set()

    def __len__(self) -> int:
        return len(self._readers)

    def publish(self, item: T) -> None:
        """Give `item` to all readers. Never waits."""
        for reader in tuple(self._readers):
            if len(reader.items) < self._limit or self._lossy:
                reader.items.append(item)
            else:
                self._readers.discard(reader)
                reader.cut_off()
            reader.wake.set()

    def subscribe(self, wake: asyncio.Event | None = None) -> "Subscription[T]":
        """A new reader of everything published from now on; a context manager. `wake` joins it to another's
        waits.
        """
        reader = Subscription(self, self._limit, wake or asyncio.Event())
        self._readers.add(reader)
        return reader

    def forget(self, reader: "Subscription[T]") -> None:
        """Give a reader nothing more."""
        self._readers.discard(reader)


class Subscription[T]:
    """One reader's place in a broadcast. `on_overrun` is called once when it is cut off."""

    def __init__(self, source: Broadcast[T], limit: int, wake: asyncio.Event) -> None:
        self.items: deque[T] = deque(maxlen=limit)
        self.wake = wake
        self.on_overrun: Callable[[], object] = bool
        self._source = source
        self._overrun = False

    def cut_off(self) -> None:
        """Drop everything: the reader was too slow."""
        self._overrun = True
        self.items.clear()
        self.on_overrun()

    async def take(self, timeout_s: float) -> list[T]:
        """Everything that is waiting, after at most `timeout_s`; empty when nothing came. Raises Overrun."""
        if not self.wake.is_set():
            await _wait(self.wake, timeout_s)
        self.wake.clear()
        return self.waiting()

    def waiting(self) -> list[T]:
        """Everything that is there now. Raises Overrun."""
        if self._overrun:
            raise Overrun
        items = list(self.items)
        self.items.clear()
        return items

    def close(self) -> None:
        """Receive nothing more."""
        self._source.forget(self)

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


@contextmanager
def hung_up_when_stuck(reader: Subscription[Any]) -> Iterator[None]:
    """Cancel the current task when its reader was cut off and the task has not noticed `STUCK_S` later.

    Such a task waits for a browser that takes nothing any more; only that ends it.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    if task is not None:
        reader.on_overrun = lambda: timers.append(loop.call_later(STUCK_S, task.cancel))
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
