"""What is public, what is erased, how much is enough."""

import pytest

from patriot.kernel.errors import NotAllowed
from patriot.kernel.events import public_body
from patriot.ledger import actions as ledger
from patriot.people.rules import ANONYMOUS, Role, Viewer
from patriot.reports import actions, files, limits, privacy, queries, rules, tokens
from patriot.reports.models import Reporter
from patriot.reports.rules import Moderation
from tests.reports.test_images import photo

pytestmark = pytest.mark.django_db

STAFF = Viewer(1, "Staff", frozenset({Role.STAFF}), frozenset({"dlh"}))
OPERATOR = Viewer(2, "Operator", frozenset({Role.OPERATOR}))
WORDS = "Di depan rumah Siti, 0812 3456 7890"


@pytest.fixture
def report():
    picture = files.save_photo(photo((64, 48)), "draft:a")
    draft = actions.ReportDraft(
        category="sampah", lon=107, lat=-6.2, words=WORDS, name="Siti", photos=(picture.code,)
    )
    return actions.record(draft, actor="citizen", simulated=False)


def test_it_shows_photos_at_once_and_words_only_after_somebody_read_them(report):
    assert len(queries.photos(report.subject)) == 1
    assert queries.public(report.number).words == ""
    privacy.moderate(report.number, Moderation.SHOWN, viewer=STAFF, agency="dlh")
    assert queries.public(report.number).words == WORDS


def test_it_hides_both_again(report):
    privacy.moderate(report.number, Moderation.HIDDEN, viewer=OPERATOR, agency="dlh", flag="prank")
    assert queries.photos(report.subject) == []
    assert queries.public(report.number).words == ""


@pytest.mark.parametrize("viewer", [ANONYMOUS, Viewer(3, "x", frozenset({Role.STAFF}), frozenset({"other"}))])
def test_it_lets_only_the_owner_and_operators_decide(report, viewer):
    with pytest.raises(NotAllowed):
        privacy.moderate(report.number, Moderation.SHOWN, viewer=viewer, agency="dlh")


def test_it_forgets_the_reporter_and_says_so_without_naming_anybody(report):
    ledger.seal()
    privacy.forget_reporter(report.number, viewer=OPERATOR, content=True, reason="UU 27/2022")
    assert not Reporter.objects.exists()
    assert queries.words_of(report.number) == ""
    assert queries.photos(report.subject, public_only=False) == []
    (announced,) = ledger.seal()
    assert announced.kind == "report.reporter_forgotten"
    assert public_body(announced.kind, announced.body) is None


def test_it_lets_the_sender_and_nobody_else_erase_by_the_token(report):
    with pytest.raises(NotAllowed):
        privacy.forget_reporter(report.number, viewer=ANONYMOUS, token=tokens.issue("261121-AAAAA"))
    privacy.forget_reporter(report.number, viewer=ANONYMOUS, token=tokens.issue(report.number))
    assert not Reporter.objects.exists()


def test_it_counts_each_supporter_once(report):
    assert [actions.support(report.number, token, actor="citizen") for token in "aab"] == [1, 1, 2]
    assert [event.kind for event in ledger.seal()].count("report.supported") == 2


def test_it_stops_an_address_at_its_limit_and_no_other():
    limit = rules.Limit(2, rules.REPORTS_PER_ADDRESS.window)
    for _ in range(2):
        limits.spend("report", "10.0.0.1", limit)
    limits.spend("report", "10.0.0.2", limit)
    with pytest.raises(limits.TooMany):
        limits.spend("report", "10.0.0.1", limit)


@pytest.mark.parametrize("typed", [" 261121-k7m3q ", "261121k7m3q", "261121 K7M3Q", "#261121-K7M3Q"])
def test_it_forgives_how_a_number_is_typed(typed):
    assert rules.tidy_number(typed) == "261121-K7M3Q"
    assert rules.tidy_number(f"{typed}-2") == "261121-K7M3Q-2"
