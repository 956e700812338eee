"""One throw-away PostgreSQL for the whole run."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from patriot.kernel.config import Config
from patriot.site.postgres import Postgres

SHARED_DATA = Path(os.environ.get("PATRIOT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Config]:
    """The running server's configuration."""
    config = Config.from_env()
    server = Postgres(config, durable=False)
    config.home.chmod(0o755)
    server.prepare()
    process = server.start()
    _wait_until_up(config)
    yield config
    process.send_signal(signal.SIGINT)
    process.wait(20)
    shutil.rmtree(config.home, ignore_errors=True)


def _wait_until_up(config: Config) -> None:
    for _ in range(200):
        try:
            psycopg.connect(host=str(config.run_folder), user="patriot", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.exit("The test database did not start.", 3)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: Config) -> None:
    """Make pytest-django's database set-up wait for the server."""


# Telemetry is plain SQL: Django's flush after a transactional test knows nothing of it.
TELEMETRY = """
SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
    AND relname ~ '^(fleet|sensing)_' AND relname <> 'sensing_rolled' AND NOT relname = ANY(%s)
"""
OLD_DAYS = """
SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
WHERE relispartition AND relname ~ '^(fleet_position|sensing_observation)_[0-9]{8}$'
    AND right(relname, 8) < to_char(now() - interval '3 days', 'YYYYMMDD')
"""


@pytest.fixture(autouse=True)
def _telemetry(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that commits leaves no readings and no positions behind, nor the tables of days long gone."""
    mark = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (mark and mark.kwargs.get("transaction"))
    if not commits:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as cursor:
        cursor.execute(TELEMETRY, [connection.introspection.django_table_names()])
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]}")
        cursor.execute(OLD_DAYS)
        if days := cursor.fetchone()[0]:
            cursor.execute(f"DROP TABLE {days}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that need it are skipped, saying so, where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is not present at {SHARED_DATA}")
    return SHARED_DATA
