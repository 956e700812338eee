"""What conditions do to alarms: raise, worsen, ease, end; and the rules that suppress alarms by design."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from patriot.alarms import events
from patriot.alarms.change import UNHIDDEN, UNSEEN, announce, call, is_latching, put, several
from patriot.alarms.consequences import lead_for, put_beneath, settle
from patriot.alarms.models import Alarm, Call, SuppressionRule
from patriot.alarms.rules import HIDDEN, Priority, Rule, State, Subject, after, news_of, outgrows, suppressor
from patriot.kernel import clock

RULES = "system:alarm-rules"


@dataclass(frozen=True)
class Said:
    """What is said of a condition, as `sensing.condition_changed` carries it. `level` 0: normal."""

    condition: str
    code: str
    level: int
    at: datetime
    label: str = ""
    priority: str = Priority.MEDIUM
    name: str = ""
    thing: int | None = None
    datastream: int | None = None
    value: float | None = None
    unit: str = ""
    agency: str = ""
    area: str = ""
    lon: float | None = None
    lat: float | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Said":
        """Out of an event's body; what it has besides is left out."""
        known = {name: body[name] for name in cls.__dataclass_fields__ if name in body}
        return cls(**known | {"at": datetime.fromisoformat(str(body["at"]))})


FACTS = (
    "code",
    "label",
    "priority",
    "name",
    "thing",
    "datastream",
    "value",
    "unit",
    "agency",
    "area",
    "lon",
    "lat",
)
WIDTHS = {"code": 32, "label": 80, "name": 255, "unit": 40, "agency": 32, "area": 20}


@transaction.atomic
def raise_from_condition(said: Said, *, entry: int, actor: str, simulated: bool = False) -> str:
    """Let the alarm follow its condition; returns its state. `entry`: the ledger entry that said so.

    Entries at or before the one the alarm stands at change nothing: told twice, it happens once.
    """
    several()
    row = _row_of(said, simulated)
    if entry <= row.last_entry:
        return row.state
    facts = _facts(said) | {"last_entry": entry, "simulated": simulated}
    news = news_of(row.level, said.level)
    if news:
        _follow(row, said, news, facts, actor)
    else:
        _restate(row, facts, actor)
    if news in ("raise", "clear"):
        apply_rules()
    else:
        settle()
    row.refresh_from_db()
    return row.state


def _row_of(said: Said, simulated: bool) -> Alarm:
    """The condition's row, held; a new one is normal."""
    first = _facts(said) | {"state": State.NORMAL, "changed_at": _seen(said.at), "simulated": simulated}
    row, _is_new = Alarm.objects.select_for_update().get_or_create(condition=said.condition, defaults=first)
    return row


def _facts(said: Said) -> dict[str, Any]:
    facts = {name: getattr(said, name) for name in FACTS}
    for name, width in WIDTHS.items():
        facts[name] = str(facts[name] or "")[:width]
    if facts["priority"] not in Priority.values:
        facts["priority"] = Priority.MEDIUM
    facts["name"] = facts["name"] or said.condition
    return facts


def _seen(at: datetime) -> datetime:
    """A reading's own time, but never in the future."""
    return min(at, clock.now())


def _restate(row: Alarm, facts: dict[str, Any], actor: str) -> None:
    """The same level: perhaps other words or a newer value."""
    differs = any(getattr(row, name) != facts[name] for name in FACTS)
    put(row, **facts)
    if differs and row.state != State.NORMAL:
        announce(events.Changed, row, actor)


