"""Reactions get each event once, in order; one that cannot be handled holds nobody up."""

from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connection

from patriot.kernel.events import Announcement
from patriot.kernel.reactions import Reaction
from patriot.ledger import actions, delivery, queries
from patriot.ledger.delivery import Courier, Failed, Outcome, deliver
from patriot.ledger.models import Cursor, Parked
from tests.ledger.events import say, whisper

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """A reaction that keeps what it was handed."""

    def __init__(self, name: str, *fails_on: str, error: type[Exception] = ValueError) -> None:
        self.heard: list[str] = []
        self.fails_on, self.error = fails_on, error
        self.reaction = Reaction(name, frozenset({"test.said"}), self.react)

    def react(self, event: Announcement) -> None:
        if event.body["words"] in self.fails_on:
            raise self.error(event.body["words"])
        self.heard.append(event.body["words"])


def courier(*listeners: Listener) -> Courier:
    return Courier({each.reaction.name: each.reaction for each in listeners})


def test_it_delivers_everything_once_in_order_and_only_the_kinds_asked_for() -> None:
    listener = Listener("test.a")
    for words in "abc":
        say(words)
        whisper()
    actions.seal()
    for _ in range(3):
        courier(listener).round()
    assert listener.heard == ["a", "b", "c"]
    assert Cursor.objects.get(reader="test.a").number == 6


def test_it_delivers_what_is_sealed_while_it_runs() -> None:
    listener = Listener("test.a")
    one = courier(listener)
    one.round()
    say("later")
    one.round()
    assert listener.heard == []
    actions.seal()
    one.round()
    assert listener.heard == ["later"]


def test_it_parks_what_cannot_be_handled_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES_S", (0.0, 0.0, 0.0))
    failing, other = Listener("test.failing", "bad"), Listener("test.other")
    for words in ("good", "bad", "better"):
        say(words)
    actions.seal()
    one = courier(failing, other)
    for _ in range(5):
        one.round()
    assert other.heard == ["good", "bad", "better"]
    assert failing.heard == ["good", "better"]
    parked = Parked.objects.get()
    assert (parked.reader, parked.number, parked.error) == ("test.failing", 2, "ValueError('bad')")


def test_it_waits_between_attempts_without_holding_others_up() -> None:
    failing, other = Listener("test.failing", "bad"), Listener("test.other")
    say("bad")
    actions.seal()
    one = courier(failing, other)
    one.round()
    one.round()
    assert other.heard == ["bad"]
    assert not Parked.objects.exists()
    assert Cursor.objects.get(reader="test.failing").number == 0


def test_it_never_parks_because_the_database_was_away() -> None:
    listener = Listener("test.a", "x", error=OperationalError)
    say("x")
    actions.seal()
    one = courier(listener)
    for _ in range(10):
        one._not_before.clear()
        one.round()
    assert not Parked.objects.exists()
    listener.fails_on = ()
    one._not_before = {"test.a": 0.0}
    one.round()
    assert listener.heard == ["x"]


def test_it_keeps_nothing_of_a_reaction_that_failed() -> None:
    def react(event: Announcement) -> None:
        Parked.objects.create(reader="half", number=99, error="", at=event.at)
        raise ValueError

    say("a")
    actions.seal()
    Cursor.objects.create(reader="test.half", number=0)
    with pytest.raises(Failed):
        deliver(Reaction("test.half", frozenset({"test.said"}), react))
    assert not Parked.objects.exists()


def test_it_releases_a_parked_event_once_its_reaction_can_handle_it(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener("test.a", "bad")
    monkeypatch.setattr(delivery, "reactions", lambda: {"test.a": listener.reaction})
    say("bad")
    actions.seal()
    parked = Parked.objects.create(reader="test.a", number=1, error="", at="2016-11-30T00:00Z")
    with pytest.raises(ValueError):
        delivery.release(parked.pk)
    listener.fails_on = ()
    assert [one.id for one in queries.parked()] == [parked.pk]
    assert delivery.release(parked.pk)
    assert queries.parked() == []
    assert listener.heard == ["bad"]
    assert not delivery.release(parked.pk)


def test_it_leaves_a_reaction_to_the_worker_that_is_at_it() -> None:
    inside, done = Barrier(2), Barrier(2)
    heard: list[int] = []

    def react(event: Announcement) -> None:
        heard.append(event.number)
        inside.wait(10)
        done.wait(10)

    def deliver_slowly() -> None:
        deliver(slow)
        connection.close()

    slow = Reaction("test.slow", frozenset({"test.said"}), react)
    Cursor.objects.create(reader="test.slow", number=0)
    say("a")
    actions.seal()
    thread = Thread(target=deliver_slowly)
    thread.start()
    inside.wait(10)
    assert deliver(slow) is Outcome.NOTHING
    done.wait(10)
    thread.join()
    assert heard == [1]
