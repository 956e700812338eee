"""Kinds of events that only tests announce."""

from dataclasses import dataclass

from django.db import transaction

from patriot.kernel.events import announces
from patriot.ledger import actions


@announces("test.said", public=["words"])
@dataclass(frozen=True)
class Said:
    """A public one, with a field that is not."""

    words: str
    secret: str = "hidden"


@announces("test.whispered")
@dataclass(frozen=True)
class Whispered:
    """One that nobody outside may see."""

    words: str = ""


def say(words: str, subject: str = "test:1", agency: str = "", actor: str = "user:7") -> int:
    """Commit a public event."""
    with transaction.atomic():
        return actions.append(Said(words), actor=actor, subject=subject, agency=agency)


def whisper(agency: str = "") -> int:
    """Commit a private event."""
    with transaction.atomic():
        return actions.append(Whispered(), actor="user:7", subject="test:1", agency=agency)
