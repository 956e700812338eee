"""Telling the database that a process lives: its pulse, written by a thread of its own."""

import logging
import os
import socket
import threading
from contextlib import suppress
from types import TracebackType

import orjson
from django.db import DatabaseError, connection

from patriot.kernel import pulse

EVERY = 1.0
HUNG = 8.0  # a main loop that has not got round for so long gets no sign of life written
FORGET = "1 hour"
WRITE = """
INSERT INTO patriot_site_heartbeat (instance, role, started_at, at, counts) VALUES (%s, %s, now(), now(), %s)
ON CONFLICT (instance) DO UPDATE SET at = now(), counts = excluded.counts
"""
TIDY = "DELETE FROM patriot_site_heartbeat WHERE role = %s AND at < now() - %s::interval"
GONE = "DELETE FROM patriot_site_heartbeat WHERE instance = %s"
AGES = "SELECT role, extract(epoch FROM min(now() - at))::float FROM patriot_site_heartbeat GROUP BY role"

log = logging.getLogger(__name__)


def ages() -> dict[str, float]:
    """Seconds since the last sign of life of every role that gives one."""
    with connection.cursor() as cursor:
        cursor.execute(AGES)
        return dict(cursor.fetchall())


class Heart:
    """Context manager: while it is open, the process's beats reach the database."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.instance = f"{role}@{socket.gethostname()}:{os.getpid()}"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_fault: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._end.set()
        self._thread.join(2)

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            try:
                self.write()
            except DatabaseError as fault:
                log.warning("no sign of life could be written: %s", fault)
                connection.close()
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(GONE, [self.instance])
        connection.close()

    def write(self) -> None:
        """Write one sign of life, if the main loop has beaten lately."""
        age = pulse.age()
        if age is None or age > HUNG:
            return
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [self.instance, self.role, orjson.dumps(pulse.counts()).decode()])
            cursor.execute(TIDY, [self.role, FORGET])
