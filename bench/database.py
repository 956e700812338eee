"""A throw-away PostgreSQL for a benchmark, migrated, with the settings a real one has but for its folder."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def database() -> Iterator[None]:
    """Django, set up over an empty database that is gone at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="patriot-bench-"))
    os.environ["PATRIOT_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patriot.site.settings")
    # imported here: the settings read PATRIOT_HOME when they are imported
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from patriot.kernel.config import Config  # noqa: PLC0415
    from patriot.site.postgres import Postgres  # noqa: PLC0415

    config = Config.from_env()
    server = Postgres(config)
    home.chmod(0o755)
    server.prepare()
    process = server.start()
    try:
        _create(config.run_folder)
        django.setup()
        call_command("migrate", verbosity=0)
        yield
        connection.close()
        connection.close_pool()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _create(folder: Path) -> None:
    for _ in range(200):
        try:
            with psycopg.connect(
                host=str(folder), user="patriot", dbname="postgres", autocommit=True
            ) as link:
                link.execute("CREATE DATABASE patriot")
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError("the database did not start")
