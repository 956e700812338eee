"""Reading incidents. What a viewer may see is limited by `visible`; the public gets `Status`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Case, DateTimeField, F, Prefetch, Q, QuerySet, When

from patriot.incidents import deadlines, rules
from patriot.incidents.models import Incident, IncidentReport, Task
from patriot.incidents.rules import OPEN, PROGRESS, Priority, State, TaskState
from patriot.kernel import clock, paging
from patriot.kernel.geometry import Point, distance_m
from patriot.people import queries as people
from patriot.people.rules import Viewer

PAGE = 25
ALIKE_METRES = 300.0
NEXT_DUE = Case(
    When(responded_at=None, respond_due__lt=F("resolve_due"), then=F("respond_due")),
    default=F("resolve_due"), output_field=DateTimeField(),
)  # fmt: skip


def visible(viewer: Viewer) -> QuerySet[Incident]:
    """Incidents a viewer may see: those their agencies own, and those their agencies have work on."""
    rows = Incident.objects.select_related("category")
    if viewer.citywide:
        return rows
    work = people.scope(Task.objects.exclude(state=TaskState.CANCELLED), viewer)
    owned = people.scope(Incident.objects.all(), viewer)
    return rows.filter(Q(pk__in=owned.values("pk")) | Q(pk__in=work.values("incident_id")))


@dataclass(frozen=True)
class Row:
    """An incident as lists show it."""

    id: int
    number: str
    title: str
    category: str
    icon: str
    state: str
    state_label: str
    priority: str
    agency: str
    agency_name: str
    place: str
    kecamatan: str
    lon: float
    lat: float
    opened_at: datetime
    due: datetime | None
    due_stage: str
    due_kind: str  # "late", "soon" or ""
    supporters: int
    photo: str
    escalated: bool
    reopened: int
    parent: int | None
    simulated: bool
    tasks: tuple["TaskRow", ...] = ()

    @property
    def is_open(self) -> bool:
        """True while the city has something to do."""
        return self.state in OPEN

    @property
    def waits_for(self) -> str:
        """What the next step waits for: "owner", "money", "crew", "work", "citizen" or "" when it is over."""
        return waits_for(self.state, {task.state for task in self.tasks})


@dataclass(frozen=True)
class TaskRow:
    """A task as pages show it."""

    id: int
    incident_id: int
    kind: str
    kind_label: str
    agency: str
    agency_name: str
    state: str
    state_label: str
    estimate: int
    commitment_id: int | None
    note: str
    repair: str
    opened_at: datetime
    done_at: datetime | None

    @property
    def subject(self) -> str:
        """How funds name it."""
        return f"task:{self.id}"


def waits_for(state: str, tasks: Collection[str]) -> str:
    """What the next step of an incident waits for."""
    if state == State.RESOLVED:
        return "citizen"
    if state not in OPEN:
        return ""
    if TaskState.DISPATCHED in tasks:
        return "work"
    if TaskState.READY in tasks:
        return "crew"
    return "money" if TaskState.WAITING_FUNDS in tasks else "owner"


def task_row(task: Task, names: Mapping[str, str]) -> TaskRow:
    """A task's row."""
    return TaskRow(
        task.pk, task.incident_id, task.kind, str(task.get_kind_display()), task.agency,
        names.get(task.agency, task.agency), task.state, str(task.get_state_display()), task.estimate_idr,
        task.commitment_id, task.note, task.repair, task.opened_at, task.done_at,
    )  # fmt: skip


def row_of(incident: Incident, names: Mapping[str, str], now: datetime) -> Row:
    """An incident's row; its tasks must be prefetched."""
    due, stage = next_due(incident)
    return Row(
        incident.pk, incident.number, str(incident.category), incident.category_id, incident.category.icon,
        incident.state, str(incident.get_state_display()), incident.priority, incident.agency,
        names.get(incident.agency, incident.agency), incident.place, incident.kecamatan_name, incident.lon,
        incident.lat, incident.opened_at, due, stage, due_kind(incident.opened_at, due, now),
        incident.supporters, incident.photo, incident.escalated, incident.reopened, incident.parent_id,
        incident.simulated,
        tuple(task_row(task, names) for task in incident.tasks.all()),
    )  # fmt: skip


def next_due(incident: Incident) -> tuple[datetime | None, str]:
    """(when, stage) of the deadline that runs: none once the city has done its part."""
    if incident.state not in OPEN:
        return None, ""
    if incident.responded_at is None and incident.respond_due < incident.resolve_due:
        return incident.respond_due, "first_response"
    return incident.resolve_due, "resolve"


def due_kind(opened: datetime, due: datetime | None, now: datetime) -> str:
    """How a deadline is shown."""
    if due is None:
        return ""
    if now > due:
        return "late"
    return "soon" if deadlines.is_near(opened, due, now) else ""


