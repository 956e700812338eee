"""What alarms' events and figures are called on the console's pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patriot.alarms.load import TARGET, Figures
from patriot.alarms.queries import Detail, label_of
from patriot.alarms.rules import Priority
from patriot.people.queries import agency_names
from patriot.people.rules import Role

type Body = Mapping[str, Any]

TABS = {
    "active": gettext_lazy("Active"),
    "shelved": gettext_lazy("Shelved"),
    "suppressed": gettext_lazy("Suppressed"),
    "out_of_service": gettext_lazy("Out of service"),
    "history": gettext_lazy("History"),
}


def tabs(counts: Mapping[str, int]) -> list[tuple[str, str, int | None]]:
    """(code, words, how many) of each tab of the list."""
    return [(code, str(words), counts.get(code)) for code, words in TABS.items()]


@dataclass(frozen=True)
class Line:
    """One thing that happened to an alarm."""

    at: datetime
    words: str
    who: str
    note: str
    bad: bool


def story(detail: Detail) -> list[Line]:
    """An alarm's history in sentences, newest first."""
    return [
        Line(one.at, _said(one.kind, one.body), one.actor, detail.notes.get(one.body.get("note") or 0, ""),
             one.kind == "alarms.raised")
        for one in detail.history
    ]  # fmt: skip


def _said(kind: str, body: Body) -> str:
    """The sentence; the kind itself for an event of an older form."""
    say = SENTENCES.get(kind)
    try:
        return say(body) if say else kind
    except (KeyError, ValueError):
        return kind


def _level(body: Body) -> str:
    return label_of(body["code"], body["level"], body["label"]) or _("abnormal")


def _value(body: Body) -> str:
    return f" ({body['value']:g} {body['unit']})" if body["value"] is not None else ""


def called(role: str, agency: str) -> str:
    """Who was called outside the room: the role, with its agency when it has one."""
    short = agency_names().get(agency, agency)
    return f"{Role(role).label}, {short}" if agency else str(Role(role).label)


def _reminded(body: Body) -> str:
    role = Role(body["role"]).label
    words = _("Nobody has acknowledged it for {n} min: call {role}.")
    return words.format(n=body["waited_s"] // 60, role=role)


SENTENCES: dict[str, Callable[[Body], str]] = {
    "alarms.raised": lambda body: _("Alarm: {level}").format(level=_level(body)) + _value(body),
    "alarms.changed": lambda body: (
        _("Now {level}").format(level=_level(body)) + _value(body)
        if body["level"]
        else _("Normal again, while hidden")
    ),
    "alarms.grouped": lambda body: _("{level}, follows from {lead}: no call of its own").format(
        level=_level(body), lead=body["lead_name"]
    ),
    "alarms.cleared": lambda body: _("Normal again") + _value(body),
    "alarms.acknowledged": lambda body: _("Acknowledged"),
    "alarms.acknowledgement_undone": lambda body: _("Acknowledgement taken back"),
    "alarms.reset": lambda body: _("Reset"),
    "alarms.shelved": lambda body: _("Shelved: {reason}").format(reason=body["reason"]),
    "alarms.unshelved": lambda body: (
        _("The time on the shelf is over") if body["by_time"] else _("Taken from the shelf")
    ),
    "alarms.suppressed": lambda body: _("Suppressed: {reason}").format(reason=body["reason"]),
    "alarms.released": lambda body: _("No longer suppressed"),
    "alarms.out_of_service": lambda body: _("Out of service: {reason}").format(reason=body["reason"]),
    "alarms.put_back": lambda body: _("In service again"),
    "alarms.reminded": _reminded,
    "alarms.called_outside": lambda body: _("Nobody answered: written to {role}").format(
        role=called(body["role"], body["of_agency"])
    ),
    "alarms.step_ticked": lambda body: (
        _("Step {n} of the checklist done") if body["done"] else _("Step {n} of the checklist open again")
    ).format(n=body["step"]),
    "alarms.noted": lambda body: _("Note"),
    "alarms.incident_linked": lambda body: _("Incident {number}").format(number=body["incident_number"]),
}


@dataclass(frozen=True)
class Verdict:
    """A figure's verdict: `tone` good, warn or bad, with its words."""

    tone: str
    words: str


def verdicts(figures: Figures) -> dict[str, Verdict]:
    """Words for what the figures mean."""
    steady = {
        "acceptable": Verdict("good", _("very likely acceptable")),
        "manageable": Verdict("warn", _("manageable")),
        "over_demanding": Verdict("bad", _("likely over-demanding")),
        "unacceptable": Verdict("bad", _("very likely unacceptable")),
    }
    shares = {
        "": Verdict("", _("too few alarms to say")),
        "about": Verdict("good", _("about as it should be")),
        "uneven": Verdict("warn", _("uneven")),
        "too_urgent": Verdict("bad", _("too many are high: priorities lose their meaning")),
    }
    whole = {
        "good": Verdict("good", _("The load is within the figures.")),
        "watch": Verdict("warn", _("The load needs watching.")),
        "bad": Verdict("bad", _("Too many alarms for the operators on shift.")),
    }
    return {
        "steady": steady[figures.steady_verdict],
        "peak": steady[figures.peak_verdict],
        "shares": shares[figures.shares_verdict],
        "whole": whole[figures.verdict],
    }


def shares(figures: Figures) -> list[tuple[str, str, int | None, int]]:
    """(code, words, percent or None, target percent) of each priority, the most urgent first."""
    return [
        (one.value, str(one.label), round(100 * figures.shares[one]) if figures.shares else None,
         round(100 * TARGET[one]))
        for one in Priority
    ]  # fmt: skip
