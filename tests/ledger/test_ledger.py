"""The ledger: appended in the writer's transaction, sealed after it, never changed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError

from patriot.kernel.clock import WIB
from patriot.kernel.events import announces, encode
from patriot.ledger import actions, queries
from patriot.ledger.queries import Head
from patriot.ledger.verify import verify


@announces("test.happened", public=["number"])
@dataclass(frozen=True)
class Happened:
    number: int
    secret: str = "hidden"


def happen(number: int, subject: str = "test:1") -> int:
    with transaction.atomic():
        return actions.append(Happened(number), actor="system:test", subject=subject)


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_append_outside_a_transaction() -> None:
    with pytest.raises(TransactionManagementError):
        actions.append(Happened(1), actor="a", subject="s")


@pytest.mark.django_db
def test_it_numbers_without_gaps_in_order_of_appending() -> None:
    for number in range(3):
        happen(number)
    assert [(a.number, a.body["number"]) for a in actions.seal()] == [(1, 0), (2, 1), (3, 2)]
    assert actions.seal() == []
    happen(7)
    assert [a.number for a in actions.seal()] == [4]
    assert [a.body["number"] for a in queries.tail(after=2)] == [2, 7]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET actor = 'x'",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_seal SET hash = ''",
        "DELETE FROM ledger_seal",
    ],
)
def test_it_lets_the_database_refuse_changes(statement: str) -> None:
    happen(1)
    actions.seal()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)


def tamper(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


@pytest.fixture
def five_sealed(transactional_db: None) -> None:
    for number in range(1, 6):
        happen(number)
    actions.seal()


SWAP = (
    "UPDATE ledger_seal SET entry_id = -1 WHERE number = 2",
    "UPDATE ledger_seal SET entry_id = entry_id + 1000 WHERE number = 3",
    "UPDATE ledger_seal SET entry_id = (SELECT min(id) + 2 FROM ledger_entry) WHERE number = 2",
    "UPDATE ledger_seal SET entry_id = (SELECT min(id) + 1 FROM ledger_entry) WHERE number = 3",
)


@pytest.mark.parametrize(
    ("statements", "numbers", "words"),
    [
        (
            (
                (
                    "UPDATE ledger_entry SET body = '{\"number\":99}'"
                    " WHERE id = (SELECT min(id) + 1 FROM ledger_entry)"
                ),
            ),
            [2],
            "changed",
        ),
        (
            (
                (
                    "UPDATE ledger_entry SET at = at + interval '1 us'"
                    " WHERE id = (SELECT min(id) FROM ledger_entry)"
                ),
            ),
            [1],
            "changed",
        ),
        (("DELETE FROM ledger_entry WHERE id = (SELECT min(id) + 3 FROM ledger_entry)",), [4], "deleted"),
        (("DELETE FROM ledger_seal WHERE number = 3",), [4, 0], "removed"),
        (SWAP, [2, 3], "changed or moved"),
        (
            (
                (
                    "INSERT INTO ledger_entry (at, kind, actor, subject, agency, simulated, body) "
                    "VALUES (now(), 'k', 'a', 's', '', false, '{}')"
                ),
            ),
            [0],
            "without being sealed",
        ),
    ],
    ids=["changed", "backdated", "entry deleted", "seal deleted", "swapped", "slipped in"],
)
def test_it_names_the_row_that_was_tampered_with(
    five_sealed: None, statements: tuple[str, ...], numbers: list[int], words: str
) -> None:
    assert verify().is_whole
    tamper(*statements)
    verdict = verify()
    assert [fault.number for fault in verdict.faults] == numbers
    assert words in verdict.faults[0].words


def test_it_notices_a_tail_that_was_cut_off_when_the_head_was_noted(five_sealed: None) -> None:
    noted = queries.head()
    tamper(
        "DELETE FROM ledger_entry WHERE id IN (SELECT entry_id FROM ledger_seal WHERE number > 3)",
        "DELETE FROM ledger_seal WHERE number > 3",
    )
    assert verify().is_whole
    assert [fault.number for fault in verify(noted).faults] == [3]


def test_it_notices_a_chain_that_was_rewritten(five_sealed: None) -> None:
    assert not verify(Head(3, b"x" * 32)).is_whole


@pytest.mark.django_db(transaction=True)
def test_it_shows_nothing_before_commit_and_skips_nobody_when_writers_overlap() -> None:
    """A slow writer that began first must neither be seen early nor be lost behind faster ones."""
    started, release = Barrier(2), Barrier(2)

    def slow() -> None:
        with transaction.atomic():
            actions.append(Happened(1), actor="slow", subject="test:slow")
            started.wait()
            release.wait()
        connection.close()

    thread = Thread(target=slow)
    thread.start()
    started.wait()
    happen(2, "test:fast")
    assert [a.body["number"] for a in actions.seal()] == [2]
    release.wait()
    thread.join()
    assert [a.body["number"] for a in actions.seal()] == [1]
    assert [a.number for a in queries.tail(0)] == [1, 2]
    assert verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_it_keeps_every_entry_once_under_many_writers_and_two_sealers() -> None:
    writers, each = 8, 40
    sealed: list[list[int]] = [[], []]
    running = True

    def write(writer: int) -> None:
        for n in range(each):
            with transaction.atomic():
                actions.append(Happened(writer * each + n), actor="w", subject=f"test:{writer}")
        connection.close()

    def seal(mine: list[int]) -> None:
        while running:
            mine.extend(a.number for a in actions.seal())
        connection.close()

    sealers = [Thread(target=seal, args=(mine,)) for mine in sealed]
    threads = [Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in [*sealers, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    running = False
    for thread in sealers:
        thread.join()
    actions.seal()
    everything = queries.tail(0, limit=10_000)
    assert [a.number for a in everything] == list(range(1, writers * each + 1))
    assert sorted(a.body["number"] for a in everything) == list(range(writers * each))
    for writer in range(writers):
        mine = [a.body["number"] for a in everything if a.subject == f"test:{writer}"]
        assert mine == sorted(mine)
    assert verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_it_keeps_cause_before_effect_for_one_subject_when_an_old_transaction_acts_last() -> None:
    """B takes effect first although A's transaction is older: sealing by transaction id would swap them."""
    a_has_begun, b_is_done = Barrier(2), Barrier(2)

    def older() -> None:
        with transaction.atomic():
            actions.append(Happened(0), actor="a", subject="test:other")
            a_has_begun.wait()
            b_is_done.wait()
            actions.append(Happened(2), actor="a", subject="test:same")
        connection.close()

    thread = Thread(target=older)
    thread.start()
    a_has_begun.wait()
    happen(1, "test:same")
    b_is_done.wait()
    thread.join()
    actions.seal()
    assert [a.body["number"] for a in queries.history("test:same")] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_it_marks_a_snapshot_so_that_nothing_is_applied_twice() -> None:
    happen(1)
    actions.seal()
    unsealed = happen(2)
    with transaction.atomic():
        mark = queries.mark()
    assert (mark.number, mark.pending) == (1, {unsealed})
    assert [a.entry_id in mark.pending for a in actions.seal()] == [True]


@pytest.mark.django_db
def test_it_reads_time_back_exactly() -> None:
    moment = datetime(2016, 11, 30, 2, 0, 0, 123456, tzinfo=UTC)
    with transaction.atomic():
        actions.append(Happened(1), actor="a", subject="s", at=moment)
    assert actions.seal()[0].at == moment


def test_it_writes_times_in_utc_whatever_their_zone_and_refuses_those_without() -> None:
    @announces("test.timed")
    @dataclass(frozen=True)
    class Timed:
        due: datetime

    here = datetime(2016, 12, 1, 16, tzinfo=WIB)
    assert encode(Timed(here)) == encode(Timed(here.astimezone(UTC))) == '{"due":"2016-12-01T09:00:00Z"}'
    with pytest.raises(TypeError):
        encode(Timed(datetime(2016, 12, 1)))  # noqa: DTZ001 - that is the point
