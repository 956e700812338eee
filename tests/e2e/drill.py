"""The props of the flood drill: a city whose time is compressed, a mailbox, a siren, and the alarms' log."""

import csv
import re
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any

import orjson
import psycopg
from aiosmtpd.controller import Controller
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from patriot.alarms.load import Called
from tests.e2e.people import CITY
from tests.site.conftest import Installation, free_port

DELAYS = ("delay_on_s", "delay_off_s", "window_s")


def compressed(folder: Path, speed: float) -> Path:
    """A copy of the city pack for a drill in which rivers live `speed` times faster.

    What is believed of water is scaled likewise: delays are shorter, the fastest believable rise is faster.
    """
    pack = folder / "kota_bekasi_drill"
    shutil.copytree(CITY, pack)
    _rewrite(pack / "thresholds.csv", lambda row: _hurry_threshold(row, speed))
    _rewrite(pack / "datastreams.csv", lambda row: _hurry_stream(row, speed))
    return pack


def _hurry_threshold(row: dict[str, str], speed: float) -> None:
    for name in DELAYS:
        if row[name]:
            row[name] = str(round(float(row[name]) / speed))
    if row["code"] == "rate_of_rise":
        row["value"], row["clear"] = (str(float(row[name]) * speed) for name in ("value", "clear"))


def _hurry_stream(row: dict[str, str], speed: float) -> None:
    for name in ("max_rate_per_min", "max_spike"):
        if row[name]:
            row[name] = str(float(row[name]) * speed)


def _rewrite(path: Path, change: Callable[[dict[str, str]], None]) -> None:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Mailbox:
    """A real SMTP server on loopback that keeps every letter."""

    port: int = field(default_factory=free_port)
    letters: list[EmailMessage] = field(default_factory=list)
    _server: Controller | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a letter."""
        self.letters.append(message_from_bytes(envelope.content, policy=modern))  # type: ignore[arg-type]
        return "250 kept"

    def open(self) -> None:
        """Begin to listen."""
        self._server = Controller(self, hostname="127.0.0.1", port=self.port)
        self._server.start()

    def close(self) -> None:
        """Stop."""
        if self._server:
            self._server.stop()

    def about(self, words: re.Pattern[str]) -> list[EmailMessage]:
        """Letters that say these words."""
        return [one for one in list(self.letters) if words.search(f"{one['Subject']} {text_of(one)}")]


def text_of(letter: EmailMessage) -> str:
    """A letter's plain text."""
    part = letter.get_body(("plain", "html"))
    return str(part.get_content()) if part else ""


@dataclass
class Horn:
    """A siren in the field: an MQTT client that hears its orders and answers."""

    port: int
    code: str
    orders: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    _ready: threading.Event = field(default_factory=threading.Event)
    _client: Client | None = None

    def open(self) -> None:
        """Connect and listen; returns once the broker has confirmed the subscription."""
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"horn-{self.code}")
        client.on_message = self._hear
        client.on_subscribe = lambda *_told: self._ready.set()
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        client.subscribe(f"siren/{self.code}", qos=1)
        assert self._ready.wait(10)
        self._client = client

    def _hear(self, client: Client, _data: object, message: MQTTMessage) -> None:
        order = orjson.loads(message.payload)
        self.raw.append(bytes(message.payload))
        self.orders.append(order)
        said = {"warning": order["warning"], "action": order["action"], "result": "done"}
        client.publish(f"siren/{self.code}/ack", orjson.dumps(said), qos=1)

    def close(self) -> None:
        """Leave."""
        if self._client:
            with suppress(OSError):
                self._client.disconnect()
            self._client.loop_stop()

    def told(self, action: str) -> list[dict[str, Any]]:
        """Orders of one kind."""
        return [one for one in self.orders if one["action"] == action]


def calls(center: Installation) -> list[Called]:
    """Every time an alarm asked for attention, oldest first."""
    sql = "SELECT alarm_id, at, priority, acknowledged_at FROM alarms_call ORDER BY at, id"
    with psycopg.connect(host=str(center.config.run_folder), dbname="patriot", user="patriot") as link:
        return [Called(*row) for row in link.execute(sql).fetchall()]


def in_story_time(all_calls: list[Called], began: datetime, speed: float) -> list[Called]:
    """Calls at the moments of the story: a real minute is `speed` minutes of the night."""
    return [one._replace(at=began + max(timedelta(0), one.at - began) * speed) for one in all_calls]
