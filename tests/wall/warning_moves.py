"""The warnings' moves for the wall law: written, approved, updated, ended, expired, taken in from others."""

from datetime import timedelta
from typing import TYPE_CHECKING

from patriot.kernel import clock
from patriot.people.rules import Role, Viewer
from patriot.warnings import actions, cap, foreign, jobs
from patriot.warnings.models import ForeignAlert, PublicWarning
from patriot.warnings.rules import State
from tests.warnings.makers import MAYOR, SQUARE, area, draft

if TYPE_CHECKING:
    from tests.wall.law import Choice, City

WRITER = Viewer(11, "Writer", frozenset({Role.OPERATOR}))
MILD = {"severity": "Moderate", "urgency": "Future"}


def found() -> None:
    """The city's ground: others' warnings are taken in when they touch it."""
    area("32.75", "Kota Bekasi", "city", "")


def _of(choice: "Choice", *states: str) -> int:
    rows = PublicWarning.objects.filter(state__in=states).order_by("-pk")
    return choice.of(list(rows.values_list("pk", flat=True)[:6])) or 0


def warn(_city: "City", choice: "Choice") -> None:
    """Written and sent; a grave one waits."""
    grave = choice.of([{}, MILD, MILD]) or {}
    status = choice.of(["Actual", "Actual", "Exercise", "Test"])
    expires = clock.now() + timedelta(minutes=choice.of([20, 60, 400]) or 20)
    pk = actions.draft(draft(status=status, expires=expires, **grave), viewer=WRITER)
    actions.submit(pk, viewer=WRITER)


def approve(_city: "City", choice: "Choice") -> None:
    """The second person's word."""
    actions.approve(_of(choice, State.WAITING), viewer=MAYOR)


def update(_city: "City", choice: "Choice") -> None:
    """A milder message follows."""
    pk = actions.update(_of(choice, State.PUBLISHED), viewer=WRITER)
    actions.edit(pk, draft(headline_id="Air surut", **MILD), viewer=WRITER)
    actions.submit(pk, viewer=WRITER)


def end(_city: "City", choice: "Choice") -> None:
    """All clear, or withdrawn."""
    pk = _of(choice, State.PUBLISHED)
    if choice.of([True, False]):
        actions.all_clear(pk, viewer=WRITER)
    else:
        actions.cancel(pk, "Salah", viewer=WRITER)


def tick(_city: "City", _choice: "Choice") -> None:
    """What the clock does."""
    jobs.watch_the_clock()


def take_in(_city: "City", choice: "Choice") -> None:
    """BMKG says something, perhaps about what it said before."""
    now, number = clock.now(), ForeignAlert.objects.count()
    known = list(ForeignAlert.objects.filter(ended_at=None).values_list("identifier", flat=True))
    kind = choice.of(["Alert", "Alert", "Update", "Cancel"]) or "Alert"
    earlier = choice.of(known) if kind != "Alert" else None
    ring = tuple((lon, lat) for lon, lat in SQUARE[0])
    info = cap.Info("id", ("Met",), "Hujan", "Immediate", "Moderate", "Observed", headline=f"Hujan {number}",
                    expires=now + timedelta(minutes=choice.of([30, 200]) or 30),
                    areas=(cap.Area("Jawa Barat", (ring,)),))  # fmt: skip
    references = (("bmkg", earlier, now),) if earlier else ()
    alert = cap.Alert(f"bmkg-{number}", "bmkg", now, "Actual", kind, references=references, infos=(info,))
    foreign.take_in("bmkg", alert, "<alert/>")


MOVES = {
    "warn": warn, "warn_approve": approve, "warn_update": update, "warn_end": end, "warn_tick": tick,
    "warn_take_in": take_in,
}  # fmt: skip
WEIGHTS = {"warn": 2, "warn_approve": 2, "warn_tick": 2}
