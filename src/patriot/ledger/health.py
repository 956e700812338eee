"""Which parts of the house are silent, as one process sees it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

SILENT_AFTER_S = 6.0


@dataclass(frozen=True)
class PartState:
    """One part: whether it works, and since when it does not (aware, UTC)."""

    ok: bool
    since: datetime | None = None

    def as_json(self) -> dict[str, object]:
        """For browsers."""
        return {"ok": self.ok, "since": self.since}


def signs_of_life() -> dict[str, float]:
    """Seconds since the last sign of life of every process role, as `settings.SIGNS_OF_LIFE` knows them."""
    found: dict[str, float] = import_string(settings.SIGNS_OF_LIFE)()
    return found
