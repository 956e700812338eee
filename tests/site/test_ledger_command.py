"""`patriot ledger parked|retry`: what a reaction could not handle can be seen and tried again."""

from argparse import Namespace

import pytest
from django.conf import settings

from patriot.kernel import reactions
from patriot.kernel.reactions import Reaction
from patriot.ledger import actions
from patriot.ledger.models import Parked
from patriot.site.commands.ledger import ledger
from tests.ledger.events import say


@pytest.mark.django_db(transaction=True)
def test_it_lists_parked_events_and_tries_them_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []
    reader = Reaction("test.reader", frozenset({"test.said"}), heard.append)
    monkeypatch.setattr(reactions, "_REACTIONS", {"test.reader": reader})
    say("a")
    actions.seal()
    parked = Parked.objects.create(
        reader="test.reader", number=1, error="ValueError()", at="2016-11-30T02:00Z"
    )
    assert ledger(settings.CONFIG, Namespace(action="parked")) == 0
    assert f"{parked.pk}: number 1 for test.reader" in capsys.readouterr().out
    assert ledger(settings.CONFIG, Namespace(action="retry", id=parked.pk)) == 0
    assert len(heard) == 1
    assert ledger(settings.CONFIG, Namespace(action="retry", id=parked.pk)) == 1
