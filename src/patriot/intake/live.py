"""After the commit: the newest reading of every datastream that moved, to whoever shows it.

At most ten times a second; of one datastream only the newest. Lost news is not resent: it is in the latest
table, and the next reading comes.
"""

import asyncio

import numpy as np
from numpy.typing import NDArray

from patriot.kernel.bus import Bus
from patriot.kernel.readings import ROW, SUBJECT, Rows

PERIOD_S = 0.1
MOST = 50_000  # readings in one message: 1.4 MB


class Live:
    """Collects what was committed; `run` hands it on."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._told: list[Rows] = []

    def tell(self, ids: NDArray[np.int64], value: NDArray[np.float64], at: NDArray[np.int64],
             flags: NDArray[np.int32]) -> None:  # fmt: skip
        """Take committed readings, one a datastream. `at`: µs since 1970."""
        if self.bus.connected:
            rows = np.empty(len(ids), ROW)
            rows["stream"], rows["value"], rows["at"], rows["flags"] = ids, value, at // 1000, flags
            self._told.append(rows)

    def news(self) -> Rows:
        """The newest of each datastream told since the last call: what was committed last stands."""
        told, self._told = self._told, []
        rows = np.concatenate(told)[::-1] if told else np.empty(0, ROW)
        return rows[np.unique(rows["stream"], return_index=True)[1]]

    async def run(self) -> None:
        """Send what is new ten times a second, until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            news = self.news()
            for start in range(0, len(news), MOST):
                await self.bus.publish(SUBJECT, news[start : start + MOST].tobytes())
