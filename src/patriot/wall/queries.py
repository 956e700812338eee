"""The wall's screens."""

from dataclasses import dataclass
from datetime import datetime

from patriot.wall.models import Display


@dataclass(frozen=True, slots=True)
class DisplayRow:
    """A screen with a key, and what is pinned on it: "" for nothing of its own."""

    id: int
    name: str
    created_at: datetime
    scene: str


def displays() -> list[DisplayRow]:
    """All screens by name."""
    rows = Display.objects.values_list("pk", "name", "created_at", "pin__scene")
    return [DisplayRow(pk, name, created_at, scene or "") for pk, name, created_at, scene in rows]


def display_by_digest(digest: str) -> int | None:
    """The screen that holds this key."""
    return Display.objects.filter(digest=digest).values_list("pk", flat=True).first()
