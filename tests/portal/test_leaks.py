"""Nobody's identity leaves: every public page and interface is walked for it."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from patriot.incidents import actions as incident_actions
from patriot.incidents import queries as incidents
from patriot.kernel import clock
from patriot.kernel.events import encode, public_body
from patriot.kernel.panels import panels
from patriot.ledger import actions as ledger
from patriot.people.rules import Role
from patriot.portal import urls as portal_urls
from patriot.reports import actions as report_actions
from patriot.reports import files, tokens
from tests.factories import received, viewer
from tests.reports.test_images import geotagged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kota_bekasi")]

PERSONAL = ("Aminah", "0812-7777", "aminah@", "Depan rumah Bu", "Warung Bu", "Belum beres", "PhoneOfSiti")
OPEN311 = (
    "discovery",
    "services",
    "services/lubang_jalan",
    "requests",
    "requests/{number}",
    "tokens/{number}",
)


@pytest.fixture
def told():
    """A report full of personal things, through a whole life: answered, reopened, supported."""
    picture = files.save_photo(geotagged(), "draft:x")
    report = received(
        107.0122, -6.2541, words="Depan rumah Bu Aminah, 0812-7777-1234", place_text="Warung Bu Aminah",
        name="Siti Aminah", phone="0812-7777-1234", email="aminah@example.org", photos=(picture.code,),
    )  # fmt: skip
    agency = incidents.by_number(report.number).agency
    incident_actions.answer(report.incident_id, "Sudah ditambal.", viewer=viewer(Role.STAFF, agency))
    incident_actions.reopen(report.number, "Belum beres, kata Bu Aminah", tokens.issue(report.number))
    report_actions.support(report.number, "somebody", actor="citizen")
    return report, picture.code


def patterns(resolver=None, prefix=""):
    """Every path of the portal, so that a new page cannot be forgotten here."""
    for part in resolver or portal_urls.urlpatterns:
        if isinstance(part, URLResolver):
            yield from patterns(part.url_patterns, prefix + str(part.pattern))
        elif isinstance(part, URLPattern):
            yield prefix + str(part.pattern)


def assert_clean(text: str, where: str) -> None:
    assert not [word for word in PERSONAL if word in text], where


def test_it_shows_nobody_s_identity_on_any_public_page(client, told):
    report, code = told
    ledger.seal()
    fill = {"<str:number>": report.number, "<str:code>": code, "<int:size>": "1280", "<str:token>": "guessed"}
    walked = 0
    for pattern in patterns():
        path = pattern
        for name, value in fill.items():
            path = path.replace(name, value)
        answer = client.get(f"/{path}", follow=True)
        body = b"".join(answer) if answer.streaming else answer.content
        assert_clean(body.decode("latin-1"), path)
        walked += answer.status_code == 200
    assert walked >= 10


def test_it_shows_nobody_s_identity_through_open311(client, told):
    report, _code = told
    for path in OPEN311:
        for form in ("json", "xml"):
            answer = client.get(f"/open311/v2/{path.format(number=report.number)}.{form}")
            assert answer.status_code == 200
            assert_clean(answer.content.decode(), path)


def test_it_keeps_identity_out_of_the_ledger_the_live_stream_and_the_panels(told):
    events = ledger.seal()
    assert len(events) >= 4
    for event in events:
        assert_clean(encode(event.body) + event.actor + event.subject, event.kind)
        assert_clean(str(public_body(event.kind, event.body)), event.kind)
    now = clock.now()
    for panel in panels().values():
        rows = panel.load(now)
        assert_clean(str(rows) + str(panel.view(rows, now)), panel.name)


def test_it_shows_the_sender_their_own_words_and_nobody_else(told):
    report, _code = told
    own = Client().get(f"/lacak/{report.number}/{tokens.issue(report.number)}").content.decode()
    assert "Depan rumah Bu" in own


def test_it_walks_pages_that_exist():
    assert get_resolver().resolve("/lapor").url_name == "report"
