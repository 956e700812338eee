"""Reading alarms, within what the viewer may see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from patriot.alarms import load
from patriot.alarms.actions import allowed, longest_shelving
from patriot.alarms.callouts import CallOutRow, of_alarm
from patriot.alarms.checklist import sop_of
from patriot.alarms.models import (
    Alarm,
    AlarmType,
    Call,
    Contact,
    DoneStep,
    Note,
    SuppressionRule,
    localised,
)
from patriot.alarms.rules import HIDDEN, RANK, SHOUTING, SHOWN, Priority, State
from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.kernel.events import Announcement
from patriot.kernel.paging import Page
from patriot.ledger import queries as ledger
from patriot.people import queries as people
from patriot.people.rules import Role, Viewer
from patriot.sensing.vocabulary import AIR_CLASSES

PAGE = 40
STRIP = 3
TABS = {
    "active": SHOWN,
    "shelved": frozenset({State.SHELVED}),
    "suppressed": frozenset({State.SUPPRESSED}),
    "out_of_service": frozenset({State.OUT_OF_SERVICE}),
}
_RANK = Case(
    *(When(priority=priority, then=Value(rank)) for priority, rank in RANK.items()),
    default=Value(len(RANK)), output_field=IntegerField(),
)  # fmt: skip
_UNSEEN = Case(
    When(state__in=SHOUTING, then=Value(0)), default=Value(1), output_field=IntegerField()
)  # fmt: skip


@dataclass(frozen=True)
class AlarmRow:
    """An alarm as lists show it."""

    id: int
    condition: str
    code: str
    type_name: str
    state: str
    state_label: str
    level: int
    label: str
    priority: str
    priority_label: str
    letter: str
    name: str
    thing: int | None
    datastream: int | None
    value: float | None
    unit: str
    agency: str
    agency_name: str
    lon: float | None
    lat: float | None
    active_since: datetime | None
    called_at: datetime | None
    changed_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    until: datetime | None
    reason: str
    hidden_by: str
    hidden_at: datetime | None
    rule: str
    reminded: int
    lead: int | None
    lead_name: str
    incident: int | None
    incident_number: str
    simulated: bool
    may: frozenset[str] = frozenset()
    consequences: "tuple[AlarmRow, ...]" = ()

    @property
    def shouts(self) -> bool:
        """True while somebody has yet to look."""
        return self.state in SHOUTING

    @property
    def is_active(self) -> bool:
        """True while the condition lasts."""
        return self.level > 0

    @property
    def since(self) -> datetime:
        """What its age counts from: when it asked for attention, else when the condition changed."""
        return self.called_at or self.changed_at

    @property
    def is_stale(self) -> bool:
        """Active for more than a day."""
        return self.level > 0 and load.is_stale(self.active_since, clock.now())


@dataclass(frozen=True)
class Counts:
    """How many alarms ask for attention, by priority, and how many are on each tab."""

    unacknowledged: dict[str, int]
    tabs: dict[str, int]

    @property
    def total(self) -> int:
        """Everything that asks for attention."""
        return sum(self.unacknowledged.values())

    @property
    def highest(self) -> str:
        """The most urgent priority that asks for attention; empty when all is quiet."""
        return next((one for one in RANK if self.unacknowledged.get(one)), "")


@dataclass(frozen=True)
class SopRow:
    """A step of the checklist; `done_by`, `done_at` when it is ticked."""

    step: int
    words: str
    done_by: str
    done_at: datetime | None


@dataclass(frozen=True)
class Owner:
    """Whose thing it is and whom to call."""

    agency: str
    agency_name: str
    contact: str
    phone: str


@dataclass(frozen=True)
class Detail:
    """Everything about one alarm."""

    row: AlarmRow
    sop: list[SopRow]
    owner: Owner
    history: list[Announcement]
    notes: dict[int, str]
    calls_today: int
    shelve_max: timedelta
    category: str
    windows: list[tuple[str, str, datetime, datetime, str]]  # key, reason, from, until, who
    callouts: list[CallOutRow]  # those outside the room who were called, or should be


def visible(viewer: Viewer | None) -> QuerySet[Alarm]:
    """Alarms a viewer may see; None: all."""
    rows = Alarm.objects.all()
    return people.scope(rows, viewer) if viewer is not None else rows


def _ordered(rows: QuerySet[Alarm]) -> QuerySet[Alarm]:
    """Unacknowledged first, by priority, then the oldest first."""
    return rows.annotate(unseen=_UNSEEN, rank=_RANK).order_by("unseen", "rank", "called_at", "pk")


def alarms(
    viewer: Viewer | None, tab: str = "active", *, priority: str = "", agency: str = "", words: str = "",
    page: int = 1, size: int = PAGE, grouped: bool = False,
) -> Page[AlarmRow]:  # fmt: skip
    """The list: what is shown, shelved, suppressed or out of service.

    `grouped`: what follows from another alarm of the list stands beneath it, as its `consequences`.
    """
    found = visible(viewer).filter(state__in=TABS.get(tab, SHOWN))
    if priority in Priority.values:
        found = found.filter(priority=priority)
    if agency:
        found = found.filter(agency=agency)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(condition__icontains=words))
    if grouped:
        found = found.exclude(lead__in=list(found.values_list("pk", flat=True)))
    total = found.count()
    pages = max(1, -(-total // size))
    number = min(max(1, page), pages)
    start = (number - 1) * size
    listed = _rows(_ordered(found)[start : start + size], viewer)
    return Page(with_consequences(listed, viewer) if grouped else listed, number, pages, total)


def with_consequences(listed: list[AlarmRow], viewer: Viewer | None) -> list[AlarmRow]:
    """These alarms, each with those that follow from it, the most urgent first."""
    beneath: dict[int | None, list[AlarmRow]] = {}
    followers = visible(viewer).filter(lead__in=[one.id for one in listed])
    for row in _rows(followers.annotate(rank=_RANK).order_by("rank", "active_since", "pk"), viewer):
        beneath.setdefault(row.lead, []).append(row)
    return [replace(one, consequences=tuple(beneath.get(one.id, ()))) for one in listed]


def _rows(found: QuerySet[Alarm], viewer: Viewer | None) -> list[AlarmRow]:
    held = list(found)
    agencies, types = people.agency_names(), type_names()
    rules = SuppressionRule.objects.filter(key__in={one.rule for one in held if one.rule})
    why = {one.key: str(one) for one in rules}
    leads = names([one.lead for one in held if one.lead])
    return [_row(one, agencies, types, why, leads.get(one.lead or 0, ""), viewer) for one in held]


def _row(
    one: Alarm,
    names: Mapping[str, str],
    types: Mapping[str, str],
    why: Mapping[str, str],
    lead: str,
    viewer: Viewer | None,
) -> AlarmRow:
    return AlarmRow(
        one.pk, one.condition, one.code, types.get(one.code, one.code), one.state,
        str(one.get_state_display()), one.level, label_of(one.code, one.level, one.label), one.priority,
        str(one.get_priority_display()), letter(one.priority), one.name, one.thing,
        one.datastream, one.value, one.unit, one.agency, names.get(one.agency, one.agency), one.lon, one.lat,
        one.active_since, one.called_at, one.changed_at, one.acknowledged_at, one.acknowledged_by, one.until,
        why.get(one.rule, one.reason), one.hidden_by, one.hidden_at, one.rule, one.reminded,
        one.lead, lead, one.incident, one.incident_number,
        one.simulated, allowed(one, viewer) if viewer else frozenset(),
    )  # fmt: skip


def letter(priority: str) -> str:
    """The letter of a priority: the first of its name in the active language."""
    return str(Priority(priority).label)[:1]


def label_of(code: str, level: int, label: str) -> str:
    """The level in words: its own, ours for air and emergencies; empty where the type says it all."""
    if code == "ispu":
        return str(AIR_CLASSES.get(label, label))
    if code != "emergency":
        return "" if label == code else label
    return {2: _("P1, response almost late"), 3: _("P1, response late")}.get(level, label)


def type_names() -> dict[str, str]:
    """The types of alarms by code, in the active language."""
    return {one.code: str(one) for one in AlarmType.objects.all()}


@dataclass(frozen=True)
class TypeRef:
    """What the city says about a type of alarm."""

    code: str
    category: str = ""
    to_owner: bool = False
    latching: bool = False


def kind(code: str) -> TypeRef:
    """What the city says about this code; nothing when it does not know it."""
    one = AlarmType.objects.filter(code=code).values_list("code", "category", "to_owner", "latching").first()
    return TypeRef(*one) if one else TypeRef(code)


def top(viewer: Viewer | None, most: int = STRIP) -> list[AlarmRow]:
    """The most urgent alarms that nobody has acknowledged."""
    return with_consequences(
        _rows(_ordered(visible(viewer).filter(state__in=SHOUTING))[:most], viewer), viewer
    )


def counts(viewer: Viewer | None) -> Counts:
    """How many there are of what."""
    shouting = dict.fromkeys((str(one) for one in RANK), 0)
    tabs = dict.fromkeys(TABS, 0)
    for state, priority in visible(viewer).exclude(state=State.NORMAL).values_list("state", "priority"):
        if state in SHOUTING:
            shouting[priority] += 1
        for tab, states in TABS.items():
            tabs[tab] += state in states
    return Counts(shouting, tabs)


def calls_since(moment: datetime) -> int:
    """How often alarms asked for attention since then."""
    return Call.objects.filter(at__gt=moment).count()


def last_call(viewer: Viewer | None) -> datetime | None:
    """When an alarm last asked for attention."""
    rows = Call.objects.filter(alarm__in=visible(viewer)).order_by("-at")
    return rows.values_list("at", flat=True).first()


def rows(alarm_ids: list[int]) -> list[AlarmRow]:
    """These alarms, for whoever may see what they led to."""
    return _rows(Alarm.objects.filter(pk__in=alarm_ids).order_by("pk"), None) if alarm_ids else []


def alarm(alarm_id: int, viewer: Viewer | None = None) -> AlarmRow:
    """One alarm. Raises NotFound, also when it is none of the viewer's."""
    found = _rows(visible(viewer).filter(pk=alarm_id), viewer)
    if not found:
        raise NotFound(_("There is no such alarm."))
    return found[0]


