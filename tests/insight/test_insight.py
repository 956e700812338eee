"""The executive view."""

from datetime import timedelta

import pytest

from patriot.incidents import actions, figures
from patriot.incidents.models import Incident, Note
from patriot.kernel import clock
from patriot.people.rules import Role
from patriot.reports import tokens
from tests import factories
from tests.desk.test_desk import client_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role))
def test_it_opens_for_the_leadership(role: Role) -> None:
    factories.received()
    allowed = role in {Role.LEADERSHIP, Role.ADMINISTRATOR}
    assert client_of(role).get("/eksekutif/").status_code == (200 if allowed else 403)


def test_it_reminds_and_escalates_with_one_click() -> None:
    got = factories.received()
    client = client_of(Role.LEADERSHIP)
    page = client.get("/eksekutif/").content.decode()
    for name in ("remind", "escalate"):
        url = f"/desk/incident/{got.incident_id}/do/{name}/"
        assert url in page
        assert client.post(url, {"next": "/eksekutif/"}).url == "/eksekutif/"
    assert set(Note.objects.values_list("kind", flat=True)) == {"remind", "escalate"}


def test_it_counts_what_waits_on_whom() -> None:
    staff, mayor = factories.viewer(Role.STAFF, "dbmta"), factories.viewer(Role.LEADERSHIP)
    factories.fund()
    for n in range(3):
        factories.received(106.90 + n / 100)
    first, second = Incident.objects.all()[:2]
    actions.open_task(first.pk, "repair", 0, viewer=staff)
    actions.open_task(second.pk, "repair", 3_000_000, viewer=staff)
    [waiting] = figures.waiting_on(mayor)
    assert waiting.counts == {"owner": 1, "crew": 1, "money": 1}
    with clock.at(clock.now() + timedelta(days=30)):
        assert figures.waiting_on(mayor)[0].late == 3
        assert figures.about_to_break(mayor)[0].due_kind == "late"


def test_it_takes_percentiles_of_single_incidents_and_keeps_silent_on_small_samples() -> None:
    staff, mayor = factories.viewer(Role.STAFF, "dbmta"), factories.viewer(Role.LEADERSHIP)
    start = clock.now()
    for n in range(5):
        with clock.at(start):
            got = factories.received(106.90 + n / 100)
        with clock.at(start + timedelta(hours=n + 1)):
            actions.answer(got.incident_id, "Yes", viewer=staff)
        if n == 3:
            assert figures.times(mayor)[0].resolve_p50 is None
    with clock.at(start + timedelta(hours=6)):
        actions.reopen(got.number, "No", tokens.issue(got.number))
        actions.answer(got.incident_id, "Yes", viewer=staff)
        [times] = figures.times(mayor)
    assert times.sample == 5
    assert times.resolve_p50 == timedelta(hours=3)
    assert times.reopened_percent == 20
