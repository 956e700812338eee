"""A process's sign of life: its main loop beats and counts here, and the site tells the database.

The loop itself must beat, once per round: a pulse kept by a timer would also beat for a loop that hangs.
"""

import time
from collections import Counter

_counts: Counter[str] = Counter()
_beaten_at: float | None = None


def beat() -> None:
    """Say that the main loop has got round once more. Costs nothing; call it at least every 2 seconds."""
    global _beaten_at
    _beaten_at = time.monotonic()


def count(name: str, amount: int = 1) -> None:
    """Add to a counter that `/metrics` shows, such as `positions`."""
    _counts[name] += amount


def age() -> float | None:
    """Seconds since the last beat; None before the first."""
    return None if _beaten_at is None else time.monotonic() - _beaten_at


def counts() -> dict[str, int]:
    """All counters since the process started."""
    return dict(_counts)
