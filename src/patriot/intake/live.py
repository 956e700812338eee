"""After the commit: the newest reading of every datastream that moved, to whoever shows it.

At most ten messages a second; of one datastream only the newest. Lost news is not resent: it is in the
latest table, and the next reading comes.
"""

import asyncio

import numpy as np
import orjson
from numpy.typing import NDArray

from patriot.kernel.bus import Bus
from patriot.kernel.readings import SUBJECT

PERIOD_S = 0.1
MOST = 50_000  # readings in one message: some 2 MB


class Live:
    """Collects what was committed; `run` hands it on."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._newest: dict[int, tuple[int, float, int, int]] = {}

    def tell(self, ids: NDArray[np.int64], value: NDArray[np.float64], at: NDArray[np.int64],
             flags: NDArray[np.int32]) -> None:  # fmt: skip
        """Take committed readings, one a datastream. `at`: µs since 1970."""
        if self.bus.connected:
            rows = zip(ids.tolist(), value.tolist(), (at // 1000).tolist(), flags.tolist(), strict=True)
            self._newest.update((row[0], row) for row in rows)

    async def run(self) -> None:
        """Send what is new ten times a second, until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            news, self._newest = list(self._newest.values()), {}
            for start in range(0, len(news), MOST):
                await self.bus.publish(SUBJECT, orjson.dumps(news[start : start + MOST]))
