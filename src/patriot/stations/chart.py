"""A series as a chart draws it: as fine as the screen, no peak lost, what is odd marked."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from patriot.sensing import queries
from patriot.sensing.history.fetch import Column
from patriot.sensing.history.series import STEPS, Series, coarser
from patriot.sensing.history.thinning import step_for, thin
from patriot.sensing.queries import StreamRow
from patriot.sensing.rules import ON_ARRIVAL
from patriot.stations.ranges import Range

MARKS = 400
US = 1_000_000


@dataclass(frozen=True)
class Chart:
    """Columns for uPlot: seconds since 1970; None breaks the line. `marks`: [second, value, flags]."""

    at: list[float]
    mean: list[float | None]
    low: list[float | None]
    high: list[float | None]
    marks: list[list[float | int | None]]
    step: str | None

    @property
    def json(self) -> dict[str, Any]:
        """As it is sent; lows and highs only where they differ from the line."""
        columns: dict[str, Any] = {"at": self.at, "mean": self.mean, "marks": self.marks, "step": self.step}
        return columns if self.step is None else columns | {"low": self.low, "high": self.high}


def chart(stream: StreamRow, span: Range, pixels: int) -> Chart:
    """The stream's series on that many pixels."""
    seconds = (span.until - span.since).total_seconds()
    step = step_for(seconds, pixels)
    found = coarser(queries.series(stream.id, span.since, span.until, step), 2 * pixels)
    chosen = thin(found.at, found.mean, pixels) if step is None else np.flatnonzero(found.n > 0)
    breaks = _breaks(found, chosen, stream.cadence_s, seconds / pixels)
    mean, low, high = (_line(column[chosen], breaks) for column in (found.mean, found.low, found.high))
    return Chart(_filled(found.at[chosen] / US, breaks).tolist(), mean, low, high, _marks(found), step)


def _breaks(found: Series, chosen: Column, cadence_s: float | None, pixel_s: float) -> Column:
    """Places in `chosen` before which nothing was heard for too long."""
    if len(chosen) < 2:
        return np.empty(0, np.int64)
    gaps = np.diff(found.at[chosen]) / US
    usual = max(float(np.median(gaps)), STEPS[found.step].total_seconds() if found.step else cadence_s or 0)
    return np.flatnonzero(gaps > max(3 * usual, 3 * pixel_s, 1.0)) + 1


def _filled(at: Column, breaks: Column) -> Column:
    """Times with one more inside every gap, right behind its beginning."""
    return np.insert(at, breaks, at[breaks - 1] + 0.001) if len(breaks) else at


def _line(values: Column, breaks: Column) -> list[float | None]:
    with_gaps = np.insert(values, breaks, np.nan) if len(breaks) else values
    return [None if np.isnan(value) else float(f"{value:.7g}") for value in with_gaps]


def _marks(found: Series) -> list[list[float | int | None]]:
    """Where what was said is in doubt, not how late it came; of many, evenly chosen ones."""
    odd = np.flatnonzero(found.flags & ~int(ON_ARRIVAL))
    if len(odd) > MARKS:
        odd = odd[np.linspace(0, len(odd) - 1, MARKS).astype(int)]
    value = found.last if found.step is None else found.mean
    return [
        [
            float(found.at[n] / US),
            None if np.isnan(value[n]) else float(f"{value[n]:.7g}"),
            int(found.flags[n]),
        ]
        for n in odd
    ]


def table(stream: StreamRow, span: Range) -> Series:
    """The rows of the table behind the chart, oldest first."""
    return queries.series(stream.id, span.since, span.until, span.table_step)
