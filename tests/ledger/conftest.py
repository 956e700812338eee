"""Events and a broker for the ledger's tests."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_django import Settings

from tests.nats import Nats


@pytest.fixture
def broker(settings: Settings) -> Iterator[Nats]:
    """A running NATS server that the settings point at."""
    server = Nats().start()
    settings.CONFIG = replace(settings.CONFIG, nats_url=server.url)
    yield server
    server.stop()
