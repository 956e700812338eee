"""`patriot prepare`, `patriot migrate`."""

import sys
from argparse import Namespace

from django.core.management import call_command
from django.db import connection, transaction

from patriot.kernel.config import Config
from patriot.site import city
from patriot.site.facts import DEMO, fact, set_fact

PREPARE_LOCK = 0x9E9A  # advisory lock: two machines starting at once prepare one after the other


def migrate(_config: Config, _args: Namespace) -> int:
    """Bring the database to this version."""
    _migrate()
    return 0


def prepare(config: Config, _args: Namespace) -> int:
    """Make the database fit to serve: migrated, of the right kind (real or demo), with the city in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
    try:
        _migrate()
        if fault := _wrong_kind(config):
            print(fault, file=sys.stderr)
            return 1
        return city.prepare(config)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARE_LOCK])


def _migrate() -> None:
    """Django's own command, quiet when there is nothing to do."""
    call_command("migrate", verbosity=0, interactive=False)


@transaction.atomic
def _wrong_kind(config: Config) -> str:
    """Why this database cannot be used like this, or nothing. A database stays what it was first used as."""
    wanted, found = "yes" if config.demo else "no", fact(DEMO)
    if found is None:
        set_fact(DEMO, wanted)
    elif found == "yes" and not config.demo:
        return (
            f"The database of {config.home} holds a demo: simulated people with known logins. Real work must "
            "not start on it. Set PATRIOT_HOME (or DATABASE_URL) to a new one, or run `patriot demo`."
        )
    elif found == "no" and config.demo:
        return (
            f"The database of {config.home} is in real use: a demo would mix simulated reports into it. Set "
            "PATRIOT_HOME (or DATABASE_URL) to another one, such as PATRIOT_HOME=~/patriot-demo."
        )
    return ""