def _follow(row: Alarm, said: Said, news: str, facts: dict[str, Any], actor: str) -> None:
    """The level changed: move the alarm and say so."""
    if outgrows(row.state, news, row.shelved_priority, facts["priority"]):
        news = "outgrow"
    new = after(row.state, news, said.level, latching=is_latching(said.code))
    if new is None:  # cannot be: every state that a level can have knows this news, see the property test
        raise ValueError(f"{row.condition}: {news} in state {row.state}")
    changes = {**facts, "level": said.level, "changed_at": _seen(said.at), "state": new}
    if row.level == 0:
        changes["active_since"] = _seen(said.at)
    if news == "clear":
        changes |= {name: getattr(row, name) for name in ("label", "priority")}  # what it was stays readable
        Call.objects.filter(alarm=row, cleared_at=None).update(cleared_at=clock.now())
    asks = new == State.UNACKNOWLEDGED and news in ("raise", "worsen", "outgrow")
    rule = (
        _rule_for(Subject(row.condition, facts["code"], facts["thing"], facts["area"], facts["agency"]))
        if asks
        else None
    )
    lead = lead_for(row, facts["code"], facts["thing"], facts["priority"]) if asks and not rule else None
    if rule is not None:
        _hide(row, rule, actor, changes)
    elif lead is not None:
        put_beneath(row, lead, actor, changes)
    elif asks:
        old = put(row, **changes, **UNSEEN, **UNHIDDEN, called_at=clock.now())
        call(row)
        announce(events.Raised, row, actor, old=old)
    else:
        _say_quietly(row, news, put(row, **changes), actor)


def _say_quietly(row: Alarm, news: str, old: str, actor: str) -> None:
    if news == "clear" and old not in HIDDEN:
        announce(events.Cleared, row, actor, old=old)
    else:
        announce(events.Changed, row, actor)


# Suppression by design


def _rules(now: datetime) -> list[Rule]:
    held = SuppressionRule.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now))
    return [
        Rule(one.code, one.while_code, one.relation, one.thing, one.starts_at, one.ends_at, one.key)
        for one in held
    ]


def _subject(row: Alarm) -> Subject:
    return Subject(row.condition, row.code, row.thing, row.area, row.agency)


def _active() -> list[Subject]:
    """Everything abnormal now. What is out of service is no cause: nobody trusts it."""
    rows = Alarm.objects.filter(level__gt=0).exclude(state=State.OUT_OF_SERVICE)
    return [_subject(row) for row in rows.only("condition", "code", "thing", "area", "agency")]


def _rule_for(subject: Subject) -> SuppressionRule | None:
    now = clock.now()
    key = suppressor(subject, _active(), _rules(now), now)
    return SuppressionRule.objects.get(key=key) if key else None


def _hide(row: Alarm, rule: SuppressionRule, actor: str, changes: Mapping[str, Any]) -> None:
    hidden = {"state": State.SUPPRESSED, "rule": rule.key, "reason": rule.reason_id, "hidden_at": clock.now(),
              "hidden_by": rule.created_by, "until": rule.ends_at}  # fmt: skip
    old = put(row, **{**changes, **UNSEEN, **hidden})
    announce(events.Suppressed, row, actor, old=old, rule=rule.key, reason=rule.reason_id)


@transaction.atomic
def apply_rules() -> int:
    """Suppress what a rule hides now and release what none hides any more, then see what follows from what;
    returns how many changed.
    """
    several()
    now = clock.now()
    rules, active = _rules(now), _active()
    looked_at = Alarm.objects.filter(
        state__in=(State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.CONSEQUENCE, State.SUPPRESSED)
    ) if rules else Alarm.objects.filter(state=State.SUPPRESSED)  # fmt: skip
    rows = list(looked_at.select_for_update().order_by("pk"))
    return sum(_apply(row, active, rules, now) for row in rows) + settle()


def _apply(row: Alarm, active: Iterable[Subject], rules: list[Rule], now: datetime) -> bool:
    key = suppressor(_subject(row), active, rules, now) if row.level else ""
    if row.state == State.SUPPRESSED:
        if not key:
            _release(row)
        return not key
    if key:
        _hide(row, SuppressionRule.objects.get(key=key), RULES, {})
    return bool(key)


def _release(row: Alarm) -> None:
    rule, new = row.rule, after(row.state, "release", row.level)
    come_back(row, new or State.NORMAL)
    announce(events.Released, row, RULES, rule=rule)


def come_back(row: Alarm, new: State) -> None:
    """No longer hidden: an abnormal condition asks for attention anew, or goes beneath its lead."""
    if new == State.UNACKNOWLEDGED and (lead := lead_for(row, row.code, row.thing, row.priority)):
        put_beneath(row, lead, RULES, {})
        return
    asks = {"called_at": clock.now()} if new == State.UNACKNOWLEDGED else {}
    put(row, state=new, **UNSEEN, **UNHIDDEN, **asks)
    if asks:
        call(row)
