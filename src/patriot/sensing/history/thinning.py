"""Making a series as fine as a screen is, without losing a peak. Pure."""

import numpy as np

from patriot.sensing.history.fetch import Column


def thin(at: Column, value: Column, pixels: int) -> Column:
    """Indices of the rows that draw the same line on `pixels` columns as all rows would: of each column the
    first, the lowest, the highest and the last. NaN are left out. At most 4 × `pixels`, in order.
    """
    usable = np.flatnonzero(~np.isnan(value))
    if len(usable) <= 4 * pixels:
        return usable
    times, values = at[usable], value[usable]
    span = max(1, int(times[-1] - times[0]) + 1)
    column = (times - times[0]) * pixels // span
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(starts[1:], len(usable)) - 1
    order = np.lexsort((values, column))  # each column's rows by value: its ends are its extremes
    chosen = np.unique(np.concatenate([starts, ends, order[starts], order[ends]]))
    return np.asarray(usable[chosen])


def step_for(span_s: float, pixels: int) -> str | None:
    """The widest buckets that are no wider than a pixel of `span_s` seconds; None: readings themselves."""
    pixel_s = span_s / max(1, pixels)
    return "1h" if pixel_s >= 3600 else "5m" if pixel_s >= 300 else None