def detail(alarm_id: int, viewer: Viewer) -> Detail:
    """Everything about one alarm. Raises NotFound."""
    [row] = with_consequences([alarm(alarm_id, viewer)], viewer)
    now = clock.now()
    return Detail(
        row=row, sop=_sop(row), owner=owner(row.agency), history=ledger.history(f"alarm:{row.id}")[::-1],
        notes=dict(Note.objects.filter(alarm=row.id).values_list("pk", "words")),
        calls_today=Call.objects.filter(alarm=row.id, at__gt=now - timedelta(days=1)).count(),
        shelve_max=longest_shelving(row.priority), category=kind(row.code).category,
        windows=_windows(row, now), callouts=of_alarm(row.id, row.active_since) if row.active_since else [],
    )  # fmt: skip


def _sop(row: AlarmRow) -> list[SopRow]:
    ticked = {
        one.step: one for one in DoneStep.objects.filter(alarm=row.id, occurrence=row.active_since)
    } if row.active_since else {}  # fmt: skip
    rows = []
    for one in sop_of(row.code, row.level):
        done = ticked.get(one.step)
        rows.append(SopRow(one.step, str(one), done.actor if done else "", done.at if done else None))
    return rows


def owner(agency: str) -> Owner:
    """Whom to call about an agency's thing."""
    contact = Contact.objects.filter(agency=agency).first()
    full = people.agency_full_names().get(agency, agency)
    return Owner(agency, full, contact.name if contact else "", contact.phone if contact else "")


