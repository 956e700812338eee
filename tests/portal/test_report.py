"""The report form, as a browser without JavaScript sends it."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patriot.incidents import queries as incidents
from patriot.portal import drafts
from patriot.reports import rules
from patriot.reports.models import Photo, Reporter, ServiceRequest
from tests.reports.test_images import geotagged, photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kota_bekasi")]

STREET = "Jalan Chairil Anwar"
GOOD = {
    "words": "Lubang besar di tengah jalan",
    "category": "lubang_jalan",
    "lon": "107.0122",
    "lat": "-6.2541",
}


def draft_in(page) -> str:
    return re.search(r'name="draft" value="([^"]+)"', page.content.decode())[1]


def upload(data: bytes | None = None, name: str = "IMG_1.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data or photo((64, 48)), "image/jpeg")


def send(client: Client, **fields):
    page = client.get("/lapor")
    return client.post("/lapor", {"draft": draft_in(page), **fields})


def test_it_takes_a_report_from_form_to_public_page(client):
    answer = send(client, **GOOD, photo=upload(geotagged()))
    assert answer.status_code == 303
    report = ServiceRequest.objects.get()
    assert answer["Location"].startswith(f"/lacak/{report.number}/")
    assert incidents.by_number(report.number).agency
    own = client.get(answer["Location"])
    assert report.number in own.content.decode()
    assert "Only for you" in own.content.decode() or "Hanya untuk Anda" in own.content.decode()
    shown = Photo.objects.get()
    assert shown.subject == f"report:{report.pk}"
    assert Client().get(f"/foto/{shown.code}/480.jpg").status_code == 200


def test_it_loses_nothing_when_something_is_missing(client):
    first = send(client, words="Sampah menumpuk di pasar", photo=upload())
    page = first.content.decode()
    assert first.status_code == 400
    assert "Sampah menumpuk di pasar" in page
    code = Photo.objects.get().code
    assert f"/foto/{code}/480.jpg" in page
    assert client.get(f"/foto/{code}/480.jpg").status_code == 200
    again = client.post("/lapor", {"draft": draft_in(first), **GOOD})
    assert again.status_code == 303
    assert Photo.objects.get().subject == f"report:{ServiceRequest.objects.get().pk}"


def test_it_keeps_a_pin_across_a_failed_attempt(client):
    page = send(client, lon=GOOD["lon"], lat=GOOD["lat"]).content.decode()
    assert 'value="107.012200"' in page
    assert 'value="-6.254100"' in page


def test_it_keeps_the_category_and_the_choices_across_a_failed_attempt(client):
    page = send(client, category="pju_mati", privacy="secret", kind="aspirasi", name="Siti").content.decode()
    assert re.search(r'value="pju_mati"\s+checked', page)
    assert re.search(r'value="secret"\s+checked', page)
    assert re.search(r'value="aspirasi"\s+checked', page)
    assert 'value="Siti"' in page


def test_it_suggests_categories_from_the_words(client):
    page = send(client, lon=GOOD["lon"], lat=GOOD["lat"], words="ada lubang jalannya").content.decode()
    assert re.search(r'value="lubang_jalan"\s+checked', page)
    piece = client.get("/lapor/usul", {"words": "rumah terbakar, api besar"}).content.decode()
    assert 'value="kebakaran"' in piece
    assert "tel:112" in piece


def test_it_offers_the_places_the_words_may_mean_and_takes_the_choice(client):
    first = send(client, category="sampah", place="pasar")
    values = re.findall(r'name="chosen" value="([^"]+)"', first.content.decode())
    assert len(values) > 1
    again = client.post(
        "/lapor", {"draft": draft_in(first), "category": "sampah", "place": "pasar", "chosen": values[0]}
    )
    assert again.status_code == 303
    report = ServiceRequest.objects.get()
    assert f"{report.lon:.6f},{report.lat:.6f}" == values[0]


def test_it_says_so_when_a_place_is_unknown_or_outside(client):
    unknown = send(client, category="sampah", place="xqzw yyy")
    assert 'id="place-error"' in unknown.content.decode()
    outside = send(client, **GOOD | {"lon": "106.8272", "lat": "-6.1754"})
    assert outside.status_code == 400
    assert "SP4N-LAPOR" in outside.content.decode()
    assert 'id="place-error"' in outside.content.decode()
    assert not ServiceRequest.objects.exists()


def test_it_receives_a_form_sent_twice_once(client):
    page = client.get("/lapor")
    fields = {"draft": draft_in(page), **GOOD}
    first, second = client.post("/lapor", fields), client.post("/lapor", fields)
    assert first["Location"] == second["Location"]
    assert ServiceRequest.objects.count() == 1


def test_it_refuses_what_is_no_photo_and_keeps_the_words(client):
    answer = send(client, **GOOD, photo=upload(b"<script>alert(1)</script>", "a.jpg"))
    assert answer.status_code == 400
    assert 'id="photo-error"' in answer.content.decode()
    assert GOOD["words"] in answer.content.decode()


def test_it_takes_four_photos_and_lets_one_be_left_out(client):
    first = send(client, photo=[upload(), upload(), upload(), upload(), upload()])
    assert Photo.objects.count() == 4
    code = Photo.objects.first().code
    client.post("/lapor", {"draft": draft_in(first), "remove": code, **GOOD})
    assert Photo.objects.filter(subject__startswith="report:").count() == 3
    assert not Photo.objects.filter(code=code).exists()


def test_it_catches_machines_by_the_field_people_do_not_see(client):
    assert send(client, **GOOD, website="http://spam.example").status_code == 400
    assert not ServiceRequest.objects.exists()


def test_it_stops_an_address_that_sends_too_much_without_losing_the_form(client, monkeypatch):
    monkeypatch.setattr(
        "patriot.portal.report.REPORTS_PER_ADDRESS", rules.Limit(1, rules.REPORTS_PER_ADDRESS.window)
    )
    assert send(client, **GOOD).status_code == 303
    second = send(client, **GOOD)
    assert second.status_code == 429
    assert GOOD["words"] in second.content.decode()


def test_it_keeps_who_reported_apart(client):
    send(
        client,
        **GOOD,
        name="Siti Aminah",
        phone="0812 3456 7890",
        email="siti@example.org",
        privacy="anonymous",
    )
    assert Reporter.objects.get().name == "Siti Aminah"


@pytest.mark.parametrize(
    ("field", "value"), [("email", "siti@"), ("phone", "kemarin"), ("kind", "x"), ("privacy", "x")]
)
def test_it_says_what_is_wrong_with_a_field(client, field, value):
    answer = send(client, **GOOD, **{field: value})
    assert answer.status_code == 400
    assert GOOD["words"] in answer.content.decode()


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("path", ["/", "/lapor", "/lacak/", "/lacak/261121-AAAAA", "/tentang", "/data"])
def test_it_renders_every_page_in_both_languages(client, path, language):
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == (404 if "AAAAA" in path else 200)
    assert f'<html lang="{language}"' in answer.content.decode()


TEXT = st.text(max_size=60) | st.sampled_from(
    ["nan", "inf", "1e400", "-6.2", "107", "107,-6.2", "\x00", "'; DROP TABLE", "٣"]
)


FIELDS = [
    *GOOD,
    "draft",
    "place",
    "chosen",
    "accuracy_m",
    "kind",
    "privacy",
    "name",
    "phone",
    "email",
    "remove",
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.dictionaries(st.sampled_from(FIELDS), TEXT, max_size=5))
def test_it_answers_nonsense_with_a_page(client, mostly_good, fields):
    assert client.post("/lapor", (GOOD if mostly_good else {}) | fields).status_code in (303, 400, 429)


@pytest.mark.parametrize(
    "query", ["?words=" + "a" * 900, "?words=%00", "?place=%00%01", "?words=", "?place=jl"]
)
def test_it_answers_the_helpers_of_the_form(client, query):
    assert client.get(f"/lapor/usul{query}").status_code == 200
    assert client.get(f"/lapor/tempat{query}").status_code == 200


def test_it_knows_its_own_draft_keys_only():
    assert drafts.key_of(drafts.fresh())
    assert drafts.key_of("made.up:key") is None
