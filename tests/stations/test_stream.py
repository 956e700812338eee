"""New readings reach the page of their station, and no other."""

import asyncio

import numpy as np
import orjson

from patriot.kernel.readings import ROW, Readings
from patriot.stations.stream import _frames


def readings_of(frame: bytes) -> list[list[float]]:
    """What a frame says."""
    data = next(line for line in frame.decode().splitlines() if line.startswith("data: "))
    return list(orjson.loads(data[6:]))


def test_it_sends_the_newest_and_then_what_is_new_of_one_station() -> None:
    async def watch() -> list[bytes]:
        source = Readings()
        source.receive(np.array([(1, 5.0, 1000, 0), (2, 6.0, 1000, 0)], ROW).tobytes())
        frames = _frames(source, frozenset({1}))
        first = await anext(frames)
        source.flush()
        source.merge([(2, 9.0, 2000, 0), (1, 7.5, 2000, 32)])
        source.merge([(1, 4.0, 500, 0)])
        source.flush()
        found = [first, await anext(frames)]
        await frames.aclose()  # type: ignore[attr-defined]
        return found

    first, second = asyncio.run(watch())
    assert readings_of(first) == [[1, 5.0, 1000, 0]]
    assert readings_of(second)[-1] == [1, 7.5, 2000, 32]
