"""The hash chain, pure: what a seal covers, byte for byte."""

from datetime import datetime
from hashlib import sha256

import orjson

GENESIS = bytes(32)


def link(
    before: bytes,
    number: int,
    entry_id: int,
    at: datetime,
    kind: str,
    actor: str,
    subject: str,
    agency: str,
    simulated: bool,
    body: str,
) -> bytes:
    """SHA-256 of the hash before, then a JSON list of number, id, microseconds since 1970 and every column.

    JSON keeps the columns apart: no two different rows give the same bytes.
    """
    microseconds = round(at.timestamp() * 1_000_000)
    row = [number, entry_id, microseconds, kind, actor, subject, agency, simulated, body]
    return sha256(before + orjson.dumps(row)).digest()
