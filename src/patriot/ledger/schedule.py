"""Running rooms' periodic jobs through procrastinate, whose queue lives in PostgreSQL."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import procrastinate
from django.db import connection
from procrastinate.contrib.django import app as site_app

from patriot.kernel import pulse
from patriot.kernel.jobs import Job, jobs

log = logging.getLogger(__name__)

RETRY_S = 2.0
LOCK_CLASS = 0x10B5  # advisory locks (class, job)


def application() -> procrastinate.App:
    """A procrastinate application that knows every declared job; a run that still waits is not queued
    twice.
    """
    app = procrastinate.App(connector=site_app.connector.get_worker_connector())  # type: ignore[attr-defined]
    for job in jobs().values():
        task = app.task(name=job.name, queueing_lock=job.name)(_runner(job))
        app.periodic(cron=job.cron)(task)
    return app


def _runner(job: Job) -> Callable[[int], None]:
    def run(timestamp: int) -> None:
        try:
            with _alone(job.name) as is_alone:
                if is_alone:
                    job.run()
                    pulse.count("jobs")
        finally:
            connection.close()

    return run


@contextmanager
def _alone(name: str) -> Iterator[bool]:
    """True inside while no other worker runs this job. A lock of the database session, not of procrastinate's
    queue: it goes with the process that held it, however that ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCK_CLASS, name])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [LOCK_CLASS, name])


async def run() -> None:
    """Run jobs when they are due until cancelled. Losing the database makes it start over, never end."""
    while True:
        try:
            app = application()
            async with app.open_async():
                await app.run_worker_async(
                    install_signal_handlers=False,
                    concurrency=2,
                    delete_jobs="always",
                    fetch_job_polling_interval=1.0,
                    shutdown_graceful_timeout=1.0,
                )
        except Exception:
            log.exception("periodic jobs stopped; starting them again")
        await asyncio.sleep(RETRY_S)
