"""Periodic work rooms declare in their `jobs.py`. The worker runs it: once per moment, whichever worker is
free.
"""

from collections.abc import Callable
from dataclasses import dataclass

type Work = Callable[[], None]

_JOBS: dict[str, "Job"] = {}


@dataclass(frozen=True)
class Job:
    """One periodic job. `cron` has five fields, or six with seconds at the end, and is read in UTC."""

    name: str
    cron: str
    run: Work


def every(cron: str) -> Callable[[Work], Work]:
    """Function decorator: run it at these times. It must bear being run late, twice, or not at all once."""

    def register(work: Work) -> Work:
        name = f"{work.__module__}.{work.__qualname__}".removeprefix("patriot.")
        _JOBS[name] = Job(name, cron, work)
        return work

    return register


def jobs() -> dict[str, Job]:
    """All jobs by name."""
    return dict(_JOBS)
