"""Examining an installation from outside, whatever state it is in."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django
import psycopg

from patriot.kernel.config import Config
from patriot.site.account import RUN_AS
from patriot.site.nats import LOOPBACK, Nats
from patriot.site.postgres import Postgres
from patriot.site.preflight import NEEDED_MB, is_running, port_fault, ports

LEAST_MEMORY_MB = 1500
LONGEST_SKEW = 5.0  # seconds
BUILT = Path(__file__).parent / "static" / "built" / "manifest.json"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    words: str
    wrong: bool = False

    @property
    def mark(self) -> str:
        """In front of its line."""
        return "WRONG " if self.wrong else "ok    "


def examine(config: Config) -> list[Finding]:
    """Look at everything. A look that itself fails is a finding, not the end of the examination."""
    findings: list[Finding] = []
    for look in (_python, _home, _secrets, _programs, _ports, _exposure, _front_end, _services):
        try:
            findings += look(config)
        except Exception as fault:  # whatever is broken, the other looks still say something
            findings.append(Finding(look.__name__.strip("_"), f"cannot be looked at: {fault}", wrong=True))
    return findings


def _python(_config: Config) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 12)
    yield Finding(
        "python", f"{version}, at least 3.12 is needed" if old else f"{version} at {sys.executable}", old
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    yield Finding("memory", f"{memory} MB", memory < LEAST_MEMORY_MB)


def _home(config: Config) -> Iterator[Finding]:
    nearest = next(path for path in (config.home, *config.home.parents) if path.exists())
    writable = os.access(nearest, os.W_OK | os.X_OK)
    if not writable:
        yield Finding(
            "home",
            f"{nearest} cannot be written by this user: set PATRIOT_HOME to a folder of yours",
            wrong=True,
        )
    else:
        yield Finding(
            "home", str(config.home) + ("" if nearest == config.home else " (is made at the first start)")
        )
    free = shutil.disk_usage(nearest).free // 1_000_000
    yield Finding("disk", f"{free} MB are free", free < NEEDED_MB)


def _secrets(config: Config) -> Iterator[Finding]:
    for name in ("secret_key", "nats_password", "mqtt_password"):
        kept = config.home / name
        if kept.exists() and kept.stat().st_mode & 0o077:
            yield Finding(name, f"others can read {kept}: run `chmod 600 {kept}`", wrong=True)
        elif kept.exists():
            yield Finding(name, "is readable by its owner only")


def _programs(config: Config) -> Iterator[Finding]:
    """The embedded servers' programs, and whether they can run without root's rights."""
    servers: list[tuple[str, Callable[[], object]]] = []
    if config.embedded_postgres:
        servers.append(("PostgreSQL", lambda: Postgres(config).binaries))
    if config.embedded_nats:
        servers.append(("NATS", lambda: Nats(config).program))
    for name, find in servers:
        try:
            yield Finding(name, str(find()))
        except RuntimeError as fault:
            yield Finding(name, str(fault), wrong=True)
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        yield Finding(
            "setpriv",
            f"is missing (package util-linux): {RUN_AS} must be able to enter every folder",
            wrong=True,
        )


def _ports(config: Config) -> Iterator[Finding]:
    if is_running(config):
        yield Finding("running", f"by process {(config.home / 'lock').read_text().strip()}")
        return
    yield Finding("running", "no: start it with `patriot up` (or `patriot demo`)")
    for variable, port in ports(config).items():
        fault = port_fault(config.bind, port, variable)
        yield Finding(f"port {port}", fault or "is free", bool(fault))


def _exposure(config: Config) -> Iterator[Finding]:
    """What strangers could reach."""
    if config.bind in LOOPBACK:
        yield Finding(
            "bind", f"{config.bind}: reached from this machine only (set PATRIOT_BIND to change that)"
        )
        return
    if config.demo:
        yield Finding("bind", f"a demo with known logins listens on {config.bind}", wrong=True)
    if not config.public_url.startswith("https://"):
        yield Finding(
            "public URL",
            f"{config.public_url}: passwords travel unencrypted; set PATRIOT_PUBLIC_URL=https://...",
            wrong=True,
        )


def _front_end(_config: Config) -> Iterator[Finding]:
    built = BUILT.exists()
    yield Finding("front end", "is built" if built else "is not built: run `make build`", not built)


def _services(config: Config) -> Iterator[Finding]:
    """Everything `/readyz` looks at, if it runs or if its servers are outside ones."""
    if config.embedded_postgres and not is_running(config):
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patriot.site.settings")
    django.setup()
    from patriot.site import health  # noqa: PLC0415 - Django must be set up first

    for part in asyncio.run(health.parts(config)):
        yield Finding(part.name, part.words, not part.ok)
    try:
        with health.connect(config) as link:
            yield from _database(config, link)
    except psycopg.OperationalError:
        return  # `health` has said so already


def _database(config: Config, link: "psycopg.Connection[tuple[object, ...]]") -> Iterator[Finding]:
    row = link.execute("SELECT now()").fetchone()
    assert row
    skew = abs((datetime.now(UTC) - row[0]).total_seconds())  # type: ignore[operator]
    yield Finding("clock", f"{skew:.1f} s away from the database's", skew > LONGEST_SKEW)
    kind = link.execute("SELECT value FROM patriot_site_fact WHERE name = 'demo'").fetchone()
    if config.demo and kind == ("no",):
        yield Finding(
            "demo", "PATRIOT_DEMO=1 on an installation in real use: its demo logins would open", wrong=True
        )
