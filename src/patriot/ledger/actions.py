"""Writing: append inside the writer's own transaction, seal after its commit."""

from datetime import datetime

from django.db import connection, transaction

from patriot.kernel import clock
from patriot.kernel.events import Announcement, encode
from patriot.ledger.chain import link
from patriot.ledger.queries import COLUMNS, announcement, head
from patriot.ledger.statements import APPEND

SEALER_LOCK = 0x5EA1  # advisory lock: one sealer at a time, whichever worker it lives in
BATCH = 5000

TAKE = f"""
WITH taken AS (
    DELETE FROM ledger_pending
    WHERE entry_id IN (SELECT entry_id FROM ledger_pending ORDER BY entry_id LIMIT %s)
    RETURNING entry_id
)
SELECT {COLUMNS} FROM ledger_entry e JOIN taken ON taken.entry_id = e.id ORDER BY e.id
"""  # noqa: S608 - constants only


def append(
    event: object,
    *,
    actor: str,
    subject: str,
    agency: str = "",
    simulated: bool = False,
    at: datetime | None = None,
) -> int:
    """Write an `@announces` event as part of the caller's transaction; returns the entry's id.

    Call it after the rows it speaks of are written or locked: entries about one subject are then numbered in
    the order in which they took effect. Raises TransactionManagementError outside `transaction.atomic`.
    """
    kind: str = event.kind  # type: ignore[attr-defined]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{kind} was appended outside a transaction")
    row = (at or clock.now(), kind, actor, subject, agency, simulated, encode(event))
    with connection.cursor() as cursor:
        cursor.execute(APPEND, row)
        return int(cursor.fetchone()[0])


@transaction.atomic
def seal() -> list[Announcement]:
    """Number and chain every committed entry that has no seal yet; returns them in order.

    Whatever is visible is committed, and an entry about a subject is visible only after those before it about
    the same subject, so sealing what is visible by id keeps cause before effect. Returns nothing while
    another sealer is at work.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(TAKE, [BATCH])
        rows = cursor.fetchall()
        if not rows:
            return []
        last = head()
        number, digest = last.number, last.hash
        sealed = []
        with cursor.copy("COPY ledger_seal (number, entry_id, hash) FROM STDIN") as copy:
            for row in rows:
                number += 1
                digest = link(digest, number, *row)
                copy.write_row((number, row[0], digest))
                sealed.append(announcement(number, row))
    return sealed
