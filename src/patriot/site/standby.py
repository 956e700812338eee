"""Commands work on a stopped installation too: the embedded database runs just as long as the command."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from patriot.kernel.config import Config
from patriot.kernel.errors import Refused
from patriot.site.postgres import Postgres
from patriot.site.preflight import CannotStart, is_running, only_one

PATIENCE = 60.0


@contextmanager
def database(config: Config) -> Iterator[None]:
    """Have the database at hand: the running or outside one, or the embedded one, started for this block."""
    if not config.embedded_postgres or is_running(config):
        yield
        return
    try:
        with only_one(config), served(Postgres(config)):
            yield
    except (CannotStart, RuntimeError) as fault:
        raise Refused(str(fault)) from fault


@contextmanager
def served(server: Postgres) -> Iterator[None]:
    """Run a server for this block; its database `patriot` is there."""
    server.prepare()
    log = server.config.home / "log" / "postgres.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as words:
        process = server.start(words)
    try:
        until = time.monotonic() + PATIENCE
        while not make_database(server.config, server.port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL does not start on {server.data}. Its words: {log}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _accepts(config: Config) -> bool:
    """Whether the server says that it takes connections: asked earlier, it logs refusals."""
    try:
        return "ready" in (config.home / "postgres" / "postmaster.pid").read_text()
    except OSError:
        return False


def make_database(config: Config, port: int = 5432) -> bool:
    """Create the database `patriot` when it is missing; False while the embedded server does not answer."""
    if not _accepts(config):
        return False
    try:
        link = psycopg.connect(
            host=str(config.run_folder), port=port, user="patriot", dbname="postgres", autocommit=True
        )
    except psycopg.OperationalError:
        return False
    with link:
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = 'patriot'").fetchone():
            link.execute("CREATE DATABASE patriot")
    return True
