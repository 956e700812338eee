"""One click from an alarm to an incident."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from patriot.alarms.models import Alarm, AlarmType
from patriot.incidents import actions, history, queries
from patriot.incidents.models import Incident
from patriot.kernel.errors import Invalid, NotAllowed, NotFound
from patriot.ledger import actions as ledger
from patriot.people.rules import Role, Viewer
from tests import factories
from tests.alarms.makers import HEAD, OPERATOR, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def city() -> None:
    factories.category("banjir", "bpbd", priority="P2")
    factories.category("sensor", "disbangkim", priority="P3")
    for code, category, to_owner in (("siaga", "banjir", False), ("no_data", "sensor", True)):
        AlarmType.objects.create(code=code, name_id=code, category=category, to_owner=to_owner)


def test_it_opens_one_incident_and_finds_it_at_the_second_click() -> None:
    alarm = told(simulated=True)
    first = actions.open_from_alarm(alarm.pk, viewer=OPERATOR)
    again = actions.open_from_alarm(alarm.pk, viewer=OPERATOR)
    assert (first.found, again.found, again.incident_id) == (False, True, first.incident_id)
    row = Incident.objects.get()
    assert (row.agency, row.priority, row.category_id, row.simulated) == ("bpbd", "P1", "banjir", True)
    assert (row.lon, row.lat) == (alarm.lon, alarm.lat)
    alarm.refresh_from_db()
    assert (alarm.incident, alarm.incident_number) == (row.pk, row.number)
    detail = queries.detail(row.pk, OPERATOR)
    assert detail is not None
    assert detail.alarms == [alarm.pk]
    ledger.seal()
    assert "P2C: Siaga 3" in history.timeline(row.pk)[0].words


def test_it_opens_another_when_the_first_is_over() -> None:
    alarm = told()
    first = actions.open_from_alarm(alarm.pk, viewer=OPERATOR)
    actions.reject(first.incident_id, "False alarm", viewer=OPERATOR)
    assert actions.open_from_alarm(alarm.pk, viewer=OPERATOR).incident_id != first.incident_id


def test_it_joins_what_citizens_reported_at_the_same_place() -> None:
    got = factories.received(106.97, -6.31, code="banjir", agency_code="bpbd")
    opened = actions.open_from_alarm(told().pk, viewer=OPERATOR)
    assert (opened.found, opened.incident_id) == (True, got.incident_id)
    simulated = actions.open_from_alarm(told("siaga:2", simulated=True).pk, viewer=OPERATOR)
    assert not simulated.found


def test_it_gives_faults_of_a_device_to_its_owner() -> None:
    opened = actions.open_from_alarm(told("no_data:3", agency="bpbd").pk, viewer=OPERATOR)
    assert Incident.objects.get(pk=opened.incident_id).agency == "bpbd"


def test_it_goes_to_the_incident_that_an_emergency_came_from() -> None:
    got = factories.received(code="banjir", agency_code="bpbd")
    alarm = told(f"emergency:{got.incident_id}", thing=None)
    assert actions.open_from_alarm(alarm.pk, viewer=OPERATOR).incident_id == got.incident_id


def test_it_says_what_is_missing_and_opens_nothing() -> None:
    for alarm in (told("strange:1"), told("siaga:1", lon=None, lat=None)):
        with pytest.raises(Invalid):
            actions.open_from_alarm(alarm.pk, viewer=OPERATOR)
    with pytest.raises(NotAllowed):
        actions.open_from_alarm(told("siaga:3").pk, viewer=HEAD)
    with pytest.raises(NotFound):
        actions.open_from_alarm(99, viewer=OPERATOR)
    assert not Incident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_opens_one_for_many_who_click_at_once() -> None:
    alarm = told()

    def click(user: int) -> int:
        try:
            who = Viewer(user, "", frozenset({Role.OPERATOR}))
            return actions.open_from_alarm(alarm.pk, viewer=who).incident_id
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(click, range(5)))) == 1
    assert Incident.objects.count() == 1
    assert Alarm.objects.get().incident
