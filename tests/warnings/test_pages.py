"""The feed and the pages: for machines, for everybody, for the center."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client
from lxml import etree

from patriot.kernel import clock
from patriot.people.rules import Role
from patriot.warnings import actions, cap, queries
from patriot.warnings.models import PublicWarning, WarningTemplate
from tests.factories import user
from tests.warnings.makers import MAYOR, MILD, OPERATOR, area, draft, published

pytestmark = pytest.mark.django_db
ATOM = {"a": "http://www.w3.org/2005/Atom", "cap": cap.NAMESPACE}


def template(**changes: object) -> WarningTemplate:
    told = {
        "name_id": "Banjir", "name_en": "Flood", "category": "Met", "urgency": "Immediate",
        "severity": "Extreme", "certainty": "Observed", "response": "Evacuate",
        "headline_id": "Banjir di {places}", "headline_en": "Flood in {places}",
        "description_id": "{station} {level} pukul {time}", "description_en": "{station} {level} at {time}",
        "instruction_id": "Mengungsi.", "instruction_en": "Leave.", "hours": 6, "approval_minutes": 4,
        "agency": "bpbd", "conditions": ["siaga:3"],
    }  # fmt: skip
    return WarningTemplate.objects.create(code="banjir", **(told | changes))


def signed_in(role: Role, agency: str = "") -> Client:
    client = Client()
    client.force_login(user(role, agency))
    return client


def test_it_lists_messages_in_an_atom_feed_that_links_to_each(client: Client) -> None:
    first = published()
    last = PublicWarning.objects.get(pk=actions.all_clear(first.pk, viewer=OPERATOR))
    answer = client.get("/cap/")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    root = etree.fromstring(answer.content)
    links = root.xpath("//a:entry/a:link[@type='application/cap+xml']/@href", namespaces=ATOM)
    assert [link.rsplit("/", 1)[1] for link in links] == [f"{last.identifier}.xml", f"{first.identifier}.xml"]
    assert root.xpath("//a:entry/cap:msgType/text()", namespaces=ATOM) == ["Update", "Alert"]
    for needed in ("a:id", "a:title", "a:updated"):
        assert len(root.xpath(f"/a:feed/{needed}", namespaces=ATOM)) == 1
        assert len(root.xpath(f"//a:entry/{needed}", namespaces=ATOM)) == 2


def test_it_spares_readers_what_they_know(client: Client) -> None:
    row = published()
    for path in ("/cap/", f"/cap/{row.identifier}.xml"):
        tag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    tag = client.get("/cap/").headers["ETag"]
    actions.cancel(row.pk, "Salah", viewer=OPERATOR)
    assert client.get("/cap/", headers={"If-None-Match": tag}).status_code == 200


def test_it_gives_out_each_message_as_it_was_sent(client: Client) -> None:
    row = published()
    answer = client.get(f"/cap/{row.identifier}.xml")
    assert answer.headers["Content-Type"] == "application/cap+xml"
    assert answer.content.decode() == row.cap
    assert cap.faults(answer.content) == []
    assert client.get("/cap/nothing.xml").status_code == 404


def test_it_has_an_empty_feed_before_the_first_warning(client: Client) -> None:
    assert etree.fromstring(client.get("/cap/").content).xpath("//a:entry", namespaces=ATOM) == []


def test_it_tells_everybody_on_every_page_and_on_its_own(client: Client) -> None:
    area()
    row = published(area_codes=["32.75.09.1004"])
    assert row.headline_id in client.get("/").content.decode()
    page = client.get(f"/peringatan/{row.identifier}/").content.decode()
    for words in (row.headline_id, row.headline_en, "Jatirasa", "Mengungsi.", "tel:112", "<path"):
        assert words in page
    assert row.headline_id in client.get("/peringatan/").content.decode()


def test_it_labels_a_drill_wherever_it_is_shown(client: Client) -> None:
    row = published(status="Exercise")
    for path in ("/", "/peringatan/"):
        assert "LATIHAN" in client.get(path).content.decode()
    assert "LATIHAN" in client.get("/cap/").content.decode()
    assert "alert__drill" in client.get(f"/peringatan/{row.identifier}/").content.decode()


def test_it_labels_a_drill_wherever_its_headline_stands_alone(client: Client) -> None:
    row = published(status="Exercise")
    page = client.get(f"/peringatan/{row.identifier}/").content.decode()
    assert f"<title>LATIHAN: {row.headline_id}" in page
    pk = actions.update(row.pk, viewer=OPERATOR)
    actions.edit(pk, draft(status="Exercise"), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    newer = PublicWarning.objects.get(pk=pk)
    leader = signed_in(Role.LEADERSHIP)
    for path in ("/", "/console/warnings/"):
        strip = leader.get(path).content.decode().split("warnstrip--ask")[1]
        assert f"LATIHAN, PEMBARUAN: {newer.headline_id}" in strip
    assert (
        f"<title>LATIHAN, PEMBARUAN: {newer.headline_id}"
        in leader.get(f"/console/warnings/{pk}/").content.decode()
    )
    letter = render_to_string("warnings/mail_escalated.txt", {"row": newer, "url": "https://x"})
    assert f"LATIHAN: {newer.headline_id}" in letter
    actions.approve(pk, viewer=MAYOR)
    older = client.get(f"/peringatan/{row.identifier}/").content.decode()
    assert f"LATIHAN, PEMBARUAN: {newer.headline_id}" in older.split("banner--info")[1]


def test_it_puts_no_label_before_a_real_warning(client: Client) -> None:
    row = published()
    assert f"<title>{row.headline_id}" in client.get(f"/peringatan/{row.identifier}/").content.decode()
    letter = render_to_string("warnings/mail_escalated.txt", {"row": row, "url": "https://x"})
    assert "LATIHAN" not in letter


def test_it_shows_a_test_in_the_feed_only(client: Client) -> None:
    row = published(status="Test", **MILD)
    assert row.headline_id not in client.get("/").content.decode()
    assert "UJI COBA" in client.get("/cap/").content.decode()


def test_it_hides_drafts_and_what_waits(client: Client) -> None:
    pk = actions.draft(draft(), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    identifier = PublicWarning.objects.get(pk=pk).identifier
    assert client.get(f"/peringatan/{identifier}/").status_code == 404
    assert client.get(f"/cap/{identifier}.xml").status_code == 404


def test_it_lets_an_operator_write_and_the_head_approve_in_the_browser() -> None:
    area()
    template()
    operator, head = signed_in(Role.OPERATOR), signed_in(Role.HEAD, "bpbd")
    told = {"template": "banjir", "status": "Exercise", "station": "P2C", "level": "560 cm",
            "time": "01.00 WIB", "areas": ["32.75.09.1004"]}  # fmt: skip
    made = operator.post("/console/warnings/new/", told)
    path = made.headers["Location"]
    row = PublicWarning.objects.get()
    assert (row.headline_id, row.area_desc) == ("Banjir di Jatirasa", "Jatirasa")
    page = operator.get(path)
    assert "560 cm" in page.content.decode()
    answer = operator.post(path, _form(row) | {"act": "submit"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.state == "waiting"
    assert "Banjir di Jatirasa" in head.get("/").content.decode()  # waits for them, on every page
    assert operator.post(f"{path}approve/").status_code == 403
    seen = row.submitted_at.isoformat() if row.submitted_at else ""
    head.post(f"{path}approve/", {"seen": seen})
    row.refresh_from_db()
    assert row.state == "published"
    assert head.get(path).status_code == 200


def _form(row: PublicWarning) -> dict[str, object]:
    names = (
        *actions.TEXTS,
        "status",
        "category",
        "urgency",
        "severity",
        "certainty",
        "response",
        "area_desc",
    )
    expires = (row.expires or clock.now()).astimezone(clock.WIB)
    return {name: getattr(row, name) for name in names} | {
        "areas": row.area_codes, "expires": f"{expires:%Y-%m-%dT%H:%M}", "drawn": "", "onset": "",
        "circle_lon": "", "circle_lat": "", "circle_km": "",
    }  # fmt: skip


def test_it_keeps_a_headline_short_however_many_places_are_warned() -> None:
    area("32.75.09", "Jatiasih", "kecamatan", "32.75")
    for number in range(9):
        area(f"32.75.09.10{number:02}", f"Kelurahan Panjang {number}")
    template()
    codes = [f"32.75.09.10{number:02}" for number in range(9)]
    pk = actions.draft_from_template("banjir", {}, viewer=OPERATOR, area_codes=codes)
    row = PublicWarning.objects.get(pk=pk)
    assert row.headline_id == "Banjir di Jatiasih"
    assert row.area_desc.count("Panjang") == 9


def test_it_says_what_is_missing_and_keeps_what_was_written() -> None:
    operator = signed_in(Role.OPERATOR)
    pk = actions.draft(draft(), viewer=OPERATOR)
    row = PublicWarning.objects.get(pk=pk)
    form = _form(row) | {"headline_id": "Baru …", "drawn": "", "act": "submit"}
    answer = operator.post(f"/console/warnings/{pk}/", form)
    assert answer.status_code == 422
    assert "Baru …" in answer.content.decode()
    assert answer.content.decode().count("field__error") >= 2
    row.refresh_from_db()
    assert row.state == "draft"


def test_it_does_not_break_on_a_drawing_that_is_none() -> None:
    operator = signed_in(Role.OPERATOR)
    pk = actions.draft(draft(), viewer=OPERATOR)
    form = _form(PublicWarning.objects.get(pk=pk)) | {"act": "save"}
    for drawn in ("{", "[]", '{"type":"Point","coordinates":[1,2]}',
                  '{"type":"Polygon","coordinates":[[[1,2]]]}',
                  '{"type":"Polygon","coordinates":"x"}', "null", '{"type":"Polygon"}'):  # fmt: skip
        assert operator.post(f"/console/warnings/{pk}/", form | {"drawn": drawn}).status_code in (302, 422)
    for circle in ({"circle_lon": "x"}, {"circle_lon": "107", "circle_lat": "-6", "circle_km": "nan"}):
        assert operator.post(f"/console/warnings/{pk}/", form | circle).status_code == 422
    assert (
        operator.post(f"/console/warnings/{pk}/", form | {"expires": "2026-99-99T00:00"}).status_code == 422
    )


def test_it_ends_a_warning_from_the_console() -> None:
    row = published()
    operator = signed_in(Role.OPERATOR)
    page = operator.get(f"/console/warnings/{row.pk}/")
    assert page.status_code == 200
    operator.post(f"/console/warnings/{row.pk}/all-clear/", {"words": "Air surut."})
    assert [one.step for one in queries.chain(row.pk)] == ["alert", "all_clear"]
    assert operator.get("/console/warnings/").status_code == 200


def test_it_shows_heads_of_other_agencies_no_drafts() -> None:
    pk = actions.draft(draft(agency="damkar"), viewer=OPERATOR)
    assert signed_in(Role.HEAD, "bpbd").get(f"/console/warnings/{pk}/").status_code == 404
    assert signed_in(Role.LEADERSHIP).get(f"/console/warnings/{pk}/").status_code == 200


def test_it_speaks_english_to_those_who_want_it(client: Client) -> None:
    row = published()
    client.cookies["django_language"] = "en"
    page = client.get(f"/peringatan/{row.identifier}/").content.decode()
    assert f'<h1 class="alert__headline">{row.headline_en}</h1>' in page


def test_it_keeps_an_approval_from_covering_a_later_text() -> None:
    pk = actions.draft(draft(), viewer=OPERATOR)
    actions.submit(pk, viewer=OPERATOR)
    leader = signed_in(Role.LEADERSHIP)
    leader.post(f"/console/warnings/{pk}/approve/", {"seen": (clock.now() - timedelta(hours=1)).isoformat()})
    assert PublicWarning.objects.get(pk=pk).state == "waiting"
    assert [one.id for one in queries.waiting_for(MAYOR)] == [pk]
