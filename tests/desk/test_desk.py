"""The desk: who gets in, what they see, what they do, and what nonsense meets."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from patriot.funds.models import Commitment
from patriot.incidents import actions
from patriot.incidents.models import Incident, Task
from patriot.kernel import clock
from patriot.ledger import actions as ledger
from patriot.people.rules import Role
from tests import factories

pytestmark = pytest.mark.django_db
WORKERS = {Role.STAFF, Role.HEAD, Role.OPERATOR, Role.DISPATCHER, Role.LEADERSHIP, Role.ADMINISTRATOR}
HTMX = {"HX-Request": "true"}


def client_of(role: Role, agency: str = "") -> Client:
    client = Client()
    client.force_login(factories.user(role, agency))
    return client


def do(client: Client, incident: int, name: str, htmx: bool = True, **form: object) -> str:
    answer = client.post(
        f"/desk/incident/{incident}/do/{name}/", form, headers=HTMX if htmx else {}, follow=True
    )
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/desk/", "/desk/funds/", "/desk/figures/"])
def test_it_opens_for_those_who_work_here(role: Role, path: str) -> None:
    factories.received()
    factories.fund()
    answer = client_of(role).get(path)
    assert answer.status_code == (200 if role in WORKERS else 403)


def test_it_asks_strangers_to_sign_in() -> None:
    assert Client().get("/desk/").status_code == 302
    assert Client().post("/desk/incident/1/do/reject/").status_code == 302


def test_it_shows_an_agency_its_own_incidents_only() -> None:
    mine = factories.received()
    other = factories.received(code="parkir", agency_code="dishub")
    client = client_of(Role.STAFF)
    page = client.get("/desk/").content.decode()
    assert mine.number in page
    assert other.number not in page
    assert client.get(f"/desk/incident/{other.incident_id}/").status_code == 404
    assert client.get(f"/desk/incident/{mine.incident_id}/").status_code == 200


def test_it_shows_another_agencys_incident_to_those_who_have_work_on_it() -> None:
    got = factories.received()
    operator = factories.viewer(Role.OPERATOR)
    factories.agency("dishub")
    actions.open_task(got.incident_id, "regulate", 0, viewer=operator, agency="dishub")
    assert got.number in client_of(Role.STAFF, "dishub").get("/desk/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True), ("state=received", True), ("state=closed", False), ("priority=P2", True),
        ("priority=P1", False),
        ("category=lubang_jalan", True), ("category=x", False), ("late=1", False), ("q=lubang", True),
        ("q=zzz", False), ("state=%00&priority=../&page=-1&order=;drop&agency=%27", True), ("page=999", True),
        ("q=%00", True), ("page=99999999999999", True),
    ],
)  # fmt: skip
def test_it_filters_and_bears_nonsense(query: str, found: bool) -> None:
    got = factories.received()
    answer = client_of(Role.STAFF).get(f"/desk/?{query}")
    assert answer.status_code == 200
    assert (f'"/desk/incident/{got.incident_id}/"' in answer.content.decode()) is found


def test_it_turns_pages() -> None:
    factories.category()
    for n in range(27):
        factories.received(106.9 + n / 100, -6.24)
    client = client_of(Role.STAFF)
    first, second = (client.get(f"/desk/?page={page}").content.decode() for page in (1, 2))
    numbers = [set(re.findall(r'"/desk/incident/(\d+)/"', page)) for page in (first, second)]
    assert [len(one) for one in numbers] == [25, 2]
    assert not numbers[0] & numbers[1]


def test_it_orders_work_and_says_the_funds_rule() -> None:
    factories.fund()
    got = factories.received()
    page = do(client_of(Role.STAFF), got.incident_id, "open-task", kind="repair", estimate="900.000")
    assert Task.objects.get().state == "ready"
    assert "Rp 900.000" in page
    assert "Rp 1.000.000" in page  # the limit, in the rule


def test_it_works_without_javascript() -> None:
    got = factories.received()
    client = client_of(Role.STAFF)
    page = do(client, got.incident_id, "reject", htmx=False, reason="Private land")
    assert "<html" in page
    assert Incident.objects.get().state == "rejected"
    page = do(client, got.incident_id, "reject", htmx=False, reason="Again")
    assert "banner--bad" in page


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("open-task", {"kind": "repair", "estimate": "a lot"}),
        ("open-task", {"kind": "fly", "estimate": "1"}),
        ("open-task", {"kind": "repair", "estimate": "9" * 40}),
        ("open-task", {"kind": "repair", "agency": "nobody"}),
        ("reroute", {"agency": "nobody", "reason": "x"}),
        ("reroute", {}),
        ("reject", {"reason": " "}),
        ("reply", {"words": ""}),
        ("priority", {"priority": "P7", "reason": "x"}),
        ("priority", {"priority": "P1", "reason": ""}),
        ("merge", {"into": "x"}),
        ("merge", {"into": "999999"}),
        ("reopen", {"words": "x"}),
    ],
)
def test_it_refuses_nonsense_in_words(name: str, form: dict[str, str]) -> None:
    got = factories.received()
    assert "banner--bad" in do(client_of(Role.STAFF), got.incident_id, name, **form)
    assert Incident.objects.get().state == "received"


def test_it_writes_ids_and_amounts_that_can_be_sent_back() -> None:
    """Numbers are shown with separators; what forms and addresses carry must have none."""
    got = factories.received()
    columns = [field.attname for field in Incident._meta.concrete_fields]
    row = Incident.objects.filter(pk=got.incident_id).values(*columns)[0]
    Incident.objects.create(**row | {"id": 1234567, "number": "x-1"})
    client = client_of(Role.OPERATOR)
    client.cookies["django_language"] = "id"
    page = client.get("/console/").content.decode() + client.get("/desk/incident/1234567/").content.decode()
    assert 'data-incident="1234567"' in page
    assert 'value="950000"' in page
    assert "1.234.567" not in page


def test_it_does_not_know_unknown_acts() -> None:
    got = factories.received()
    client = client_of(Role.STAFF)
    assert client.post(f"/desk/incident/{got.incident_id}/do/explode/").status_code == 404
    assert client.post("/desk/task/999/do/finish/").status_code == 404
    assert client.post("/desk/crew/999/withdraw/", {"reason": "x"}).status_code == 404
    assert client.get(f"/desk/incident/{got.incident_id}/do/reject/").status_code == 405
    assert client.get("/desk/incident/999999/").status_code == 404


def test_it_lets_a_head_decide_and_not_the_staff() -> None:
    factories.fund()
    got = factories.received()
    do(client_of(Role.STAFF), got.incident_id, "open-task", kind="repair", estimate="2000000")
    commitment = Commitment.objects.get()
    assert commitment.state == "pending"
    url = f"/desk/funds/{commitment.pk}/decide/"
    staff = Client()
    staff.force_login(factories.User.objects.get(username__startswith="staff"))
    assert staff.post(url, {"decision": "approve", "reason": "x"}).status_code == 403
    head = client_of(Role.HEAD)
    assert "Rp 2.000.000" in head.get("/desk/funds/").content.decode()
    assert "banner--bad" in head.post(url, {"decision": "maybe", "reason": "x"}, follow=True).content.decode()
    head.post(url, {"decision": "approve", "reason": "Dangerous"})
    commitment.refresh_from_db()
    assert (commitment.state, commitment.reason) == ("approved", "Dangerous")


def test_it_finishes_work_without_a_crew() -> None:
    got = factories.received()
    client = client_of(Role.STAFF)
    do(client, got.incident_id, "open-task", kind="regulate", estimate="")
    task = Task.objects.get()
    client.post(f"/desk/task/{task.pk}/do/finish/", {"repair": "temporary"})
    assert Incident.objects.get(parent=None).state == "resolved"
    assert Incident.objects.exclude(parent=None).count() == 1


def test_it_offers_to_undo_a_priority() -> None:
    got = factories.received()
    client = client_of(Role.STAFF)
    do(client, got.incident_id, "priority", priority="P1", reason="Deep")
    ledger.seal()
    page = client.get(f"/desk/incident/{got.incident_id}/").content.decode()
    assert 'name="priority" value="P2"' in page


def test_it_tells_the_story_with_names_and_notes() -> None:
    got = factories.received()
    client = client_of(Role.STAFF)
    do(client, got.incident_id, "note", words="Ask the neighbour Budi")
    ledger.seal()
    page = client.get(f"/desk/incident/{got.incident_id}/").content.decode()
    assert "Ask the neighbour Budi" in page
    assert "Staff" in page


def test_it_goes_back_only_to_its_own_pages() -> None:
    got = factories.received()
    client = client_of(Role.OPERATOR)
    url = f"/desk/incident/{got.incident_id}/do/remind/"
    assert client.post(url, {"next": "https://evil.example/"}).url == f"/desk/incident/{got.incident_id}/"
    assert client.post(url, {"next": "/eksekutif/"}).url == "/eksekutif/"


@pytest.mark.parametrize("language", ["id", "en"])
def test_it_speaks_both_languages(language: str) -> None:
    got = factories.received()
    client = client_of(Role.OPERATOR)
    client.cookies["django_language"] = language
    with clock.at(clock.now() + timedelta(days=1)):
        page = client.get(f"/desk/incident/{got.incident_id}/").content.decode()
    assert ("Pothole" in page) is (language == "en")
