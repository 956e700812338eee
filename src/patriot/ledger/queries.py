"""Reading the sealed log."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from patriot.kernel.events import Announcement
from patriot.ledger.chain import GENESIS
from patriot.ledger.models import Parked

COLUMNS = "e.id, e.at, e.kind, e.actor, e.subject, e.agency, e.simulated, e.body"
SEALED = f"SELECT s.number, {COLUMNS} FROM ledger_seal s JOIN ledger_entry e ON e.id = s.entry_id"  # noqa: S608 - constants only
type Row = tuple[int, datetime, str, str, str, str, bool, str]


@dataclass(frozen=True)
class Head:
    """The end of the chain."""

    number: int
    hash: bytes


@dataclass(frozen=True)
class Mark:
    """Where a snapshot stands: the last seal, and the entries that were committed but not sealed yet.

    State read in the same database snapshot holds the effects of both; a reader that goes on from `number`
    skips the entries in `pending` and misses nothing, and applies nothing twice.
    """

    number: int
    pending: frozenset[int]


def announcement(number: int, row: Row) -> Announcement:
    """A sealed entry as readers get it."""
    entry_id, at, kind, actor, subject, agency, simulated, body = row
    return Announcement(number, entry_id, at, kind, actor, subject, agency, simulated, orjson.loads(body))


def head() -> Head:
    """The newest seal, or number 0 with the genesis hash when nothing was sealed yet."""
    rows = _rows("SELECT number, hash FROM ledger_seal ORDER BY number DESC LIMIT 1", [])
    return Head(rows[0][0], bytes(rows[0][1])) if rows else Head(0, GENESIS)


def mark() -> Mark:
    """The mark of the caller's database snapshot; call it inside a REPEATABLE READ transaction with the
    state.
    """
    rows = _rows(
        "SELECT (SELECT coalesce(max(number), 0) FROM ledger_seal),"
        " array(SELECT entry_id FROM ledger_pending)",
        [],
    )
    return Mark(rows[0][0], frozenset(rows[0][1]))


def is_anything_pending() -> bool:
    """True when a committed entry waits for its seal. One index probe: the sealer asks fifty times a
    second.
    """
    return bool(_rows("SELECT 1 FROM ledger_pending LIMIT 1", []))


def oldest_pending() -> int | None:
    """The id of the entry that has waited longest for its seal; None when none waits."""
    return _rows("SELECT min(entry_id) FROM ledger_pending", [])[0][0]  # type: ignore[no-any-return]


def first_of(kinds: Collection[str], *, after: int, until: int) -> Announcement | None:
    """The first sealed entry of one of these kinds with after < number ≤ until."""
    rows = _rows(
        f"{SEALED} WHERE s.number > %s AND s.number <= %s AND e.kind = ANY(%s) ORDER BY s.number LIMIT 1",
        [after, until, list(kinds)],
    )
    return announcement(rows[0][0], rows[0][1:]) if rows else None


def tail(after: int, limit: int = 500) -> list[Announcement]:
    """Sealed entries with a number above `after`, in order, at most `limit`."""
    rows = _rows(f"{SEALED} WHERE s.number > %s ORDER BY s.number LIMIT %s", [after, limit])
    return [announcement(row[0], row[1:]) for row in rows]


def history(*subjects: str) -> list[Announcement]:
    """Everything sealed about these subjects, oldest first."""
    rows = _rows(f"{SEALED} WHERE e.subject = ANY(%s) ORDER BY s.number", [list(subjects)])
    return [announcement(row[0], row[1:]) for row in rows]


def since(moment: datetime, most: int = 5000) -> list[Announcement]:
    """What was committed from `moment` on, sealed or about to be, oldest first, the newest `most` at the
    most.

    Their number is 0: whoever needs it reads `tail`.
    """
    sql = f"SELECT {COLUMNS} FROM ledger_entry e ORDER BY e.id DESC LIMIT %s"  # noqa: S608 - constants only
    return [announcement(0, row) for row in reversed(_rows(sql, [most])) if row[1] >= moment]


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """An event that a reaction could not handle, and why."""

    id: int
    reader: str
    number: int
    error: str
    at: datetime


def parked() -> list[ParkedRow]:
    """Everything that is set aside, oldest first."""
    rows = Parked.objects.order_by("pk").values_list("pk", "reader", "number", "error", "at")
    return [ParkedRow(*row) for row in rows]


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()  # type: ignore[no-any-return]
