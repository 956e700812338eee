"""`patriot ledger verify` over a long chain. Baseline: reading the same rows without looking at them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bench.database import database

EVENTS = 1_000_000
BODY = (
    '{"agency":"dbmta","area":"3275031002","category":"lubang_jalan","incident":31,"lat":-6.24,'
    '"lon":106.99,"number":"161130-K7M3Q","opened_at":"2016-11-30T02:00:00Z","priority":"P2","state":"received"}'
)


def fill(first: int, last: int, digest: bytes) -> bytes:
    """A piece of the chain, made by the ledger's own function and copied in; returns its last hash."""
    from django.db import connection, transaction  # noqa: PLC0415 - Django is set up by then

    from patriot.ledger.chain import link  # noqa: PLC0415 - Django is set up by then

    start = datetime(2016, 11, 30, tzinfo=UTC)
    rows = [
        (n, start + timedelta(seconds=n), "incident.opened", "citizen", f"incident:{n}", "dbmta", False, BODY)
        for n in range(first, last + 1)
    ]
    columns = "id, at, kind, actor, subject, agency, simulated, body"
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f"COPY ledger_entry ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        with cursor.copy("COPY ledger_seal (number, entry_id, hash) FROM STDIN") as copy:
            for row in rows:
                digest = link(digest, row[0], *row)
                copy.write_row((row[0], row[0], digest))
        cursor.execute("ANALYZE ledger_entry, ledger_seal")
    return digest


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def read_only() -> None:
    """The baseline: the same rows through the same cursor."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up by then

    from patriot.ledger import verify  # noqa: PLC0415 - Django is set up by then

    with transaction.atomic():
        for _row in verify._walk():
            pass


def main() -> None:
    """1 M events must be walked in less than 60 s; a tenth shows the growth."""
    figures, filled, digest = {}, 0, bytes(32)
    with database():
        from patriot.ledger.verify import verify  # noqa: PLC0415 - Django is set up by then

        for events in (EVENTS // 10, EVENTS):
            digest, filled = fill(filled + 1, events, digest), events
            reading, walking = timed(read_only), timed(lambda: _check(verify()))
            figures[events] = walking
            print(
                f"{events:>9,} events: verified in {walking:5.1f} s ({events / walking:,.0f}/s), "
                f"only read in {reading:.1f} s: {walking / reading:.1f} times the baseline",
                flush=True,
            )
    print(
        f"10 times the events: {figures[EVENTS] / figures[EVENTS // 10]:.1f} times the time;"
        " wanted: under 60 s"
    )


def _check(verdict: object) -> None:
    assert verdict.is_whole, verdict.faults[:3]  # type: ignore[attr-defined]
