"""An incident's story, out of the ledger: in public words, or with what staff read besides."""

from dataclasses import dataclass
from datetime import datetime

from patriot.incidents import wording
from patriot.incidents.models import Note
from patriot.kernel.events import Announcement
from patriot.ledger import queries as ledger
from patriot.people.rules import Viewer


@dataclass(frozen=True)
class Step:
    """One thing that happened. `who` and `note` are empty for the public."""

    at: datetime
    kind: str
    words: str
    bad: bool
    who: str = ""
    note: str = ""


def timeline(incident_id: int, viewer: Viewer | None = None) -> list[Step]:
    """Everything that happened to an incident, oldest first. Without a viewer: only what anyone may know.

    The caller has checked that the viewer may see the incident.
    """
    news = ledger.history(f"incident:{incident_id}")
    if viewer is None:
        return [step for one in news if (step := _public(one)).words]
    notes = dict(Note.objects.filter(incident=incident_id).values_list("pk", "words"))
    return [step for one in news if (step := _staff(one, notes)).words]


def _public(news: Announcement) -> Step:
    return Step(news.at, news.kind, wording.public(news.kind, news.body), news.kind in wording.BAD)


def _staff(news: Announcement, notes: dict[int, str]) -> Step:
    note = notes.get(news.body.get("note") or 0, "")
    words = wording.staff(news.kind, news.body)
    return Step(news.at, news.kind, words, news.kind in wording.BAD, news.actor, note)


def reopened_words(incident_id: int) -> list[str]:
    """What citizens wrote when they opened it again, newest first: for staff."""
    kind = Note.Kind.REOPEN
    return list(Note.objects.filter(incident=incident_id, kind=kind).values_list("words", flat=True))


def priority_before(incident_id: int) -> str:
    """The priority before the last change, or "" when it was never changed."""
    changes = [
        one for one in ledger.history(f"incident:{incident_id}") if one.kind == "incident.priority_changed"
    ]
    return str(changes[-1].body["old"]) if changes else ""
