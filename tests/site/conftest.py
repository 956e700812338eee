"""Installations of their own: a fresh home and free ports for each test."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from patriot.kernel.config import Config

ROOT = Path(__file__).parents[2]
FOREIGN = ("PATRIOT_", "DATABASE_URL", "NATS_URL", "DJANGO_", "PYTEST_")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """A home with its ports, and the `patriot` program run on it."""

    home: Path
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ports = {name: str(free_port()) for name in ("HTTP", "MQTT", "OSMAND", "STA")}
        self.env = {
            "PATRIOT_HOME": str(self.home),
            **{f"PATRIOT_{name}_PORT": port for name, port in ports.items()},
        }
        self.env |= self.more

    @property
    def config(self) -> Config:
        """As the program reads it."""
        return Config.from_env(self.env)

    @property
    def whole_env(self) -> dict[str, str]:
        """The environment of the program: ours, without what belongs to the tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {**kept, **self.env}

    def run(self, *words: str, timeout: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        command = [sys.executable, "-m", "patriot.site.cli", *words]
        return subprocess.run(
            command, env=self.whole_env, capture_output=True, text=True, timeout=timeout, check=False
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command that stays, as the leader of a process group of its own."""
        command = [sys.executable, "-m", "patriot.site.cli", *words]
        with (self.home / "terminal.txt").open("a") as terminal:
            return subprocess.Popen(
                command,
                env=self.whole_env,
                stdout=terminal,
                stderr=terminal,
                text=True,
                start_new_session=True,
            )

    def terminal(self) -> str:
        """What the started command has printed."""
        return (self.home / "terminal.txt").read_text()

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of a page; status 0 when nobody answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.config.http_port}{path}", headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def wait_until_ready(self, patience: float = 120) -> float:
        """Seconds until `/readyz` is 200; fails with its words and the terminal's."""
        return self.wait_for(lambda: self.get("/readyz")[0] == 200, patience)

    def wait_for(self, condition: "object", patience: float) -> float:
        """Seconds until `condition()` holds."""
        began = time.monotonic()
        while not condition():  # type: ignore[operator]
            if time.monotonic() - began > patience:
                pytest.fail(
                    f"not within {patience} s. readyz: {self.get('/readyz')}\n{self.terminal()[-3000:]}"
                )
            time.sleep(0.1)
        return time.monotonic() - began

    def pid(self, name: str) -> int:
        """The process number of one child; 0 while it has none."""
        with suppress(OSError, ValueError):
            return int((self.config.run_folder / f"{name}.pid").read_text())
        return 0

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.config.run_folder, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture
def installation() -> Iterator[Installation]:
    """A fresh home that every user may enter, with free ports."""
    home = Path(tempfile.mkdtemp(prefix="patriot-i-"))
    home.chmod(0o755)
    made = Installation(home)
    yield made
    made.clear()


def end(
    process: "subprocess.Popen[str]", sign: signal.Signals = signal.SIGINT, patience: float = 30
) -> float:
    """Send a signal to the whole process group; seconds until its leader has ended."""
    began = time.monotonic()
    os.killpg(process.pid, sign)
    process.wait(patience)
    return time.monotonic() - began
