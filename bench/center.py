"""A whole center for a benchmark: `patriot demo` with no simulator, in a home of its own, gone afterwards."""

import json
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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 120


@dataclass(frozen=True)
class Center:
    """A running center: where it listens, where it keeps its data."""

    home: Path
    port: int
    osmand_port: int
    mqtt_port: int

    @property
    def url(self) -> str:
        """Its web address."""
        return f"http://127.0.0.1:{self.port}"

    def keys(self) -> dict[str, list[dict[str, str]]]:
        """Tokens of simulated people and ids of trackers."""
        found: dict[str, list[dict[str, str]]] = json.loads((self.home / "simulator.json").read_bytes())
        return found

    def cpu_s(self, role: str) -> float:
        """Seconds of processor time a role's process has used; of `postgres` all its processes together."""
        if role == "postgres":
            parent = (self.home / "postgres" / "postmaster.pid").read_text().split()[0]
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            return _used_s(parent, also_ended=True) + sum(_used_s(child) for child in children)
        return _used_s((self.home / "run" / f"{role}.pid").read_text().strip())


def _used_s(pid: str, *, also_ended: bool = False) -> float:
    """A process's own time, with `also_ended` that of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # it has just ended: its parent's time tells of it
        return 0.0
    return sum(map(int, fields[11 : 15 if also_ended else 13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def center() -> Iterator[Center]:
    """Start one and wait until it is ready; stop it at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="patriot-bench-"))
    home.chmod(0o755)
    http, mqtt, osmand, sta = _free_port(), _free_port(), _free_port(), _free_port()
    env = os.environ | {
        "PATRIOT_HOME": str(home),
        "PATRIOT_HTTP_PORT": str(http),
        "PATRIOT_MQTT_PORT": str(mqtt),
        "PATRIOT_OSMAND_PORT": str(osmand),
        "PATRIOT_STA_PORT": str(sta),
        "PATRIOT_SCENARIO": "none",
    }
    program = Path(sys.executable).with_name("patriot")
    with (home / "output.log").open("wb") as output:
        process = subprocess.Popen(
            [program, "demo"], env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(f"http://127.0.0.1:{http}/readyz", process)
        yield Center(home, http, osmand, mqtt)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError("the center did not get ready")
