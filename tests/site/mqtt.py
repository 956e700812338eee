"""Just enough of MQTT 3.1.1 to see what the broker allows."""

import socket
import struct


def _text(words: str) -> bytes:
    return struct.pack("!H", len(words)) + words.encode()


class Device:
    """A client that connects, publishes with QoS 1 and waits for the acknowledgement."""

    def __init__(self, port: int, user: str = "", password: str = "") -> None:
        self.link = socket.create_connection(("127.0.0.1", port), timeout=5)
        flags = 0x02 | (0xC0 if user else 0)
        login = _text(user) + _text(password) if user else b""
        body = _text("MQTT") + bytes([4, flags]) + struct.pack("!H", 30) + _text("test-device") + login
        self._send(0x10, body)
        self.accepted = self._receive() == (0x20, b"\x00\x00")

    def publish(self, topic: str, payload: bytes) -> bool:
        """True when the broker acknowledged; False when it closed the connection."""
        self._send(0x32, _text(topic) + struct.pack("!H", 1) + payload)
        return self._receive() == (0x40, b"\x00\x01")

    def _send(self, kind: int, body: bytes) -> None:
        self.link.sendall(bytes([kind, len(body)]) + body)

    def _receive(self) -> tuple[int, bytes] | None:
        try:
            head = self.link.recv(2)
            return (head[0], self.link.recv(head[1])) if len(head) == 2 else None
        except OSError:
            return None
