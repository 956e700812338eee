"""What an incident's page shows, gathered from the rooms for one viewer."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from patriot.alarms import queries as alarms
from patriot.dispatch import queries as dispatch
from patriot.dispatch import words
from patriot.dispatch.ranking import Recommendation
from patriot.funds import queries as funds
from patriot.incidents import catalogue, history, queries
from patriot.incidents.queries import Detail, TaskRow
from patriot.incidents.rules import Priority, State, TaskKind, TaskState, allowed
from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.people import queries as people
from patriot.people.rules import Role, Viewer
from patriot.reports import queries as reports

BEST = 5  # units shown at once; the others are behind "more"
OFFICE = (Role.STAFF, Role.HEAD, Role.OPERATOR, Role.DISPATCHER)
PUSHERS = (Role.OPERATOR, Role.DISPATCHER, Role.LEADERSHIP, Role.HEAD)


@dataclass(frozen=True)
class UnitChoice:
    """A unit that may be sent, in words."""

    id: int
    callsign: str
    kind: str
    agency_name: str
    eta: str
    distance: str
    reasons: list[str]
    stale: bool
    simulated: bool


@dataclass(frozen=True)
class Advice:
    """Whom to send for one task."""

    best: list[UnitChoice]
    more: list[UnitChoice]
    excluded: list[tuple[str, str]]
    remarks: list[str]
    indicative: bool


def context(incident_id: int, viewer: Viewer) -> dict[str, Any]:
    """Everything the panel of an incident shows. Raises NotFound when the viewer may not see it."""
    detail = queries.detail(incident_id, viewer)
    if detail is None:
        raise NotFound(_("There is no such incident."))
    steps = history.timeline(incident_id, viewer)
    numbers = [report.number for report in detail.reports]
    return {
        "detail": detail,
        "row": detail.row,
        "steps": steps[::-1],
        "names": {"citizen": _("Citizen"), **people.names_of({step.who for step in steps})},
        "may": _may(detail, viewer),
        "photos": _photos(detail),
        "said": [(number, reports.words_of(number), reports.contact(number)) for number in numbers[:5]],
        "reopened_words": history.reopened_words(incident_id),
        "money": funds.of_subjects([task.subject for task in detail.tasks], viewer),
        "crews": dispatch.of_incident(incident_id),
        "advice": {task.id: _advice(task, viewer) for task in detail.tasks if task.state == TaskState.READY},
        "alike": queries.alike(detail, viewer),
        "sop": catalogue.sop(detail.group),
        "replies": _replies(detail),
        "agencies": sorted(people.agency_names().items(), key=lambda pair: pair[1]),
        "task_kinds": TaskKind.choices,
        "priorities": Priority.choices,
        "undo": _undo(detail, viewer, steps),
        "alarms": alarms.rows(detail.alarms),
        "sees_alarms": viewer.has(Role.OPERATOR, Role.DISPATCHER),
    }


def _may(detail: Detail, viewer: Viewer) -> frozenset[str]:
    """What the viewer's buttons are: the transition table's, and those that change no state."""
    names = set(allowed(detail.row.state, viewer.roles))
    if viewer.has(*OFFICE):
        names |= {"reply", "note"} | ({"set_priority"} if detail.row.is_open else set())
    if viewer.has(*PUSHERS) and detail.row.is_open:
        names |= {"remind", "escalate"}
    if viewer.has(*OFFICE):
        names.add("assign")
    if viewer.has(Role.OPERATOR, Role.DISPATCHER, Role.LEADERSHIP):
        names.add("pin")
    if detail.merged_into or (detail.row.state == State.CLOSED and not detail.closed_at):
        names.discard("reopen")
    return frozenset(names)


def _photos(detail: Detail) -> list[reports.PhotoRef]:
    crews = [f"assignment:{crew.id}" for crew in dispatch.of_incident(detail.id)]
    return reports.photos(*(f"report:{report.id}" for report in detail.reports), *crews, public_only=False)


def _advice(task: TaskRow, viewer: Viewer) -> Advice | None:
    """The recommendation in words; None when the viewer sends nobody or the roads cannot be asked."""
    if not viewer.has(*OFFICE):
        return None
    found = dispatch.recommend(task.incident_id, viewer=viewer, task_id=task.id, now=clock.now())
    return _in_words(found, people.agency_names())


def _in_words(found: Recommendation, names: dict[str, str]) -> Advice:
    units = [
        UnitChoice(
            one.unit_id, one.callsign, words.kind(one.kind), names.get(one.agency, one.agency),
            words.minutes(one.eta_s), words.kilometres(one.metres),
            [words.say(reason) for reason in one.reasons],
            one.stale, one.simulated,
        )
        for one in found.units
    ]  # fmt: skip
    left_out = [(one.callsign, words.say(one.why)) for one in found.excluded]
    remarks = [words.say(remark) for remark in found.remarks]
    return Advice(units[:BEST], units[BEST:], left_out, remarks, found.network_indicative)


def _replies(detail: Detail) -> list[catalogue.Reply]:
    row = detail.row
    return catalogue.replies({
        "number": row.number, "agency": row.agency_name, "respond_due": detail.respond_due,
        "resolve_due": detail.resolve_due,
    })  # fmt: skip


def _undo(detail: Detail, viewer: Viewer, steps: list[history.Step]) -> str:
    """The priority before the viewer's own last change, while nothing else has happened since."""
    if not steps or steps[-1].kind != "incident.priority_changed" or steps[-1].who != viewer.actor:
        return ""
    return history.priority_before(detail.id)
