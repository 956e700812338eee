"""A warning that was wrong: whatever people see of its withdrawal says so, and repeats no advice."""

import re

import orjson
import pytest
from django.test import Client

from patriot.warnings import actions, cap, tell
from patriot.warnings.models import PublicWarning
from tests.warnings.makers import OPERATOR, published

pytestmark = pytest.mark.django_db
ADVICE = ("mengungsi sekarang", "leave now")


def withdrawn() -> PublicWarning:
    """The flood was none."""
    row = published()
    return PublicWarning.objects.get(pk=actions.cancel(row.pk, "Sensor salah.", viewer=OPERATOR))


def test_it_says_in_its_headline_that_the_warning_is_withdrawn() -> None:
    row = withdrawn()
    assert row.headline_id == "Banjir: peringatan dicabut"
    assert row.headline_en == "Flood: warning withdrawn"
    headlines = [info.headline for info in cap.read(row.cap.encode()).infos]
    assert headlines == ["DICABUT: Banjir: peringatan dicabut", "WITHDRAWN: Flood: warning withdrawn"]


def test_it_says_what_was_withdrawn_why_and_that_its_advice_no_longer_holds() -> None:
    row = withdrawn()
    assert '"Banjir besar: mengungsi sekarang" dicabut; anjurannya tidak berlaku lagi' in row.description_id
    assert '"Severe flood: leave now" is withdrawn; its advice no longer holds' in row.description_en
    assert row.description_id.endswith("Alasan: Sensor salah.")
    assert row.description_en.endswith("Reason: Sensor salah.")


@pytest.mark.parametrize("language", ["id", "en"])
def test_it_repeats_no_advice_on_phones(language: str) -> None:
    said = orjson.loads(tell.notice(withdrawn(), language))
    assert not any(words in f"{said['title']} {said['body']}" for words in ADVICE)


@pytest.mark.parametrize("language", ["id", "en"])
def test_it_repeats_no_advice_on_pages_but_in_the_story_of_it(client: Client, language: str) -> None:
    row = withdrawn()
    client.cookies["django_language"] = language
    shown = client.get(f"/peringatan/{row.identifier}/").content.decode()
    shown = "".join(re.findall(r"<title>.*?</title>|<h1.*?</h1>", shown, re.S))
    listed = client.get("/peringatan/").content.decode()
    cards = re.findall(r'<span class="alert__headline.*?</span>', listed)
    assert len(cards) == 1
    assert not any(words in shown + cards[0] for words in ADVICE)
