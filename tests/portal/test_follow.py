"""The public page of a report, and the last word of whoever sent it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from patriot.incidents import actions as incident_actions
from patriot.incidents import queries as incidents
from patriot.incidents.models import Incident
from patriot.ledger import actions as ledger
from patriot.people.rules import Role
from patriot.reports import files, privacy, tokens
from patriot.reports.models import Photo, Reporter
from patriot.reports.rules import Moderation
from tests.factories import received, user, viewer
from tests.reports.test_images import photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kota_bekasi")]


@pytest.fixture
def report():
    return received(107.0122, -6.2541, words="Lubang besar", name="Siti Aminah", phone="081234567890")


@pytest.fixture
def resolved(report):
    """The report, answered by its agency and waiting for its sender."""
    agency = incidents.by_number(report.number).agency
    incident_actions.answer(report.incident_id, "Sudah ditambal.", viewer=viewer(Role.STAFF, agency))
    ledger.seal()
    return report


@pytest.fixture
def sender(resolved):
    """The browser that sent it."""
    browser = Client()
    assert browser.get(f"/lacak/{resolved.number}/{tokens.issue(resolved.number)}").status_code == 200
    return browser


def state_of(report) -> str:
    return incidents.by_number(report.number).state


def test_it_shows_each_step_owner_and_deadline_to_everybody(client, report):
    ledger.seal()
    page = client.get(f"/lacak/{report.number}").content.decode()
    assert incidents.by_number(report.number).agency_name in page
    assert "timeline" in page
    assert "WIB" in page
    assert "0 0 640 320" in page


@pytest.mark.parametrize("typed", ["{number}", "{lower}", "{plain}"])
def test_it_finds_a_report_however_its_number_is_typed(client, report, typed):
    number = report.number
    given = typed.format(number=number, lower=number.lower(), plain=number.replace("-", " "))
    answer = client.get("/lacak/", {"nomor": given})
    assert answer["Location"] == f"/lacak/{number}"


def test_it_helps_when_a_number_is_unknown(client):
    answer = client.get("/lacak/", {"nomor": "261121-XXXXX"})
    assert answer.status_code == 404
    assert 'name="nomor"' in answer.content.decode()


def test_it_lets_the_sender_confirm_and_remembers_them_without_the_link(sender, resolved):
    assert f"/lacak/{resolved.number}/selesai" in sender.get(f"/lacak/{resolved.number}").content.decode()
    assert sender.post(f"/lacak/{resolved.number}/selesai").status_code == 303
    assert state_of(resolved) == "closed"


def test_it_lets_the_sender_reopen_with_words_and_photo(sender, resolved):
    picture = SimpleUploadedFile("a.jpg", photo((64, 48)), "image/jpeg")
    answer = sender.post(
        f"/lacak/{resolved.number}/buka-lagi", {"words": "Masih berlubang", "photo": picture}
    )
    assert answer.status_code == 303
    assert state_of(resolved) == "received"
    assert Photo.objects.get().kind == "reopened"


def test_it_reopens_nothing_by_half_and_keeps_the_words(sender, resolved):
    broken = SimpleUploadedFile("a.jpg", b"no photo", "image/jpeg")
    sender.post(f"/lacak/{resolved.number}/buka-lagi", {"words": "Masih berlubang", "photo": broken})
    assert state_of(resolved) == "resolved"
    assert "Masih berlubang" in sender.get(f"/lacak/{resolved.number}").content.decode()


@pytest.mark.parametrize("path", ["selesai", "buka-lagi", "lupakan"])
@pytest.mark.parametrize("token", ["", "guessed", "of another"])
def test_it_leaves_the_last_word_to_the_sender_alone(client, resolved, path, token):
    given = tokens.issue("261121-AAAAA") if token == "of another" else token
    client.get(f"/lacak/{resolved.number}/{given or 'x'}")
    client.cookies["laporan"] = f"{resolved.number}:forged"
    client.post(f"/lacak/{resolved.number}/{path}", {"token": given, "words": "Saya"})
    assert state_of(resolved) == "resolved"
    assert Reporter.objects.filter(report__number=resolved.number).exists()
    assert "/selesai" not in client.get(f"/lacak/{resolved.number}").content.decode()


def test_it_refuses_forms_of_other_sites(resolved):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/lacak/{resolved.number}/dukung").status_code == 403


def test_it_lets_others_say_me_too_once(report):
    other = Client()
    for _time in range(2):
        other.post(f"/lacak/{report.number}/dukung")
    assert report.number
    page = other.get(f"/lacak/{report.number}", headers={"accept-language": "en"}).content.decode()
    assert "1 other person" in page


def test_it_forgets_the_sender_on_request(sender, resolved):
    sender.post(f"/lacak/{resolved.number}/lupakan")
    assert not Reporter.objects.exists()


def test_it_refreshes_what_changes_and_reloads_when_the_state_does(client, resolved):
    path = f"/lacak/{resolved.number}/keadaan"
    assert "timeline" in client.get(path, {"state": "resolved"}).content.decode()
    assert client.get(path, {"state": "received"})["HX-Refresh"] == "true"
    assert client.get("/lacak/261121-AAAAA/keadaan").status_code == 404


@pytest.fixture
def secret(report):
    picture = files.save_photo(photo((64, 48)), "draft:x")
    return received(107.02, -6.25, privacy="secret", photos=(picture.code,)), picture.code


def test_it_shows_a_private_photo_to_its_sender_and_its_agency_only(secret):
    report, code = secret
    path, agency = f"/foto/{code}/480.jpg", incidents.by_number(report.number).agency
    assert Client().get(path).status_code == 404
    staff, stranger, operator, sender = Client(), Client(), Client(), Client()
    staff.force_login(user(Role.STAFF, agency))
    stranger.force_login(user(Role.STAFF, "dinsos"))
    operator.force_login(user(Role.OPERATOR))
    sender.get(f"/lacak/{report.number}/{tokens.issue(report.number)}")
    seen = [one.get(path).status_code for one in (staff, stranger, operator, sender)]
    assert seen == [200, 404, 200, 200]
    assert "private" in sender.get(path)["Cache-Control"]


def test_it_lets_caches_keep_public_photos(client):
    picture = files.save_photo(photo((64, 48)), "report:1", public=True)
    assert "immutable" in client.get(f"/foto/{picture.code}/480.jpg")["Cache-Control"]
    assert client.get(f"/foto/{picture.code}/481.jpg").status_code == 404
    assert client.get("/foto/..%2f..%2fetc/480.jpg").status_code == 404
    assert client.get("/foto/%00/480.jpg").status_code == 404


@pytest.mark.parametrize("words", ["", "\x00", "a\x00b", "\u202e" * 9, "x" * 9000])
def test_it_answers_nonsense_from_the_sender_with_a_page(sender, resolved, words):
    for path in ("buka-lagi", "selesai", "dukung", "lupakan"):
        answer = sender.post(f"/lacak/{resolved.number}/{path}", {"words": words, "token": words})
        assert answer.status_code == 303
        assert sender.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("number", ["%00", "x", "261121-XXXXX", "a" * 300, "%E2%80%AE"])
def test_it_answers_any_number_with_a_page(client, number):
    for path in ("", "/keadaan", "/token"):
        assert client.get(f"/lacak/{number}{path}", follow=True).status_code == 404
    for path in ("selesai", "buka-lagi", "dukung", "lupakan"):
        assert client.post(f"/lacak/{number}/{path}")["Location"] == "/lacak/"


def test_it_gives_no_position_words_or_photo_of_a_secret_report_away(client, secret):
    report, code = secret
    privacy.moderate(report.number, Moderation.SHOWN, viewer=viewer(Role.OPERATOR), agency="x")
    page = client.get(f"/lacak/{report.number}").content.decode()
    assert "0 0 640 320" not in page
    assert "Lubang besar" not in page
    assert code not in page
    assert Incident.objects.get(pk=report.incident_id).secret
