"""Automatic features of interest that devices' readings are about begin here, seconds after the first.

While readings are stored nothing is asked about them; SensorThings shows such a feature at once.
"""

import asyncio
from contextlib import suppress

from django.db import Error, connection

from patriot.sensing.sta import features, feed, model

PERIOD_S = 10.0


class Beginnings:
    """Looks, again and again, what has been read about. `run` until cancelled."""

    async def run(self) -> None:
        """Begin features, and tell subscribers of those that did."""
        while True:
            await asyncio.sleep(PERIOD_S)
            with suppress(Error):  # the database is away: others say so
                await asyncio.to_thread(begin)


def begin() -> None:
    """Look once, in a thread of its own, whose connection goes back."""
    try:
        begun = features.begin_observed()
    finally:
        connection.close()
    if begun:
        feed.tell([(model.FEATURE, key, None) for key in begun])
