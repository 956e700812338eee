"""Notes of the chain's head, kept outside the database: whoever rewrites the chain would have to rewrite
these too.
"""

import os
from datetime import datetime
from pathlib import Path

from patriot.ledger.queries import Head

FILE = "ledger-anchors.log"


def note(home: Path, head: Head, at: datetime) -> None:
    """Append one line: moment, number, hash. Nothing is written while the head has not moved."""
    if last(home) == head:
        return
    with (home / FILE).open("a") as notes:
        notes.write(f"{at.isoformat()} {head.number} {head.hash.hex()}\n")
        notes.flush()
        os.fsync(notes.fileno())


def last(home: Path) -> Head | None:
    """The newest whole line's head; None when nothing was noted. A line cut short by a crash is passed
    over.
    """
    path = home / FILE
    if not path.exists():
        return None
    with path.open("rb") as notes:
        notes.seek(max(0, path.stat().st_size - 4096))
        lines = notes.read().split(b"\n")[:-1]
    heads = (_head(line.decode(errors="replace").split()) for line in reversed(lines))
    return next((head for head in heads if head), None)


def _head(parts: list[str]) -> Head | None:
    try:
        _, number, digest = parts
        head = Head(int(number), bytes.fromhex(digest))
    except ValueError:
        return None
    return head if len(head.hash) == 32 else None
