"""The worker role: seals the ledger, tells everybody, runs reactions and periodic jobs. Any number may
run.
"""

import asyncio
import time
from collections.abc import Sequence
from threading import Event, Thread

from django.conf import settings
from django.db import connection

from patriot.kernel import clock
from patriot.kernel.bus import Bus
from patriot.kernel.events import Announcement
from patriot.ledger import anchors, queries, schedule, sealer, wire
from patriot.ledger.delivery import Courier

ANCHOR_S = 60.0
LONGEST_GOODBYE_S = 2.0


async def run() -> None:
    """Work until cancelled; then let what is under way end, for at most two seconds."""
    bus = Bus(settings.CONFIG.nats_address, name="worker")
    stop, woken = Event(), Event()
    loop = asyncio.get_running_loop()

    def tell(head: int, sealed: Sequence[Announcement]) -> None:
        if sealed:
            woken.set()
        for payload in wire.messages(head, sealed):
            asyncio.run_coroutine_threadsafe(bus.publish(wire.SUBJECT, payload), loop)

    threads = [
        Thread(target=sealer.run, args=(tell, stop), name="sealer", daemon=True),
        Thread(target=Courier().run, args=(woken, stop), name="courier", daemon=True),
        Thread(target=_anchor, args=(stop,), name="anchors", daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bus.run())
            tasks.create_task(schedule.run())
    finally:
        stop.set()
        woken.set()
        await asyncio.to_thread(_join, threads)


def _anchor(stop: Event) -> None:
    """Note the chain's head once a minute; a minute missed for want of database or disk is made up by the
    next.
    """
    while not stop.wait(ANCHOR_S):
        try:
            anchors.note(settings.CONFIG.home, queries.head(), clock.now())
        except Exception:
            sealer.log.exception("the ledger's head could not be noted")
        finally:
            connection.close()


def _join(threads: Sequence[Thread]) -> None:
    deadline = time.monotonic() + LONGEST_GOODBYE_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
