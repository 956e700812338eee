"""Others' warnings: what they say of us holds here, and only that, on pages and on the wall alike."""

from dataclasses import replace
from datetime import timedelta

import pytest

from patriot.kernel import clock
from patriot.kernel.panels import merge, panels
from patriot.ledger.models import Entry
from patriot.ledger.queries import announcement
from patriot.warnings import cap, foreign, queries
from patriot.warnings.models import ForeignAlert
from tests.warnings.makers import SQUARE, area

pytestmark = pytest.mark.django_db
HERE = tuple((lon, lat) for lon, lat in SQUARE[0])
ELSEWHERE = tuple((lon + 1, lat) for lon, lat in HERE)


@pytest.fixture(autouse=True)
def city() -> None:
    area("32.75", "Kota Bekasi", "city", "")


def alert(name: str, kind: str = "Alert", ring: cap.Ring = HERE, *, hours: float = 2,
          about: str = "") -> cap.Alert:  # fmt: skip
    """Rain, says BMKG."""
    now = clock.now()
    where, until = cap.Area("Jawa Barat", (ring,)), now + timedelta(hours=hours)
    info = cap.Info("id", ("Met",), "Hujan", "Immediate", "Moderate", "Observed", headline=f"Hujan {name}",
                    expires=until, areas=(where,))  # fmt: skip
    references = (("bmkg", about, now),) if about else ()
    return cap.Alert(name, "bmkg", now, "Actual", kind, references=references, infos=(info,))


def take_in(*told: cap.Alert) -> list[str]:
    """What stands on the pages after these messages; the wall must show the same."""
    panel = panels()["warnings"]
    rows = panel.load(clock.now())
    before = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    for one in told:
        foreign.take_in("bmkg", one, "<alert/>")
    columns = ("id", "at", "kind", "actor", "subject", "agency", "simulated", "body")
    for entry in Entry.objects.filter(id__gt=before).order_by("id").values_list(*columns):
        rows = merge(rows, panel.fold(rows, announcement(0, entry)))
    now = clock.now()
    assert panel.view(rows, now) == panel.view(panel.load(now), now)
    return [
        row.identifier for row in ForeignAlert.objects.filter(pk__in=[one.id for one in queries.foreign()])
    ]


def test_it_shows_an_update_in_place_of_what_it_updates() -> None:
    assert take_in(alert("1"), alert("2", "Update", about="1")) == ["2"]


def test_it_shows_no_update_that_has_moved_away_from_the_city() -> None:
    assert take_in(alert("1"), alert("2", "Update", ELSEWHERE, about="1")) == []
    assert ForeignAlert.objects.filter(ended_at=None).count() == 0


def test_it_shows_no_update_that_is_over() -> None:
    assert take_in(alert("1"), alert("2", "Update", hours=-1, about="1")) == []
    assert ForeignAlert.objects.filter(ended_at=None).count() == 0


def test_it_shows_no_update_that_is_not_for_the_public() -> None:
    private = replace(alert("2", "Update", about="1"), scope="Restricted")
    assert take_in(alert("1"), private) == []


def test_it_follows_an_update_back_into_the_city() -> None:
    away = alert("2", "Update", ELSEWHERE, about="1")
    assert take_in(alert("1"), away, alert("3", "Update", about="2")) == ["3"]


def test_it_ends_what_is_withdrawn() -> None:
    assert take_in(alert("1"), alert("2", "Cancel", about="1")) == []


@pytest.mark.parametrize("kind", ["Ack", "Error"])
def test_it_leaves_a_warning_in_force_whatever_machines_answer_each_other(kind: str) -> None:
    assert take_in(alert("1"), alert("2", kind, about="1")) == ["1"]
    assert take_in(alert("3", kind)) == ["1"]
