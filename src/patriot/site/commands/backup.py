"""`patriot backup FOLDER`, `patriot restore FOLDER`: the database, the files and the secrets."""

import json
import os
import shutil
import subprocess
from argparse import ArgumentParser, Namespace
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection

import patriot
from patriot.kernel import clock
from patriot.kernel.config import Config
from patriot.kernel.errors import Refused
from patriot.ledger.queries import Head, head
from patriot.ledger.verify import verify
from patriot.site.account import own
from patriot.site.postgres import binaries
from patriot.site.preflight import is_running
from patriot.site.settings import database_settings

SECRETS = ("secret_key", "nats_password", "mqtt_password", "ledger-anchors.log")
FOLDERS = ("files", "city", "archive")
NOT_KEPT = "patriot_site_heartbeat"


@dataclass(frozen=True)
class About:
    """What a backup says of itself; `number` and `hash` are the ledger's head before it was taken."""

    version: str
    at: str
    number: int
    hash: str


def backup_arguments(parser: ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("folder", type=Path, help="a folder that does not exist yet")


def restore_arguments(parser: ArgumentParser) -> None:
    """Where from."""
    parser.add_argument("folder", type=Path, help="a folder that `patriot backup` wrote")


def backup(config: Config, args: Namespace) -> int:
    """Write a backup; the installation may be running. The folder gets its name when it is whole."""
    if args.folder.exists():
        raise Refused(f"{args.folder} exists already: name a new folder.")
    draft = args.folder.with_name(f".{args.folder.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    end = head()
    kept = ("--format=custom", f"--exclude-table-data={NOT_KEPT}")
    _postgres(config, "pg_dump", *kept, "--file", draft / "database.dump")
    _copy(config.home, draft)
    about = About(patriot.__version__, clock.now().isoformat(), end.number, end.hash.hex())
    (draft / "backup.json").write_text(json.dumps(asdict(about), indent=1))
    draft.rename(args.folder)
    print(f"The backup is in {args.folder}. It holds secrets and personal data: guard it.")
    if config.files_url:
        print(f"Pictures are in {config.files_url.split('?')[0]}: back that store up by its own means.")
    return 0


def restore(config: Config, args: Namespace) -> int:
    """Read a backup into an empty installation and walk its ledger. Exits with 1 when that is not whole."""
    about = _about(args.folder)
    _refuse_unless_empty(config)
    how = ("--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={_name(config)}")
    _postgres(config, "pg_restore", *how, args.folder / "database.dump")
    _copy(args.folder, config.home)
    connection.close()
    verdict = verify(Head(about.number, bytes.fromhex(about.hash)))
    for fault in verdict.faults:
        print(f"number {fault.number}: {fault.words}")
    print(f"Restored the backup of {about.at}: the ledger is {'whole' if verdict.is_whole else 'NOT WHOLE'}, "
          f"{verdict.seals} entries. Start it with `patriot up`.")  # fmt: skip
    return 0 if verdict.is_whole else 1


def _about(folder: Path) -> About:
    try:
        return About(**json.loads((folder / "backup.json").read_text()))
    except (OSError, ValueError, TypeError) as fault:
        raise Refused(f"{folder} is no backup of Patriot: {fault}") from fault


def _refuse_unless_empty(config: Config) -> None:
    if config.embedded_postgres and is_running(config) and not _started_for_us(config):
        raise Refused(f"Patriot runs on {config.home}: stop it first.")
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if tables:
        raise Refused("This database is not empty. Restore into a new PATRIOT_HOME (or DATABASE_URL).")


def _started_for_us(config: Config) -> bool:
    """Whether it is this very command that holds the home (`site.standby` started the database for it)."""
    return (config.home / "lock").read_text().strip() == str(os.getpid())


def _name(config: Config) -> str:
    return str(database_settings(config)["NAME"])


def _postgres(config: Config, program: str, *arguments: object) -> None:
    where = database_settings(config)
    names = {
        "NAME": "PGDATABASE",
        "USER": "PGUSER",
        "PASSWORD": "PGPASSWORD",
        "HOST": "PGHOST",
        "PORT": "PGPORT",
    }
    options = {f"PG{key.upper()}": str(value) for key, value in where.get("OPTIONS", {}).items()}
    env = {**os.environ, **options}
    env |= {names[key]: str(value) for key, value in where.items() if key in names and value}
    command = own([binaries(config.env) / program, *arguments], env=env)
    done = subprocess.run(command.argv, capture_output=True, text=True, check=False, **command.options)
    if done.returncode:
        raise Refused(f"{program} failed: {done.stderr.strip()}")


def _copy(source: Path, target: Path) -> None:
    for name in SECRETS:
        if (source / name).exists():
            shutil.copy2(source / name, target / name)
    for name in FOLDERS:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
