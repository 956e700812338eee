"""Open311 GeoReport v2, also as a client from PyPI reads it."""

import json
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from georeport import GeoReport
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from patriot.incidents import actions as incident_actions
from patriot.incidents.models import Incident
from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.people import actions as people
from patriot.people.models import User
from patriot.people.rules import Role
from patriot.reports import rules
from patriot.reports.models import Photo, Reporter, ServiceRequest
from tests.factories import category, user, viewer
from tests.reports.test_images import photo

pytestmark = pytest.mark.django_db

ROOT = "/open311/v2"
GOOD = {"service_code": "lubang_jalan", "lat": "-6.24", "long": "106.99", "description": "Lubang besar"}


@pytest.fixture(autouse=True)
def services(db):
    category()
    category("sampah", "dlh", name_id="Sampah", name_en="Rubbish", group="Kebersihan", icon="trash")


def post(client: Client, form: str = "json", **fields):
    return client.post(f"{ROOT}/requests.{form}", GOOD | fields)


def number_of(answer) -> str:
    assert answer.status_code == 201, answer.content
    return answer.json()[0]["service_request_id"]


def test_it_is_read_back_by_the_client_from_pypi(live_server, client):
    number = number_of(post(client))
    city = GeoReport(f"{live_server.url}{ROOT}")
    assert {service["service_code"] for service in city.get_service_list()} == {"lubang_jalan", "sampah"}
    assert city.get_service_definition("sampah")["service_code"] == "sampah"
    (request,) = city.get_service_requests(service_code="lubang_jalan", status="open")
    assert (request["service_request_id"], request["lat"]) == (number, -6.24)
    assert city.get_service_request(number)["agency_responsible"] == "DBMTA"
    as_xml = GeoReport(f"{live_server.url}{ROOT}", output_format="xml")
    assert as_xml.get_service_request(number)["service_request_id"] == number
    assert len(as_xml.get_service_list()) == 2


@pytest.mark.parametrize("path", ["discovery", "services", "services/sampah", "requests"])
def test_it_speaks_json_and_xml(client, path):
    post(client)
    assert json.loads(client.get(f"{ROOT}/{path}.json").content)
    xml = client.get(f"{ROOT}/{path}.xml")
    assert xml["Content-Type"].startswith("text/xml")
    assert len(ET.fromstring(xml.content))


def test_it_takes_form_and_json_bodies_and_answers_in_xml(client):
    sent = client.post(
        f"{ROOT}/requests.json", json.dumps(GOOD | {"lat": -6.24}), content_type="application/json"
    )
    assert number_of(sent)
    answer = ET.fromstring(post(client, "xml").content)
    assert answer.find("request/service_request_id").text


def test_it_projects_the_incident_s_one_status(client):
    number = number_of(post(client))
    incident = Incident.objects.get()
    shown = client.get(f"{ROOT}/requests/{number}.json").json()[0]
    assert (shown["status"], shown["expected_datetime"][:10]) == (
        "open", incident.resolve_due.astimezone(clock.WIB).date().isoformat()
    )  # fmt: skip
    incident_actions.reject(incident.pk, "Bukan wewenang kota.", viewer=viewer(Role.STAFF, "dbmta"))
    assert client.get(f"{ROOT}/requests/{number}.json").json()[0]["status"] == "closed"
    assert client.get(f"{ROOT}/requests.json?status=open").json() == []
    assert len(client.get(f"{ROOT}/requests.json?status=closed").json()) == 1
    assert len(client.get(f"{ROOT}/requests.json?status=open,closed").json()) == 1


def test_it_filters_and_pages(client):
    numbers = [number_of(post(client, lat=str(-6.2 - step / 100))) for step in range(5)]
    pages = [client.get(f"{ROOT}/requests.json?page={page}&page_size=2").json() for page in (1, 2, 3)]
    assert [row["service_request_id"] for page in pages for row in page] == numbers[::-1]
    assert client.get(f"{ROOT}/requests.json?service_code=sampah").json() == []
    chosen = client.get(f"{ROOT}/requests.json?service_request_id={numbers[0]},{numbers[3]}").json()
    assert {row["service_request_id"] for row in chosen} == {numbers[0], numbers[3]}
    later = (clock.now() + timedelta(hours=1)).isoformat()
    assert client.get(f"{ROOT}/requests.json", {"start_date": later}).json() == []
    assert len(client.get(f"{ROOT}/requests.json", {"end_date": later}).json()) == 5


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"service_code": ""}, 400),
        ({"service_code": "nothing"}, 404),
        ({"lat": ""}, 400),
        ({"lat": "south"}, 400),
        ({"lat": "nan"}, 400),
        ({"lat": "95"}, 400),
        ({"api_key": "guessed"}, 403),
        ({"media_url": "javascript:alert(1)"}, 400),
        ({"media_url": "https://example.org/" + "a" * 600}, 400),
        ({"attribute[privacy]": "sometimes"}, 400),
        ({"description": "a" * 5000}, 400),
        ({"address_string": "Jalan Antah Berantah", "lat": ""}, 400),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_it_says_what_is_wrong_in_the_standard_s_form(client, fields, code, form):
    answer = post(client, form, **fields)
    assert answer.status_code == code
    if form == "json":
        assert answer.json()[0]["code"] == code
        assert answer.json()[0]["description"]
    else:
        assert ET.fromstring(answer.content).find("error/code").text == str(code)


