"""The sealer's thread: numbers what was committed, some fifty times a second, and says so."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event

from django.db import connection

from patriot.kernel import pulse
from patriot.kernel.events import Announcement
from patriot.ledger import actions, queries

log = logging.getLogger(__name__)

PAUSE_S = 0.02
LONGEST_PAUSE_S = 2.0
SIGN_OF_LIFE_S = 1.0

type Tell = Callable[[int, Sequence[Announcement]], None]  # (head number, newly sealed entries)


def run(tell: Tell, stop: Event) -> None:
    """Seal until `stop` is set. Losing the database makes it wait and try again, never end."""
    pause, spoken_at = PAUSE_S, 0.0
    while not stop.wait(pause):
        try:
            sealed = actions.seal() if queries.is_anything_pending() else []
            if sealed or time.monotonic() - spoken_at >= SIGN_OF_LIFE_S:
                tell(sealed[-1].number if sealed else queries.head().number, sealed)
                spoken_at = time.monotonic()
        except Exception:
            pause = _after_failure(pause)
        else:
            pause = PAUSE_S
            pulse.count("sealed", len(sealed))
            pulse.beat()
    connection.close()


def _after_failure(pause: float) -> float:
    """Note the failure, once in full, and lengthen the pause."""
    if pause == PAUSE_S:
        log.exception("sealing failed; trying again until it works")
    connection.close()
    return min(LONGEST_PAUSE_S, pause * 2)
