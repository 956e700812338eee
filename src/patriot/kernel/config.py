"""The environment, read once: where Patriot lives, which ports it holds, which servers it uses."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import gettempdir
from zlib import crc32

LONGEST_SOCKET_FOLDER = (
    80  # a unix socket's whole path may not exceed 107 bytes; PostgreSQL adds ".s.PGSQL.5432"
)


def _default_home() -> Path:
    """The folder for all data when `PATRIOT_HOME` is not set: root gets a system folder, others their own."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/patriot")
    return Path.home() / ".local" / "share" / "patriot"


@dataclass(frozen=True)
class Config:
    """One installation's settings. Everything comes from the environment; nothing is read from the
    network.
    """

    home: Path
    bind: str
    http_port: int
    mqtt_port: int
    osmand_port: int
    sta_port: int  # MQTT for clients of SensorThings
    city: str
    demo: bool
    scenario: str  # what the demo's simulator plays; "none": nobody
    database_url: str  # empty: the embedded PostgreSQL
    nats_url: str  # empty: the embedded NATS
    files_url: str  # empty: a folder under `home`
    public_url: str  # as citizens reach it, no trailing slash
    metrics_token: str
    env: Mapping[str, str]

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Config":
        """Read the configuration. Raises ValueError, in words for an operator, on a port that is none."""
        http_port = _port(env, "PATRIOT_HTTP_PORT", 8000)
        mqtt_port = _port(env, "PATRIOT_MQTT_PORT", 1883)
        return cls(
            home=Path(env.get("PATRIOT_HOME") or _default_home()).expanduser().absolute(),
            bind=env.get("PATRIOT_BIND") or "127.0.0.1",
            http_port=http_port,
            mqtt_port=mqtt_port,
            osmand_port=_port(env, "PATRIOT_OSMAND_PORT", 5055),
            sta_port=_port(env, "PATRIOT_STA_PORT", min(mqtt_port + 2, 65535)),
            city=env.get("PATRIOT_CITY") or "kota_bekasi",
            demo=env.get("PATRIOT_DEMO", "") == "1",
            scenario=env.get("PATRIOT_SCENARIO") or "ordinary-day",
            database_url=env.get("DATABASE_URL", ""),
            nats_url=env.get("NATS_URL", ""),
            files_url=env.get("PATRIOT_FILES_URL", ""),
            public_url=(env.get("PATRIOT_PUBLIC_URL") or f"http://127.0.0.1:{http_port}").rstrip("/"),
            metrics_token=env.get("PATRIOT_METRICS_TOKEN", ""),
            env=env,
        )

    @cached_property
    def run_folder(self) -> Path:
        """Sockets and port files; moves to a short path when `home` is too long for a unix socket."""
        wanted = self.home / "run"
        if len(str(wanted)) <= LONGEST_SOCKET_FOLDER:
            return wanted
        return Path(gettempdir()) / f"patriot-{crc32(str(self.home).encode()):08x}"

    @property
    def embedded_postgres(self) -> bool:
        """True when the supervisor runs PostgreSQL itself."""
        return not self.database_url

    @property
    def embedded_nats(self) -> bool:
        """True when the supervisor runs NATS itself."""
        return not self.nats_url

    @property
    def plays(self) -> bool:
        """True when a simulated city is to be alive in it."""
        return self.demo and self.scenario != "none"

    @property
    def nats_port_file(self) -> Path:
        """Where the embedded NATS server's client address is written at its start."""
        return self.run_folder / "nats.url"

    @property
    def nats_issuer_file(self) -> Path:
        """The seed with which the intake signs what a device may do. `NATS_ISSUER` names another file."""
        return Path(self.env.get("NATS_ISSUER") or self.home / "nats_issuer")

    def nats_address(self) -> str:
        """The NATS URL to connect to: `NATS_URL`, or the embedded server's. Empty if that was never
        started.
        """
        if self.nats_url:
            return self.nats_url
        return self.nats_port_file.read_text().strip() if self.nats_port_file.exists() else ""


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{name} is {text!r}: it must be a port number from 1 to 65535.")
    return int(text)
