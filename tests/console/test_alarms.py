"""The console's alarm pages, as forms without JavaScript and as parts for htmx."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from patriot.alarms.models import Alarm, AlarmType, SopStep
from patriot.alarms.rules import State
from patriot.kernel import clock
from patriot.people.models import User
from patriot.people.rules import Role
from tests import factories
from tests.alarms.makers import OPERATOR, told
from tests.desk.test_desk import client_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def operator() -> Client:
    return client_of(Role.OPERATOR)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_it_is_quiet_when_nothing_calls(operator: Client) -> None:
    assert "alarm-bar__quiet" in page(operator, "/console/")
    for tab in ("active", "shelved", "suppressed", "out_of_service", "history", "nonsense"):
        assert "empty__title" in page(operator, f"/console/alarms/?tab={tab}")


def test_it_shows_the_strip_on_console_pages_only(operator: Client) -> None:
    alarm = told()
    for path in ("/console/", "/console/handover/", "/console/alarms/", "/console/alarms/load/"):
        assert f'href="/console/alarms/{alarm.pk}/"' in page(operator, path), path
        assert 'data-unacknowledged="1"' in page(operator, path)
    assert "alarm-bar" not in page(client_of(Role.STAFF), "/desk/")
    assert "alarm-bar" not in page(operator, "/")


def test_it_acknowledges_with_a_plain_form_from_the_list(operator: Client) -> None:
    alarm = told(level=2)
    assert f'action="/console/alarms/{alarm.pk}/do/acknowledge/"' in page(operator, "/console/alarms/")
    answer = operator.post(
        f"/console/alarms/{alarm.pk}/do/acknowledge/", {"level": "2", "next": "/console/alarms/"}, follow=True
    )
    assert answer.redirect_chain == [("/console/alarms/", 302)]
    alarm.refresh_from_db()
    user = User.objects.get()
    assert (alarm.state, alarm.acknowledged_by) == (State.ACKNOWLEDGED, f"user:{user.pk}")
    assert f'action="/console/alarms/{alarm.pk}/do/undo/"' in answer.content.decode()


def test_it_answers_htmx_with_a_word_and_the_news(operator: Client) -> None:
    alarm = told()
    done = operator.post(f"/console/alarms/{alarm.pk}/do/acknowledge/", {"level": "1"}, headers=HTMX)
    assert done.status_code == 204
    assert set(json.loads(done["HX-Trigger"])) == {"toast", "alarms"}
    again = operator.post(f"/console/alarms/{alarm.pk}/do/acknowledge/", {"level": "1"}, headers=HTMX)
    assert again.status_code == 204
    assert json.loads(again["HX-Trigger"])["toast"] != json.loads(done["HX-Trigger"])["toast"]
    faulty = operator.post(f"/console/alarms/{alarm.pk}/do/shelve/", {"minutes": "5"}, headers=HTMX)
    assert faulty["HX-Retarget"] == "#alarm-refused"
    assert "banner--bad" in faulty.content.decode()


def test_it_acknowledges_all_that_were_shown(operator: Client) -> None:
    seen = [told(f"siaga:{n}") for n in range(3)]
    assert page(operator, "/console/alarms/").count('name="seen"') == 3
    told("siaga:1", 2)
    operator.post("/console/alarms/acknowledge/", {"seen": [f"{one.pk}:1" for one in seen] + ["x", "1:2:3"]})
    assert Alarm.objects.filter(state=State.ACKNOWLEDGED).count() == 2


def test_it_shows_beneath_an_alarm_what_follows_from_it(operator: Client) -> None:
    for code in ("siaga", "forecast"):
        AlarmType.objects.create(code=code, name_id=code, along_river=True)
    lead = told("siaga:1", 2, name="Cileungsi")
    below = told("forecast:1", 2, name="Cileungsi too", label="Foretold")
    shown = page(operator, "/console/alarms/")
    assert shown.count("alarm-row--beneath") == 1
    assert shown.index(f'data-alarm="{lead.pk}"') < shown.index(f'data-alarm="{below.pk}"')
    assert f'value="{below.pk}:2"' not in shown, "what does not call is not acknowledged with all the others"
    assert "+1</span>" in page(operator, "/console/")
    narrowed = page(operator, "/console/alarms/?q=too")
    assert "alarm-row--beneath" not in narrowed
    assert f'data-alarm="{below.pk}"' in narrowed
    assert f'href="/console/alarms/{below.pk}/"' in page(operator, f"/console/alarms/{lead.pk}/")
    assert f'href="/console/alarms/{lead.pk}/"' in page(operator, f"/console/alarms/{below.pk}/")


@pytest.mark.parametrize(
    ("name", "form", "state"),
    [
        ("shelve", {"minutes": "5", "reason": "Known"}, "shelved"),
        ("take-out", {"reason": "Broken", "until": "2036-01-01T10:00"}, "out_of_service"),
        ("take-out", {"reason": ""}, "unacknowledged"),
        ("take-out", {"reason": "Broken", "until": "32-13-2026"}, "unacknowledged"),
        ("suppress", {"reason": "Work", "ends": "soon"}, "unacknowledged"),
        ("suppress", {"reason": "Work", "ends": ""}, "unacknowledged"),
        ("shelve", {"minutes": "99999999", "reason": "For good"}, "unacknowledged"),
        ("note", {"words": "Look again"}, "unacknowledged"),
        ("tick", {"step": "77", "done": "1"}, "unacknowledged"),
        ("reset", {}, "unacknowledged"),
        ("end-window", {"window": "none"}, "unacknowledged"),
    ],
)
def test_it_does_what_forms_say_and_bears_nonsense(
    operator: Client, name: str, form: dict[str, str], state: str
) -> None:
    alarm = told()
    assert operator.post(f"/console/alarms/{alarm.pk}/do/{name}/", form).status_code in (302, 404)
    alarm.refresh_from_db()
    assert alarm.state == state
    page(operator, f"/console/alarms/{alarm.pk}/")


def test_it_plans_work_on_a_device_and_ends_it(operator: Client) -> None:
    alarm = told()
    ends = (clock.now() + timedelta(hours=2)).astimezone(clock.WIB).strftime("%Y-%m-%dT%H:%M")
    operator.post(f"/console/alarms/{alarm.pk}/do/suppress/", {"reason": "Calibration", "ends": ends})
    alarm.refresh_from_db()
    assert alarm.state == State.SUPPRESSED
    assert alarm.rule in page(operator, f"/console/alarms/{alarm.pk}/")
    assert "Calibration" in page(operator, "/console/alarms/?tab=suppressed")
    operator.post(f"/console/alarms/{alarm.pk}/do/end-window/", {"window": alarm.rule})
    alarm.refresh_from_db()
    assert alarm.state == State.UNACKNOWLEDGED


def test_it_shows_the_checklist_and_ticks_it(operator: Client) -> None:
    SopStep.objects.create(code="siaga", level=0, step=1, text_id="Panggil BPBD", text_en="Call BPBD")
    alarm = told()
    assert "Panggil BPBD" in page(operator, f"/console/alarms/{alarm.pk}/")
    operator.post(f"/console/alarms/{alarm.pk}/do/tick/", {"step": "1", "done": "1"})
    assert 'aria-pressed="true"' in page(operator, f"/console/alarms/{alarm.pk}/")


def test_it_opens_an_incident_with_one_click(operator: Client) -> None:
    factories.category("banjir", "bpbd", priority="P1")
    AlarmType.objects.create(code="siaga", name_id="Muka air", category="banjir")
    alarm = told()
    answer = operator.post(f"/console/alarms/{alarm.pk}/incident/")
    alarm.refresh_from_db()
    assert answer["Location"] == f"/console/?incident={alarm.incident}"
    by_htmx = operator.post(f"/console/alarms/{alarm.pk}/incident/", headers=HTMX)
    assert by_htmx["HX-Redirect"] == answer["Location"]
    desk = page(operator, f"/desk/incident/{alarm.incident}/")
    assert f"/console/alarms/{alarm.pk}/" in desk
    assert alarm.incident_number in page(operator, "/console/alarms/")
    odd = told("strange:1")
    assert (
        operator.post(f"/console/alarms/{odd.pk}/incident/", headers=HTMX)["HX-Retarget"] == "#alarm-refused"
    )


def test_it_pages_filters_and_bears_any_query(operator: Client) -> None:
    for number in range(45):
        told(f"siaga:{number}", priority="low" if number else "high")
    assert page(operator, "/console/alarms/").count('class="alarm-row ') == 40
    assert page(operator, "/console/alarms/?page=2").count('class="alarm-row ') == 5
    assert page(operator, "/console/alarms/?priority=high").count('class="alarm-row ') == 1
    for query in ("page=-1", "page=x", "q=%00", "agency=%F0%9F%98%80", "priority=9", "alarm=99999999999"):
        page(operator, f"/console/alarms/?{query}")
        page(operator, f"/console/alarms/list/?{query}")
    assert page(operator, "/console/alarms/?tab=history").count('scope="row"') == 40


def test_it_knows_no_alarm_of_another_number(operator: Client) -> None:
    assert operator.get("/console/alarms/987654/").status_code == 404
    assert operator.post("/console/alarms/987654/do/acknowledge/").status_code == 404
    assert operator.post("/console/alarms/987654/do/juggle/").status_code == 404


def test_it_shows_the_load_on_operators(operator: Client) -> None:
    for number in range(25):
        told(f"siaga:{number}")
    text = page(operator, "/console/alarms/load/")
    assert "banner--bad" in text
    assert "stat--bad" in text
    assert OPERATOR.user_id
