"""What a parking counter says: how full, how busy. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL_AT, FREE_BELOW = 0.95, 0.90  # a lot is full from 95 % on, and free again below 90 %


@dataclass(frozen=True)
class Turnover:
    """How a lot was used over a time: `arrivals` and `per_space` are at least so many, see `turnover`."""

    mean_occupancy: float  # 0-1, by time
    peak: float
    arrivals: int
    per_space: float


def occupancy(occupied: float, capacity: int) -> float:
    """The share of the spaces taken, 0 to 1, whatever the counter believes."""
    return min(max(occupied / capacity, 0.0), 1.0) if capacity > 0 else 0.0


def is_full(share: float, was_full: bool) -> bool:
    """With hysteresis, so that one car more or less is no news."""
    return share >= (FREE_BELOW if was_full else FULL_AT)


def turnover(at_s: NDArray[np.float64], occupied: NDArray[np.float64], capacity: int) -> Turnover | None:
    """Use over a series in order of time; None with fewer than two counts or no spaces.

    A count says nothing of a car that leaves as another comes: what it rises by is a lower bound of the
    arrivals. Occupancy is weighed by the time each count stood.
    """
    if len(occupied) < 2 or capacity <= 0:
        return None
    stood = np.diff(at_s)
    shares = np.clip(occupied / capacity, 0, 1)
    span = float(stood.sum())
    mean = float((shares[:-1] * stood).sum() / span) if span > 0 else float(shares.mean())
    arrivals = int(np.clip(np.diff(occupied), 0, None).sum())
    return Turnover(mean, float(shares.max()), arrivals, arrivals / capacity)
