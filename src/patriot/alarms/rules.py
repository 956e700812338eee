"""The life of an alarm (ISA-18.2) as a table, limits, and who may do what. Pure: no I/O, no clock."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patriot.people.rules import Role


class State(TextChoices):
    """Where an alarm stands. The first six follow the condition; the last three hide it, never stop it."""

    NORMAL = "normal", _("Normal")
    UNACKNOWLEDGED = "unacknowledged", _("Not acknowledged")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    CONSEQUENCE = "consequence", _("Follows from another alarm")
    RETURNED = "returned", _("Normal again, not acknowledged")
    LATCHED = "latched", _("Normal again, waits for a reset")
    SHELVED = "shelved", _("Shelved")
    SUPPRESSED = "suppressed", _("Suppressed by design")
    OUT_OF_SERVICE = "out_of_service", _("Out of service")


class Priority(TextChoices):
    """How soon somebody must act."""

    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


SHOWN = frozenset(
    {State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.CONSEQUENCE, State.RETURNED, State.LATCHED}
)
SHOUTING = frozenset({State.UNACKNOWLEDGED, State.RETURNED})  # somebody has yet to look
HIDDEN = frozenset({State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE})
RANK = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}

OPERATORS = frozenset({Role.OPERATOR, Role.DISPATCHER})
OWNERS = OPERATORS | {Role.HEAD}  # of the thing: they know when it is being worked on
NOBODY: frozenset[Role] = frozenset()  # the condition, or a job


class Step(NamedTuple):
    """What an action makes of a state: while the condition lasts, and once it is over. None: it may not be.

    `latched`: instead of `over`, for alarms that must be reset by a person.
    """

    lasting: State | None
    over: State | None
    by: frozenset[Role] = NOBODY
    latched: State | None = None


def _hidden(state: State) -> dict[tuple[State, str], Step]:
    """A hidden alarm follows its condition without a word; see "outgrow" for a shelved one."""
    return {(state, news): Step(state, state) for news in ("raise", "worsen", "ease", "clear")}


_S = State
_OVER = (_S.NORMAL, _S.RETURNED, _S.LATCHED)
TRANSITIONS: Mapping[tuple[State, str], Step] = {
    # the condition
    **{(state, "raise"): Step(_S.UNACKNOWLEDGED, None) for state in _OVER},
    (_S.UNACKNOWLEDGED, "worsen"): Step(_S.UNACKNOWLEDGED, None),
    (_S.ACKNOWLEDGED, "worsen"): Step(_S.UNACKNOWLEDGED, None),  # re-alarm
    (_S.UNACKNOWLEDGED, "ease"): Step(_S.UNACKNOWLEDGED, None),
    (_S.ACKNOWLEDGED, "ease"): Step(_S.ACKNOWLEDGED, None),
    (_S.UNACKNOWLEDGED, "clear"): Step(None, _S.RETURNED),
    (_S.ACKNOWLEDGED, "clear"): Step(None, _S.NORMAL, latched=_S.LATCHED),
    (_S.CONSEQUENCE, "worsen"): Step(_S.UNACKNOWLEDGED, None),  # unless its lead is as urgent: "group"
    (_S.CONSEQUENCE, "ease"): Step(_S.CONSEQUENCE, None),
    (_S.CONSEQUENCE, "clear"): Step(None, _S.NORMAL, latched=_S.LATCHED),
    **_hidden(_S.SHELVED),
    **_hidden(_S.SUPPRESSED),
    **_hidden(_S.OUT_OF_SERVICE),
    # people
    (_S.UNACKNOWLEDGED, "acknowledge"): Step(_S.ACKNOWLEDGED, None, OPERATORS),
    (_S.CONSEQUENCE, "acknowledge"): Step(_S.ACKNOWLEDGED, None, OPERATORS),
    (_S.RETURNED, "acknowledge"): Step(None, _S.NORMAL, OPERATORS, _S.LATCHED),
    (_S.ACKNOWLEDGED, "undo_acknowledge"): Step(_S.UNACKNOWLEDGED, None, OPERATORS),
    (_S.NORMAL, "undo_acknowledge"): Step(None, _S.RETURNED, OPERATORS),
    (_S.LATCHED, "undo_acknowledge"): Step(None, _S.RETURNED, OPERATORS),
    (_S.LATCHED, "reset"): Step(None, _S.NORMAL, OPERATORS),
    **{(state, "shelve"): Step(_S.SHELVED, _S.SHELVED, OPERATORS) for state in (*SHOWN, _S.NORMAL)},
    (_S.SHELVED, "outgrow"): Step(_S.UNACKNOWLEDGED, None),  # Siaga 1 was not what was shelved at Siaga 3
    (_S.SHELVED, "unshelve"): Step(_S.UNACKNOWLEDGED, _S.NORMAL, OPERATORS),
    **{
        (state, "take_out"): Step(_S.OUT_OF_SERVICE, _S.OUT_OF_SERVICE, OWNERS)
        for state in (*SHOWN, _S.NORMAL, _S.SHELVED, _S.SUPPRESSED)
    },
    (_S.OUT_OF_SERVICE, "put_back"): Step(_S.UNACKNOWLEDGED, _S.NORMAL, OWNERS),
    # rules, as data
    **{
        (state, "suppress"): Step(_S.SUPPRESSED, None)
        for state in (_S.UNACKNOWLEDGED, _S.ACKNOWLEDGED, _S.CONSEQUENCE)
    },
    (_S.SUPPRESSED, "release"): Step(_S.UNACKNOWLEDGED, _S.NORMAL),
    # the river: what follows from an alarm above stands beneath it, until that one ends
    (_S.UNACKNOWLEDGED, "group"): Step(_S.CONSEQUENCE, None),
    (_S.CONSEQUENCE, "release"): Step(_S.UNACKNOWLEDGED, None),
    # the end of a time
    (_S.SHELVED, "expire"): Step(_S.UNACKNOWLEDGED, _S.NORMAL),
}
ACTIONS = frozenset(action for _state, action in TRANSITIONS)


def after(state: str, action: str, level: int, *, latching: bool = False) -> State | None:
    """The state that `action` makes of `state` at a level (0: the condition is over); None: it may not be."""
    step = TRANSITIONS.get((State(state), action))
    if step is None:
        return None
    if level > 0:
        return step.lasting
    return step.latched if latching and step.latched else step.over


def may(state: str, action: str, roles: Iterable[Role]) -> bool:
    """True when a person with these roles may ask for it; nobody may for what conditions and rules do."""
    step, held = TRANSITIONS.get((State(state), action)), frozenset(roles)
    return step is not None and bool(step.by and (step.by & held or Role.ADMINISTRATOR in held))


def news_of(old: int, new: int) -> str:
    """What a change of level is to the life cycle; empty when there is none."""
    if old == new:
        return ""
    if new == 0:
        return "clear"
    if old == 0:
        return "raise"
    return "worsen" if new > old else "ease"


def outgrows(state: str, news: str, shelved: str, priority: str) -> bool:
    """True when a shelved alarm becomes more urgent than what was shelved."""
    worse = state == State.SHELVED and news in ("raise", "worsen")
    return worse and RANK[Priority(priority)] < RANK[Priority(shelved or priority)]


class Limits(NamedTuple):
    """What a priority allows: the longest shelving. Packs override it in alarm_priorities.csv."""

    shelve_max: timedelta


FALLBACK_LIMITS = {
    Priority.HIGH: Limits(timedelta(minutes=30)),
    Priority.MEDIUM: Limits(timedelta(hours=2)),
    Priority.LOW: Limits(timedelta(hours=8)),
}


class Rule(NamedTuple):
    """A rule of suppression: alarms of `code` are no news `while_code` is active in the same `relation`, or
    between `starts` and `ends` (a maintenance window, of one `thing` or of all). Empty fields fit all.
    """

    code: str
    while_code: str
    relation: str  # thing, area, agency, city
    thing: int | None
    starts: datetime | None
    ends: datetime | None
    key: str


class Subject(NamedTuple):
    """What a rule looks at of an alarm."""

    condition: str
    code: str
    thing: int | None
    area: str
    agency: str


def suppressor(alarm: Subject, active: Iterable[Subject], rules: Iterable[Rule], now: datetime) -> str:
    """The key of the first rule that suppresses an alarm now; empty when none does.

    `active`: all conditions that are abnormal now, hidden or not. Nothing suppresses itself.
    """
    others = [one for one in active if one.condition != alarm.condition]
    return next((rule.key for rule in rules if _applies(rule, alarm, others, now)), "")


def _applies(rule: Rule, alarm: Subject, others: list[Subject], now: datetime) -> bool:
    if rule.code not in ("", alarm.code) or (rule.thing is not None and rule.thing != alarm.thing):
        return False
    if (rule.starts and now < rule.starts) or (rule.ends and now >= rule.ends):
        return False
    if not rule.while_code:
        return rule.ends is not None  # a window has an end; a rule without cause and end would hide for good
    return any(one.code == rule.while_code and _related(rule.relation, alarm, one) for one in others)


def _related(relation: str, alarm: Subject, other: Subject) -> bool:
    if relation == "city":
        return True
    here, there = getattr(alarm, relation), getattr(other, relation)
    return here == there and here not in (None, "")


class Call(NamedTuple):
    """One step of an escalation: after so long without acknowledgement, somebody of this role is told."""

    priority: str
    step: int
    after: timedelta
    role: str


def due_call(priority: str, reminded: int, waits: timedelta, chain: Iterable[Call]) -> Call | None:
    """The step that is due for an alarm that was reminded of `reminded` times; each step happens once.

    Several overdue at once (the worker was away) are one: the last of them.
    """
    due = [one for one in chain if one.priority == priority and one.step > reminded and one.after <= waits]
    return max(due, key=lambda one: one.step, default=None)
