"""What can happen to a part of the center: killed in the middle of its work, hung, or away for a while."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from tests.site.conftest import Installation

PARTS = ("web", "worker", "intake", "nats", "postgres")
PATIENCE = 60.0  # seconds in which a part must be back, on a slow and busy machine


def running(center: Installation, part: str, patience: float = PATIENCE) -> int:
    """The process number of a part, once it has one."""
    center.wait_for(lambda: center.pid(part), patience)
    return center.pid(part)


def kill(center: Installation, part: str) -> int:
    """`kill -9`; returns the number of the process that is no more."""
    pid = running(center, part)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return pid


@contextmanager
def hung(center: Installation, part: str) -> Iterator[None]:
    """The part's process is there, but does nothing."""
    pid = running(center, part)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def database_away(center: Installation) -> Iterator[None]:
    """PostgreSQL dies and cannot start: it refuses a data folder that everybody may read."""
    data = center.config.home / "postgres"
    data.chmod(0o777)
    kill(center, "postgres")
    try:
        yield
    finally:
        data.chmod(0o700)


@contextmanager
def broker_away(center: Installation) -> Iterator[None]:
    """NATS dies and cannot start: its settings are gone."""
    settings = center.config.home / "nats" / "nats.conf"
    hidden = settings.with_suffix(".hidden")
    settings.rename(hidden)
    kill(center, "nats")
    try:
        yield
    finally:
        hidden.rename(settings)


def database(center: Installation) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection of the test's own, past every interface: only to look."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return psycopg.connect(
                host=str(center.config.run_folder), user="patriot", dbname="patriot", autocommit=True
            )
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
