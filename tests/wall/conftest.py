"""A wall that shows what tests give it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from patriot.kernel import panels
from patriot.kernel.events import Announcement
from patriot.kernel.panels import Panel
from patriot.ledger import feed


def _load(_now: datetime) -> dict[str, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, body::json->>'words' FROM ledger_entry WHERE kind = 'test.said'")
        return {str(entry): {"words": words} for entry, words in cursor.fetchall()}


def _fold(_rows: panels.Rows, event: Announcement) -> panels.Changes:
    return {str(event.entry_id): {"words": event.body["words"]}}


def _words(rows: panels.Rows, _now: datetime) -> list[str]:
    return [row["words"] for _entry, row in sorted(rows.items())]


SAID = Panel("said", "what tests say", frozenset({"test.said"}), _load, _fold, _words, timedelta(seconds=15))
KEYED = Panel("heard", "what tests say", SAID.kinds, _load, _fold, lambda rows, _now: dict(rows), keyed=True)


@pytest.fixture
def wall_of(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[..., None]:
    """Call it with the panels the wall shall have, besides the pinned scenes."""
    settings.ROOT_URLCONF = "tests.wall.urls"
    settings.SIGNS_OF_LIFE = "tests.wall.conftest.signs"
    settings.DEMO = True
    monkeypatch.setattr(feed, "POLL_S", 0.1)
    scene = panels.panels()["scene"]
    return lambda *wanted: monkeypatch.setattr(
        panels, "_PANELS", {"scene": scene, **{one.name: one for one in wanted}}
    )


def signs() -> dict[str, float]:
    return {}
