"""The broker as the supervisor runs it, and devices that speak MQTT to it."""

import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from patriot.kernel.config import Config
from patriot.site.nats import Nats
from tests.nats import free_port


class Broker:
    """One server with the house's own settings. `kill` and `start` take it away and bring it back."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="patriot-n-"))
        self.home.chmod(0o755)
        self.mqtt_port = free_port()
        self.config = Config.from_env(
            {"PATRIOT_HOME": str(self.home), "PATRIOT_MQTT_PORT": str(self.mqtt_port)}
        )
        self.server = Nats(self.config)
        self.server.prepare()
        self.url = self.config.nats_address()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start and wait until devices can connect."""
        command = self.server.command()
        self.process = subprocess.Popen(
            command.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **command.options
        )
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.mqtt_port)) == 0:
                    return self
            time.sleep(0.02)
        raise RuntimeError("nats-server did not start")

    def kill(self) -> None:
        """`kill -9`."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def clear(self) -> None:
        """End, and leave nothing behind."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def text(words: str) -> bytes:
    """A string of MQTT."""
    raw = words.encode()
    return struct.pack("!H", len(raw)) + raw


def packet(kind: int, body: bytes) -> bytes:
    """A control packet of any length."""
    length, head = len(body), bytearray([kind])
    while True:
        length, byte = divmod(length, 128)
        head.append(byte | 0x80 if length else byte)
        if not length:
            return bytes(head) + body


class Device:
    """An MQTT 3.1.1 client over a plain socket: QoS 1, many messages on the way at once."""

    def __init__(
        self, port: int, user: str = "", password: str = "", client_id: str = "", will: str = ""
    ) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), timeout=10)
        flags = 0x02 | (0xC0 if user else 0) | (0x2C if will else 0)
        last = text(will) + text("offline") if will else b""
        login = text(user) + text(password) if user else b""
        body = text("MQTT") + bytes([4, flags]) + struct.pack("!H", 60) + text(client_id or f"t{id(self)}")
        self.link.sendall(packet(0x10, body + last + login))
        self.accepted = self.receive(4) == b"\x20\x02\x00\x00"

    def publish(self, *messages: tuple[str, bytes]) -> int:
        """Send all, wait for the acknowledgements; returns how many came."""
        packets = [packet(0x32, text(topic) + struct.pack("!H", n % 65535 + 1) + payload)
                   for n, (topic, payload) in enumerate(messages)]  # fmt: skip
        self.link.sendall(b"".join(packets))
        return len(self.receive(4 * len(messages))) // 4

    def close(self) -> None:
        """Vanish without a word: the broker says the last will."""
        self.link.close()

    def receive(self, length: int) -> bytes:
        parts = b""
        try:
            while len(parts) < length and (part := self.link.recv(length - len(parts))):
                parts += part
        except OSError:
            pass
        return parts
