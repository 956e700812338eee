"""The newest of each datastream, in whatever order readings come, and only of those asked for."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patriot.kernel.readings import ROW, Batch, LiveReading, Readings


def sent(*readings: LiveReading) -> bytes:
    """As it comes over the bus."""
    return np.array(list(readings), ROW).tobytes()


def test_what_comes_later_but_is_older_changes_nothing() -> None:
    source = Readings()
    source.receive(sent((1, 5.0, 2000, 0)))
    source.receive(sent((1, 4.0, 1000, 0)))
    assert source.latest([1]) == [(1, 5.0, 2000, 0)]


def test_of_the_same_moment_the_last_word_stands() -> None:
    source = Readings()
    source.receive(sent((1, 5.0, 2000, 0)))
    source.receive(sent((1, 5.0, 2000, 64)))
    assert source.latest([1]) == [(1, 5.0, 2000, 64)]


def test_no_value_is_none() -> None:
    source = Readings()
    source.merge([(1, None, 2000, 1)])
    assert source.latest([1]) == [(1, None, 2000, 1)]


def test_streams_that_never_spoke_are_left_out() -> None:
    source = Readings()
    source.merge([(7, 1.0, 1, 0), (3, 2.0, 1, 0)])
    assert source.latest([9, 7, 1]) == [(7, 1.0, 1, 0)]


def test_half_a_row_is_refused_and_what_was_known_stays() -> None:
    source = Readings()
    source.receive(sent((1, 5.0, 2000, 0)))
    with pytest.raises(ValueError, match="buffer size"):
        source.receive(sent((1, 6.0, 3000, 0))[:-1])
    assert source.latest([1]) == [(1, 5.0, 2000, 0)]


def test_a_batch_carries_what_changed_since_the_last_one() -> None:
    async def main() -> list[Batch]:
        source = Readings()
        with source.broadcast.subscribe() as news:
            source.merge([(1, 1.0, 10, 0), (2, 1.0, 10, 0)])
            source.flush()
            source.merge([(2, 2.0, 20, 0)])
            source.flush()
            source.flush()
            return news.waiting()

    batches = asyncio.run(main())
    assert [batch.of([1, 2]) for batch in batches] == [
        [(1, 1.0, 10, 0), (2, 1.0, 10, 0)],
        [(2, 2.0, 20, 0)],
    ]


READING = st.tuples(st.integers(1, 9), st.floats(-9, 9), st.integers(0, 9), st.integers(0, 9))
MESSAGE = st.lists(READING, max_size=9, unique_by=lambda row: row[0])


@given(st.lists(MESSAGE, max_size=9))
def test_it_knows_what_a_plain_dictionary_would(messages: list[list[LiveReading]]) -> None:
    source, plain = Readings(), dict[int, LiveReading]()
    for rows in messages:
        source.merge(rows)
        plain.update({row[0]: row for row in rows if plain.get(row[0], row)[2] <= row[2]})
    assert source.latest(range(10)) == [plain[stream] for stream in sorted(plain)]
