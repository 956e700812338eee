"""Handing sealed entries to reactions: each once, in order, whatever happens to the worker in between."""

import logging
import time
from collections.abc import Mapping
from enum import Enum
from threading import Event

from django.db import InterfaceError, OperationalError, connection, transaction

from patriot.kernel import clock, pulse
from patriot.kernel.events import Announcement
from patriot.kernel.reactions import Reaction, reactions
from patriot.ledger import queries
from patriot.ledger.models import Cursor, Parked

log = logging.getLogger(__name__)

PAUSES_S = (0.2, 1.0, 5.0)  # before the second, third and last attempt
IDLE_S = 0.2
SWEEP_S = 5.0
DATABASE_TROUBLE = (OperationalError, InterfaceError)  # away, deadlock, cancelled


class Outcome(Enum):
    """How one delivery went."""

    DONE = "an event was handled; there may be more"
    NOTHING = "there was none, or another worker is at it"


class Failed(Exception):  # noqa: N818 - carries the event a reaction failed on
    """A reaction raised; nothing it did was kept and its cursor stands before the event."""

    def __init__(self, event: Announcement) -> None:
        super().__init__(event.number)
        self.event = event


@transaction.atomic
def deliver(reaction: Reaction) -> Outcome:
    """Hand the next sealed event of its kinds to a reaction and move its cursor, in one transaction.

    The cursor's row is locked, so workers share the reactions among themselves. Raises Failed.
    """
    cursor = Cursor.objects.select_for_update(skip_locked=True).filter(reader=reaction.name).first()
    if cursor is None:
        return Outcome.NOTHING
    end = queries.head().number
    event = queries.first_of(reaction.kinds, after=cursor.number, until=end)
    if event is not None:
        try:
            reaction.react(event)
        except DATABASE_TROUBLE:  # not the event's fault: it will be tried again as if nothing had been
            raise
        except Exception as error:
            raise Failed(event) from error
    reached = event.number if event else end
    if reached != cursor.number:
        Cursor.objects.filter(reader=reaction.name).update(number=reached)
    return Outcome.DONE if event else Outcome.NOTHING


@transaction.atomic
def park(reaction: Reaction, failed: Failed) -> None:
    """Set an event aside that a reaction cannot handle, so that those behind it are not held up."""
    number = failed.event.number
    if Cursor.objects.filter(reader=reaction.name, number__lt=number).update(number=number):
        Parked.objects.create(
            reader=reaction.name, number=number, error=repr(failed.__cause__), at=clock.now()
        )


@transaction.atomic
def release(parked_id: int) -> bool:
    """Hand a parked event to its reaction once more and forget it. False when it is gone or its reaction is.

    Whatever the reaction raises passes through; the event then stays parked.
    """
    parked = Parked.objects.select_for_update().filter(pk=parked_id).first()
    if parked is None or parked.reader not in reactions():
        return False
    for event in queries.tail(parked.number - 1, limit=1):
        reactions()[parked.reader].react(event)
    parked.delete()
    return True


class Courier:
    """One worker's deliveries: looks at each sealed event once and wakes the reactions it concerns."""

    def __init__(self, known: Mapping[str, Reaction] | None = None) -> None:
        self._reactions = dict(reactions() if known is None else known)
        self._scanned: int | None = None
        self._swept_at = 0.0
        self._attempts: dict[tuple[str, int], int] = {}
        self._not_before: dict[str, float] = {}

    def run(self, woken: Event, stop: Event) -> None:
        """Deliver until `stop` is set; `woken` shortens the wait. Survives the database's absence."""
        wait = IDLE_S
        while not stop.is_set():
            woken.wait(wait)
            woken.clear()
            try:
                self.round()
                wait = IDLE_S
            except Exception:
                if wait == IDLE_S:
                    log.exception("delivery to reactions failed; trying again until it works")
                wait = min(2.0, wait * 2)
                self._scanned = None
                connection.close()
        connection.close()

    def round(self) -> None:
        """Deliver what is there now to every reaction it concerns."""
        if self._scanned is None:
            self._enter()
        for name in self._due():
            if self._not_before.get(name, 0.0) <= time.monotonic():
                self._deliver_all(self._reactions[name])

    def _enter(self) -> None:
        """Give every reaction its cursor; a new one starts at the ledger's beginning."""
        Cursor.objects.bulk_create(
            [Cursor(reader=name, number=0) for name in self._reactions], ignore_conflicts=True
        )
        self._scanned, self._swept_at = queries.head().number, 0.0

    def _due(self) -> list[str]:
        """The reactions that new events concern, those to be tried again, and now and then all that lag."""
        kinds = set()
        while page := queries.tail(self._scanned or 0, limit=1000):
            self._scanned = page[-1].number
            kinds |= {event.kind for event in page}
        due = {name for name, reaction in self._reactions.items() if reaction.kinds & kinds} | set(
            self._not_before
        )
        if time.monotonic() - self._swept_at >= SWEEP_S:
            self._swept_at = time.monotonic()
            due |= set(Cursor.objects.filter(number__lt=self._scanned).values_list("reader", flat=True))
        return sorted(due & set(self._reactions))

    def _deliver_all(self, reaction: Reaction) -> None:
        self._not_before.pop(reaction.name, None)
        try:
            while deliver(reaction) is Outcome.DONE:
                pulse.count("reactions")
        except Failed as failed:
            self._failed(reaction, failed)
        except DATABASE_TROUBLE as trouble:
            log.warning("%s waits for the database: %s", reaction.name, trouble)
            self._not_before[reaction.name] = time.monotonic() + PAUSES_S[0]
            connection.close_if_unusable_or_obsolete()

    def _failed(self, reaction: Reaction, failed: Failed) -> None:
        """Try again after a pause; after the last attempt park the event."""
        key = (reaction.name, failed.event.number)
        attempt = self._attempts.get(key, 0)
        log.error("%s failed on event %d (attempt %d)", *key, attempt + 1, exc_info=failed.__cause__)
        pulse.count("reactions_failed")
        if attempt < len(PAUSES_S):
            self._attempts[key] = attempt + 1
            self._not_before[reaction.name] = time.monotonic() + PAUSES_S[attempt]
            return
        park(reaction, failed)
        pulse.count("reactions_parked")
        self._attempts.pop(key, None)
        self._not_before[reaction.name] = 0.0
