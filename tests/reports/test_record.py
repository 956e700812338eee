"""Recording a report."""

from dataclasses import replace

import pytest

from patriot.kernel.errors import Invalid
from patriot.kernel.events import public_body
from patriot.ledger import actions as ledger
from patriot.reports import actions
from patriot.reports.actions import AlreadyRecorded, ReportDraft, record
from patriot.reports.models import Reporter, ServiceRequest
from patriot.reports.rules import Privacy

pytestmark = pytest.mark.django_db

DRAFT = ReportDraft(
    category="sampah", lon=107.0, lat=-6.24, words="Sampah\x00  menumpuk ", name="Siti Aminah",
    phone="0812-0000-1111", email="siti@example.org", key="once",
)  # fmt: skip


def test_it_keeps_words_tidied_and_the_reporter_apart():
    report = ServiceRequest.objects.get(pk=record(DRAFT, actor="citizen", simulated=False).id)
    assert report.words == "Sampah menumpuk"
    assert Reporter.objects.get(report=report).name == "Siti Aminah"


def test_it_announces_without_a_word_about_the_reporter():
    recorded = record(DRAFT, actor="citizen", simulated=True)
    (announced,) = ledger.seal()
    assert (announced.kind, announced.subject, announced.simulated) == (
        "report.received",
        recorded.subject,
        True,
    )
    assert public_body(announced.kind, announced.body)["number"] == recorded.number
    assert not any(personal in str(announced) for personal in ("Siti", "0812", "siti@", "menumpuk"))


def test_it_gives_no_position_of_a_secret_report_away():
    record(replace(DRAFT, privacy=Privacy.SECRET), actor="citizen", simulated=False)
    assert ledger.seal()[0].body["lon"] is None


def test_it_records_the_same_key_once():
    first = record(DRAFT, actor="citizen", simulated=False)
    with pytest.raises(AlreadyRecorded) as refused:
        record(DRAFT, actor="citizen", simulated=False)
    assert refused.value.number == first.number
    assert ServiceRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"category": ""}, "category"),
        ({"lon": None}, "position"),
        ({"lat": float("nan")}, "position"),
        ({"lon": 200.0}, "position"),
        ({"words": "a" * 5000}, "words"),
    ],
)
def test_it_names_the_field_that_is_wrong(change, field):
    with pytest.raises(Invalid) as refused:
        record(replace(DRAFT, **change), actor="citizen", simulated=False)
    assert list(refused.value.fields) == [field]


def test_it_takes_another_number_when_one_is_taken(monkeypatch):
    codes = iter(["AAAAA", "AAAAA", "BBBBB"])
    monkeypatch.setattr(actions, "readable_code", lambda _length: next(codes))
    first = record(replace(DRAFT, key=""), actor="citizen", simulated=False)
    second = record(replace(DRAFT, key=""), actor="citizen", simulated=False)
    assert (first.number[-5:], second.number[-5:]) == ("AAAAA", "BBBBB")
