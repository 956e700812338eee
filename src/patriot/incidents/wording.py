"""The ledger's events in sentences: for everybody, and what staff read besides."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from patriot.funds.rules import Limits, in_words, rupiah
from patriot.incidents.rules import State, TaskKind, TaskState

type Body = Mapping[str, Any]
type Say = Callable[[Body], str]


def public(kind: str, body: Body) -> str:
    """What the event means to a citizen; empty when it is none of the public's concern."""
    return _said(PUBLIC.get(kind), body, "")


def staff(kind: str, body: Body) -> str:
    """What it means to those who work on it."""
    return _said(STAFF.get(kind) or PUBLIC.get(kind), body, kind)


def _said(say: Say | None, body: Body, otherwise: str) -> str:
    """The sentence, or `otherwise` for an event of an older form: the ledger keeps what was once written."""
    try:
        return say(body) if say else ""
    except (KeyError, ValueError):
        return otherwise


def _opened(body: Body) -> str:
    if body["parent"]:
        return _("The permanent repair was planned. Owner: {agency}.").format(agency=body["agency_name"])
    if body.get("alarm"):
        words = _("An alarm led to it: {alarm}. Owner: {agency}.")
        return words.format(alarm=body["alarm_words"], agency=body["agency_name"])
    return _("The report came in. Owner: {agency}.").format(agency=body["agency_name"])


def _state(body: Body) -> str:
    say = _ACTIONS.get(body["action"])
    if say:
        return say(body)
    return _("It is now “{state}”.").format(state=State(body["state"]).label)


def _task(body: Body) -> str:
    words = _("{agency}: {kind}, now “{state}”.")
    kind, state = TaskKind(body["task_kind"]).label, TaskState(body["task_state"]).label
    return words.format(agency=body["task_agency_name"], kind=kind, state=state)


def _task_opened(body: Body) -> str:
    kind, agency = TaskKind(body["task_kind"]).label, body["task_agency_name"]
    words = _("Work ordered: {kind}, by {agency}.").format(kind=kind, agency=agency)
    if body["estimate_idr"]:
        words += " " + _("Estimate {amount}.").format(amount=rupiah(body["estimate_idr"]))
    return words


def _task_opened_staff(body: Body) -> str:
    if not body["rule"]:
        return _task_opened(body)
    limits = Limits(body["available_idr"], body["small_limit_idr"], body["head_limit_idr"])
    return f"{_task_opened(body)} {in_words(body['rule'], limits)}"


def _funded(body: Body) -> str:
    if body["approved"]:
        return _("The money was approved: {reason}").format(reason=body["reason"])
    return _("The money was refused: {reason}").format(reason=body["reason"])


def _moved(body: Body) -> str:
    unit = body.get("callsign", "")
    say = {
        "assigned": _("{unit} was assigned."),
        "accepted": _("{unit} accepted."),
        "en_route": _("{unit} is on the way."),
        "on_scene": _("{unit} is on the spot."),
        "finished": _("{unit} finished."),
        "declined": _("{unit} could not come. Another crew is being looked for."),
        "cancelled": _("{unit} was withdrawn."),
    }
    return say.get(body.get("state", ""), "{unit}").format(unit=unit)


def _assigned(body: Body) -> str:
    return _moved({**body, "state": "assigned"})


_ACTIONS: dict[str, Say] = {
    "open_task": lambda body: _("{agency} has taken it on.").format(agency=body["agency_name"]),
    "start_work": lambda body: _("Work has begun."),
    "release": lambda body: _("A crew is being looked for again."),
    "cancel_task": lambda body: _("The planned work was given up. {reason}").format(reason=body["reason"]),
    "finish": lambda body: _("The work is done. We ask the sender to look at the result."),
    "answer": lambda body: _("{agency} answers: {words}").format(
        agency=body["agency_name"], words=body["reason"]
    ),
    "reject": lambda body: _("Rejected: {reason}").format(reason=body["reason"]),
    "close_unanswered": lambda body: _("Closed: nobody objected within ten working days."),
}
PUBLIC: dict[str, Say] = {
    "incident.opened": _opened,
    "incident.report_attached": lambda body: _("Somebody else reported it too: {number}.").format(
        number=body["report_number"]
    ),
    "incident.state_changed": _state,
    "incident.rerouted": lambda body: _("Passed from {old} to {new}: {reason}").format(
        old=body["old_agency_name"], new=body["agency_name"], reason=body["reason"]
    ),
    "incident.priority_changed": lambda body: _("Priority from {old} to {new}: {reason}").format(
        old=body["old"], new=body["priority"], reason=body["reason"]
    ),
    "incident.merged": lambda body: _("It is the same problem as {number}.").format(
        number=body["into_number"]
    ),
    "incident.replied": lambda body: _("{agency} writes: {words}").format(
        agency=body["agency_name"], words=body["words"]
    ),
    "incident.confirmed": lambda body: _("The sender confirmed: it is done."),
    "incident.reopened": lambda body: _("It was opened again: the problem is not solved."),
    "incident.reminded": lambda body: _("{agency} was reminded.").format(agency=body["agency_name"]),
    "incident.escalated": lambda body: _("It was taken to the city's leadership."),
    "incident.deadline_broken": lambda body: _("A deadline has passed."),
    "task.opened": _task_opened,
    "task.funded": _funded,
    "dispatch.assigned": _assigned,
    "dispatch.state_changed": _moved,
}
STAFF: dict[str, Say] = {
    "incident.deadline_near": lambda body: _("A deadline is near."),
    "incident.photo_changed": lambda body: _("Its picture was changed."),
    "incident.noted": lambda body: _("Note"),
    "task.opened": _task_opened_staff,
    "task.state_changed": _task,
    "dispatch.measured": lambda body: _("{unit} measured.").format(unit=body.get("callsign", "")),
    "dispatch.arrival_suggested": lambda body: _("{unit} seems to have arrived.").format(
        unit=body.get("callsign", "")
    ),
}
BAD = frozenset({"incident.deadline_broken", "incident.reopened"})