def _windows(row: AlarmRow, now: datetime) -> list[tuple[str, str, datetime, datetime, str]]:
    if row.thing is None:
        return []
    found = SuppressionRule.objects.filter(thing=row.thing, from_pack=False, ends_at__gt=now)
    return [
        (one.key, localised(one, "reason"), one.starts_at or now, one.ends_at or now, one.created_by)
        for one in found.filter(code__in=("", row.code))
    ]


@dataclass(frozen=True)
class CallRow:
    """One time that an alarm asked for attention."""

    alarm: int
    name: str
    type_name: str
    label: str
    priority: str
    letter: str
    agency_name: str
    at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    cleared_at: datetime | None
    simulated: bool


def history(viewer: Viewer, page: int = 1, size: int = PAGE) -> tuple[list[CallRow], int, int, int]:
    """(rows, total, page, pages) of all calls, newest first."""
    found = Call.objects.filter(alarm__in=visible(viewer)).select_related("alarm")
    total = found.count()
    pages = max(1, -(-total // size))
    number = min(max(1, page), pages)
    names, types = people.agency_names(), type_names()
    rows = [
        CallRow(
            one.alarm_id, one.alarm.name, types.get(one.alarm.code, one.alarm.code),
            label_of(one.alarm.code, one.level, one.label), one.priority,
            letter(one.priority), names.get(one.alarm.agency, one.alarm.agency), one.at,
            one.acknowledged_at, one.acknowledged_by, one.cleared_at, one.simulated,
        )
        for one in found[(number - 1) * size : number * size]
    ]  # fmt: skip
    return rows, total, number, pages


def operators(now: datetime) -> int:
    """How many operators share the alarms now: those on shift, and at least one."""
    able = {user for user, _name in people.holders([Role.OPERATOR, Role.DISPATCHER])}
    return max(1, len(able & people.on_shift(now)))


def load_figures(now: datetime | None = None) -> load.Figures:
    """The last day's load on operators against EEMUA 191 and ISA-18.2."""
    now = now or clock.now()
    calls = [
        load.Called(*one)
        for one in Call.objects.filter(at__gt=now - load.DAY, at__lte=now)
        .order_by("at", "pk")
        .values_list("alarm_id", "at", "priority", "acknowledged_at", "cleared_at")
    ]
    active = Alarm.objects.filter(level__gt=0, state__in=SHOWN).values_list("pk", "active_since")
    lasting = [load.Lasting(pk, since) for pk, since in active if since is not None]
    hidden = Alarm.objects.filter(state__in=HIDDEN).count()
    return load.figures(calls, lasting, hidden, operators(now), now)


def names(alarm_ids: list[int]) -> dict[int, str]:
    """Names of alarms by id."""
    return dict(Alarm.objects.filter(pk__in=alarm_ids).values_list("pk", "name"))
