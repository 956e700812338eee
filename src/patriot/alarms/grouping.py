"""Which alarm another follows from: one wave down one river calls once (ISA-18.2: first-out). Pure.

An alarm leads another when what it tells of comes past the other's place, and it is no less urgent: the
operator who was called for Siaga 1 upstream need not be called for the same wave at each gauge below. What
is more urgent than all that leads it calls for itself, and so does what no river connects.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from patriot.alarms.rules import RANK, Priority, State

type Above = Mapping[int, frozenset[int]]

LEADS = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})  # what calls or was heard; nothing hidden leads
GROUPED = LEADS | {State.CONSEQUENCE}
# A wave needs some seven hours from the highest gauge to the lowest, and hours to pass it. Who was called
# longer ago was not called for what happens now.
LEADS_FOR = timedelta(hours=12)


class Member(NamedTuple):
    """What grouping looks at of an alarm. `since`: when it called, else when it last changed; `doubted`: its
    device is silent, stuck or drifting.
    """

    alarm: int
    state: str
    priority: str
    thing: int | None
    since: datetime
    simulated: bool
    doubted: bool = False
    lead: int | None = None


def lead_of(alarm: Member, others: Iterable[Member], above: Above, now: datetime) -> int | None:
    """The alarm that this one follows from: the most urgent, then the uppermost, then the earliest.

    None when none does. A simulated alarm never quiets a real one, nor the other way round; a device in
    doubt quiets no other.
    """
    found = [one for one in others if _leads(one, alarm, above, now)]
    return min(found, key=lambda one: _order(one, above)).alarm if found else None


def _leads(lead: Member, alarm: Member, above: Above, now: datetime) -> bool:
    if lead.state not in LEADS or lead.alarm == alarm.alarm or lead.simulated != alarm.simulated:
        return False
    if alarm.thing is None or _rank(lead) > _rank(alarm) or now - lead.since > LEADS_FOR:
        return False
    return lead.thing == alarm.thing or (not lead.doubted and lead.thing in above.get(alarm.thing, ()))


def settled(members: Sequence[Member], above: Above, now: datetime) -> dict[int, int | None]:
    """By alarm, where it stands now if that is another place than before: its lead, None when it calls.

    What calls goes beneath what stands before it; what was acknowledged stays as it is. What has lost its
    lead goes beneath another, or calls and leads those below it in its turn.
    """
    held = {one.alarm: one for one in members}
    for _ in members:
        if not (_fold(held, above, now) | _free(held, above, now)):
            break
    were = {one.alarm: (one.state, one.lead) for one in members}
    return {one.alarm: one.lead for one in held.values() if (one.state, one.lead) != were[one.alarm]}


def _fold(held: dict[int, Member], above: Above, now: datetime) -> bool:
    """Put what calls beneath what stands before it; True when any was."""
    calling = [one for one in _sorted(held, above) if one.state == State.UNACKNOWLEDGED]
    moved = False
    for one in calling:
        before = (other for other in held.values() if _order(other, above) < _order(one, above))
        if (lead := lead_of(one, before, above, now)) is not None:
            held[one.alarm] = one._replace(state=State.CONSEQUENCE, lead=lead)
            moved = True
    return moved


def _free(held: dict[int, Member], above: Above, now: datetime) -> bool:
    """Give what stands beneath another its lead as of now, or let it call; True when any moved."""
    moved = False
    for one in [one for one in _sorted(held, above) if one.state == State.CONSEQUENCE]:
        lead = lead_of(one, held.values(), above, now)
        calls = one._replace(state=State.UNACKNOWLEDGED, lead=None, since=now)
        held[one.alarm] = calls if lead is None else one._replace(lead=lead)
        moved |= held[one.alarm] != one
    return moved


def _sorted(held: Mapping[int, Member], above: Above) -> list[Member]:
    return sorted(held.values(), key=lambda one: _order(one, above))


def _rank(one: Member) -> int:
    return RANK[Priority(one.priority)]


def _order(one: Member, above: Above) -> tuple[int, int, datetime, int]:
    """The most urgent first, then the uppermost, then the earliest."""
    return _rank(one), len(above.get(one.thing or 0, ())), one.since, one.alarm
