"""A real mail server for tests of letters."""

import asyncio
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.nats import free_port


class Mailbox(list[EmailMessage]):
    """The letters that arrived. `refusals`: what is answered to an address instead of yes; slow@… gets no
    answer while `open` is not set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refusals: dict[str, str] = {}
        self.open = threading.Event()
        self.open.set()

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        while address.startswith("slow@") and not self.open.is_set():
            await asyncio.sleep(0.02)
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server, and letters that go there."""
    got, port = Mailbox(), free_port()
    server = Controller(got, hostname="127.0.0.1", port=port)
    server.start()
    options = {"host": "127.0.0.1", "port": port}
    backend = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
    yield got
    got.open.set()
    server.stop()