def rows(incidents: QuerySet[Incident]) -> list[Row]:
    """Rows of a queryset of incidents, in its order. Three queries."""
    names, now = people.agency_names(), clock.now()
    tasks = Prefetch("tasks", Task.objects.order_by("opened_at"))
    return [row_of(one, names, now) for one in incidents.select_related("category").prefetch_related(tasks)]


# The queue


@dataclass(frozen=True)
class Filters:
    """What a queue is narrowed to. `state` is a state, "open", "all" or a thing waited for."""

    state: str = "open"
    priority: str = ""
    agency: str = ""
    category: str = ""
    kecamatan: str = ""
    late: bool = False
    words: str = ""
    order: str = "urgent"

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Filters":
        """Filters from a query string. What makes no sense is as if it were not there."""
        state = given.get("state", "open")
        priority, order = given.get("priority", ""), given.get("order", "urgent")
        return cls(
            state=state if state in {*State.values, "all"} else "open",
            priority=priority if priority in Priority.values else "",
            agency=_code(given.get("agency", "")), category=_code(given.get("category", "")),
            kecamatan=_code(given.get("kecamatan", "")), late=given.get("late", "") not in ("", "0"),
            words=_plain(given.get("q", "")), order=order if order in ORDERS else "urgent",
        )  # fmt: skip

    @property
    def narrowed(self) -> bool:
        """True when something is left out besides what is over."""
        return self != Filters(order=self.order)


def _code(text: str) -> str:
    return text[:48] if text.replace("_", "").replace(".", "").isalnum() and text.isascii() else ""


def _plain(text: str) -> str:
    return text.replace("\x00", "").strip()[:80]


ORDERS = {
    "urgent": ("priority", "next_due", "pk"),
    "due": ("next_due", "pk"),
    "newest": ("-opened_at", "-pk"),
    "oldest": ("opened_at", "pk"),
}


@dataclass(frozen=True)
class Page(paging.Page[Row]):
    """A page of the queue, and how it was narrowed."""

    filters: Filters = field(default_factory=Filters)


def queue(viewer: Viewer, filters: Filters | None = None, page: int = 1, size: int = PAGE) -> Page:
    """The viewer's incidents, most urgent first. A page beyond the end is the last one."""
    filters = filters or Filters()
    found = narrowed(visible(viewer), filters)
    total = found.count()
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    start = (page - 1) * size
    ordered = found.annotate(next_due=NEXT_DUE).order_by(*ORDERS[filters.order])
    return Page(rows(ordered[start : start + size]), page, pages, total, filters)


def narrowed(found: QuerySet[Incident], filters: Filters) -> QuerySet[Incident]:
    """Only what the filters let through."""
    if filters.state == "open":
        found = found.filter(state__in=OPEN)
    elif filters.state != "all":
        found = found.filter(state=filters.state)
    wanted = {name: getattr(filters, name) for name in ("priority", "agency", "category", "kecamatan")}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if filters.late:
        found = found.filter(state__in=OPEN).annotate(end=NEXT_DUE).filter(end__lt=clock.now())
    return found.filter(_matches(filters.words)) if filters.words else found


def _matches(words: str) -> Q:
    fields = ("number__istartswith", "reports__number__istartswith", "title__icontains", "place__icontains",
              "category__name_en__icontains")  # fmt: skip
    found = Q(pk__in=[])
    for name in fields:
        found |= Q(**{name: words})
    return Q(pk__in=Incident.objects.filter(found).values("pk"))


# One incident


@dataclass(frozen=True)
class ReportRef:
    """One of an incident's reports."""

    id: int
    number: str
    attached_at: datetime


@dataclass(frozen=True)
class Detail:
    """An incident with everything its page shows."""

    row: Row
    routed_by: str
    respond_due: datetime
    resolve_due: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    temporary: bool
    secret: bool
    area_name: str
    group: str
    usual_task: str
    usual_cost: int
    unit_kind: str
    reports: list[ReportRef]
    parent: Row | None
    merged_into: Row | None
    follow_ups: list[Row]
    alarms: list[int]  # ids of the alarms that led to it

    @property
    def id(self) -> int:
        """The incident's id."""
        return self.row.id

    @property
    def tasks(self) -> tuple[TaskRow, ...]:
        """Its tasks, oldest first."""
        return self.row.tasks


def detail(incident_id: int, viewer: Viewer) -> Detail | None:
    """One incident, or None when there is none that the viewer may see."""
    found = visible(viewer).filter(pk=incident_id).prefetch_related("tasks").first()
    return _detail(found) if found else None


