"""The board's first moments in a new web process."""

import asyncio
from collections.abc import Callable

import pytest

from patriot.kernel.bus import Bus
from patriot.kernel.positions import Positions
from patriot.kernel.readings import Readings
from patriot.ledger.feed import Feed
from patriot.ledger.live import Live
from patriot.wall.board import Board
from tests.wall.conftest import SAID


@pytest.mark.django_db(transaction=True)
def test_it_loads_only_once_the_feed_knows_where_it_begins(wall_of: Callable[..., None]) -> None:
    """Else what was sealed between the two would be missing from the picture until the next load."""
    wall_of(SAID)

    async def main() -> tuple[bool, bool]:
        bus = Bus(lambda: "", "test")
        sources = Live(bus, Feed(bus), Positions(), Readings(), [])
        made = Board(sources)
        running = asyncio.create_task(made.run())
        await asyncio.sleep(0.3)
        early = made._picture.is_loaded
        sources.feed.ready.set()
        async with asyncio.timeout(20):
            while not made._picture.is_loaded:
                await asyncio.sleep(0.05)
        running.cancel()
        return early, made._picture.is_loaded

    assert asyncio.run(main()) == (False, True)