@pytest.mark.parametrize("path", ["services/x.json", "requests/x.json", "tokens/x.xml", "requests/%00.json"])
def test_it_answers_404_for_what_there_is_not(client, path):
    assert client.get(f"{ROOT}/{path}").status_code == 404


def test_it_refuses_other_methods(client):
    assert client.delete(f"{ROOT}/requests.json").status_code == 405
    assert client.post(f"{ROOT}/services.json").json()[0]["code"] == 405


def test_it_marks_what_a_simulated_user_sends(client, settings):
    settings.DEMO = True
    bot = user(Role.CITIZEN, username="simulator")
    User.objects.filter(pk=bot.pk).update(simulated=True)
    key = people.create_token(bot.pk, "simulator", actor="system:test")
    number = number_of(post(client, api_key=key))
    assert client.get(f"{ROOT}/requests/{number}.json").json()[0]["simulated"] is True
    by_header = client.post(f"{ROOT}/requests.json", GOOD, headers={"authorization": f"Bearer {key}"})
    assert ServiceRequest.objects.get(number=number_of(by_header)).simulated
    assert all(event.simulated for event in ledger.seal() if event.kind.startswith(("report", "incident")))


def test_it_limits_who_has_no_key_and_nobody_else(client, monkeypatch):
    window = rules.REPORTS_PER_ADDRESS.window
    monkeypatch.setattr("patriot.api.open311.receive.REPORTS_PER_ADDRESS", rules.Limit(1, window))
    key = people.create_token(user(Role.CITIZEN, username="app").pk, "app", actor="system:test")
    assert post(client).status_code == 201
    assert post(client).status_code == 429
    assert post(client, api_key=key).status_code == 201


def test_it_receives_the_same_idempotency_key_once(client):
    sent = [
        client.post(f"{ROOT}/requests.json", GOOD, headers={"idempotency-key": key})
        for key in ("a", "a", "b")
    ]
    first, second, third = (number_of(answer) for answer in sent)
    assert first == second != third


def test_it_keeps_an_uploaded_photo_and_never_fetches_a_link(client):
    picture = SimpleUploadedFile("a.jpg", photo((64, 48)), "image/jpeg")
    number = number_of(post(client, media=picture, media_url="http://10.0.0.1/a.jpg"))
    assert Photo.objects.get().public
    shown = client.get(f"{ROOT}/requests/{number}.json").json()[0]
    assert "/foto/" in shown["media_url"]
    broken = SimpleUploadedFile("a.jpg", b"no", "image/jpeg")
    assert post(client, media=broken).json()[0]["description"].startswith("media")


def test_it_tells_nobody_who_reported_or_what_they_wrote(client):
    number = number_of(
        post(client, first_name="Siti", last_name="Aminah", email="siti@example.org", phone="0812345678")
    )
    assert Reporter.objects.get().name == "Siti Aminah"
    for form in ("json", "xml"):
        for path in (f"requests/{number}", "requests"):
            text = client.get(f"{ROOT}/{path}.{form}").content.decode()
            assert not any(personal in text for personal in ("Siti", "siti@", "0812345678", "Lubang besar"))


def test_it_cleans_what_xml_cannot_hold(client):
    category("odd", name_id="A\x0bB", name_en="A\x0bB")
    assert ET.fromstring(client.get(f"{ROOT}/services.xml").content) is not None


TEXT = st.text(max_size=40) | st.sampled_from(
    [
        "-6.2",
        "1e999",
        "inf",
        "\x00",
        "open",
        "2026-13-45",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "-1",
    ]
)
LENIENT = examples(
    max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
QUERY = ["service_request_id", "service_code", "start_date", "end_date", "status", "page", "page_size"]
BODY = [
    *GOOD,
    "address_string",
    "email",
    "phone",
    "first_name",
    "media_url",
    "attribute[privacy]",
    "attribute[kind]",
]


@LENIENT
@given(st.dictionaries(st.sampled_from(QUERY), TEXT), st.sampled_from(["json", "xml"]))
def test_it_never_breaks_however_it_is_asked(client, query, form):
    assert client.get(f"{ROOT}/requests.{form}", query).status_code in (200, 400)


@LENIENT
@given(
    st.booleans(), st.dictionaries(st.sampled_from(BODY), TEXT, max_size=4), st.sampled_from(["json", "xml"])
)
def test_it_never_breaks_whatever_is_sent(client, mostly_good, fields, form):
    body = (GOOD if mostly_good else {}) | fields
    assert client.post(f"{ROOT}/requests.{form}", body).status_code in (201, 400, 404, 429)


@LENIENT
@given(
    st.binary(max_size=60),
    st.sampled_from(["application/json", "multipart/form-data; boundary=x", "text/plain", ""]),
)
def test_it_never_breaks_on_any_bytes(client, body, content_type):
    answer = client.post(f"{ROOT}/requests.json", body, content_type=content_type)
    assert answer.status_code in (400, 404, 429)