def _detail(found: Incident) -> Detail:
    names, now, category = people.agency_names(), clock.now(), found.category
    kin = [pk for pk in (found.parent_id, found.merged_into_id) if pk]
    near = {row.id: row for row in rows(Incident.objects.filter(Q(pk__in=kin) | Q(parent=found)))}
    reports = found.reports.values_list("report_id", "number", "attached_at")
    return Detail(
        row_of(found, names, now), found.routed_by, found.respond_due, found.resolve_due, found.responded_at,
        found.resolved_at, found.closed_at, found.temporary, found.secret, found.area_name, category.group,
        category.task_kind, category.estimate_idr, category.unit_kind, [ReportRef(*one) for one in reports],
        near.get(found.parent_id or 0), near.get(found.merged_into_id or 0),
        [row for row in near.values() if row.parent == found.pk],
        list(found.alarms.values_list("alarm_id", flat=True)),
    )  # fmt: skip


def alike(detail: Detail, viewer: Viewer, metres: float = ALIKE_METRES) -> list[tuple[Row, int]]:
    """Open incidents of the same category nearby, nearest first, with metres: to be made one?"""
    here = Point(detail.row.lon, detail.row.lat)
    west, south, east, north = rules.box(here, metres)
    near = visible(viewer).filter(
        category_id=detail.row.category, state__in=OPEN, simulated=detail.row.simulated, parent=None,
        lon__range=(west, east), lat__range=(south, north),
    )  # fmt: skip
    others = [
        (row, round(distance_m(here, Point(row.lon, row.lat))))
        for row in rows(near.exclude(pk=detail.id)[:20])
    ]
    return sorted((pair for pair in others if pair[1] <= metres), key=lambda pair: pair[1])


# For rooms above, without a viewer: they check their own scope


@dataclass(frozen=True)
class Ref:
    """An incident as other rooms refer to it. The position of a secret one is for staff."""

    id: int
    number: str
    title: str
    category: str
    priority: str
    state: str
    agency: str
    lon: float
    lat: float
    place: str
    area_name: str
    photo: str
    opened_at: datetime
    simulated: bool
    secret: bool


@dataclass(frozen=True)
class TaskRef:
    """A task as other rooms refer to it; `incident` is the incident's id."""

    id: int
    incident: int
    kind: str
    agency: str
    state: str
    estimate_idr: int
    note: str


def incident(incident_id: int) -> Ref | None:
    """An incident by id."""
    return refs([incident_id]).get(incident_id)


def refs(incident_ids: Iterable[int]) -> dict[int, Ref]:
    """Incidents by their ids."""
    columns = ("pk", "number", "title", "category_id", "priority", "state", "agency", "lon", "lat", "place",
               "area_name", "photo", "opened_at", "simulated", "secret")  # fmt: skip
    found = Incident.objects.filter(pk__in=list(incident_ids)).values_list(*columns)
    return {row[0]: Ref(*row) for row in found}


def task(task_id: int) -> TaskRef | None:
    """A task by id."""
    columns = ("pk", "incident_id", "kind", "agency", "state", "estimate_idr", "note")
    found = Task.objects.filter(pk=task_id).values_list(*columns).first()
    return TaskRef(*found) if found else None


# The public's view


@dataclass(frozen=True)
class Status:
    """The one canonical status behind a report's number, as anyone may see it (law 6)."""

    incident_id: int
    number: str
    state: str
    state_label: str
    step: int  # 1 to 5
    title: str
    category: str
    priority: str
    agency: str
    agency_name: str
    place: str
    kecamatan: str
    opened_at: datetime
    respond_due: datetime
    resolve_due: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    supporters: int
    temporary: bool
    late: bool
    follow_ups: tuple[str, ...]
    simulated: bool


def by_number(number: str) -> Status | None:
    """The status behind a report's or a follow-up's number."""
    return statuses([number]).get(number)


def statuses(numbers: Iterable[str]) -> dict[str, Status]:
    """The status behind each of these numbers that exists."""
    numbers = list(numbers)
    own = Incident.objects.filter(number__in=numbers).values_list("number", "pk")
    links = IncidentReport.objects.filter(number__in=numbers).values_list("number", "incident_id")
    wanted = dict(own) | dict(links)  # a merged incident's number leads to the one it was merged into
    incidents = Incident.objects.filter(pk__in=wanted.values()).select_related("category")
    names, now = people.agency_names(), clock.now()
    known = {one.pk: _status(one, names, now) for one in incidents.prefetch_related("follow_ups")}
    return {number: known[pk] for number, pk in wanted.items() if pk in known}


def _status(one: Incident, names: Mapping[str, str], now: datetime) -> Status:
    late = one.state in OPEN and one.resolve_due < now
    place = one.area_name if one.secret else one.place
    return Status(
        one.pk, one.number, one.state, str(one.get_state_display()), PROGRESS[State(one.state)],
        str(one.category), one.category_id, one.priority, one.agency, names.get(one.agency, one.agency),
        place,
        one.kecamatan_name, one.opened_at, one.respond_due, one.resolve_due, one.resolved_at,
        one.closed_at, one.supporters,
        one.temporary, late, tuple(child.number for child in one.follow_ups.all()), one.simulated,
    )  # fmt: skip
