"""Walking the chain: does every row still say what it said when it was sealed?"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from patriot.ledger.chain import GENESIS, link
from patriot.ledger.queries import COLUMNS, Head

WALK = f"""
SELECT s.number, s.hash, s.entry_id, {COLUMNS}
FROM ledger_seal s LEFT JOIN ledger_entry e ON e.id = s.entry_id ORDER BY s.number
"""  # noqa: S608 - constants only
UNSEALED = """
SELECT e.id FROM ledger_entry e
WHERE NOT EXISTS (SELECT 1 FROM ledger_seal s WHERE s.entry_id = e.id)
  AND NOT EXISTS (SELECT 1 FROM ledger_pending p WHERE p.entry_id = e.id) ORDER BY e.id LIMIT 100
"""
PAGE = 20_000


@dataclass(frozen=True)
class Fault:
    """One place where the ledger is not what was sealed."""

    number: int
    entry_id: int
    words: str


@dataclass(frozen=True)
class Verdict:
    """The result of a walk: how many seals were read, where the chain ends, what is wrong."""

    seals: int
    head: Head
    faults: list[Fault]

    @property
    def is_whole(self) -> bool:
        """True when no row was changed, removed, added or reordered."""
        return not self.faults


def verify(expected: Head | None = None) -> Verdict:
    """Walk the whole chain in one snapshot. `expected` is a head noted earlier outside the database: with it,
    rows cut off the end are noticed too. A fault is reported once, at the row that has it; the walk goes on
    from the hash that stands in the seal.
    """
    faults: list[Fault] = []
    seals, end = 0, Head(0, GENESIS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for number, digest, entry_id, *row in _walk():
            faults += _faults(end, number, bytes(digest), entry_id, row)
            if expected and number == expected.number and bytes(digest) != expected.hash:
                faults.append(
                    Fault(number, entry_id, "differs from the hash noted earlier: the chain was rewritten")
                )
            end, seals = Head(number, bytes(digest)), seals + 1
        cursor.execute(UNSEALED)
        faults += [Fault(0, row[0], "was inserted without being sealed") for row in cursor.fetchall()]
    if expected and end.number < expected.number:
        faults.append(
            Fault(end.number, 0, f"the chain ends here, but number {expected.number} was noted earlier")
        )
    return Verdict(seals, end, faults)


def _walk() -> Iterator[tuple]:  # type: ignore[type-arg]
    """All seals with their entries, through a server-side cursor: memory stays flat."""
    with connection.connection.cursor(name="ledger_verify") as cursor:
        cursor.itersize = PAGE
        cursor.execute(WALK)
        yield from cursor


def _faults(before: Head, number: int, digest: bytes, entry_id: int, row: list) -> list[Fault]:  # type: ignore[type-arg]
    """What is wrong with one row, most telling first; at most one fault."""
    if number != before.number + 1:
        return [Fault(number, entry_id, f"numbers {before.number + 1} to {number - 1} were removed")]
    if row[0] is None:
        return [Fault(number, entry_id, "its entry was deleted")]
    if link(before.hash, number, *row) != digest:
        return [Fault(number, entry_id, "was changed or moved after it was sealed")]
    return []
