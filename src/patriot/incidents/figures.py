"""Figures: today, what waits on whom, what breaks next, how long it took (percentiles of raw samples)."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q, QuerySet

from patriot.incidents import panels, queries
from patriot.incidents.models import Incident, Task
from patriot.incidents.queries import NEXT_DUE, Row
from patriot.incidents.rules import OPEN, State
from patriot.kernel import clock
from patriot.people import queries as people
from patriot.people.rules import Viewer

SMALLEST_SAMPLE = 5  # below it an agency's percentile says nothing


def today(most: int = 50) -> dict[str, Any]:
    """Today's figures as on the wall, of all agencies."""
    now = clock.now()
    return panels.today(panels.load_today(now), now, most)


@dataclass(frozen=True)
class Waiting:
    """How much waits on one agency, by what it waits for, and since when the longest."""

    agency: str
    agency_name: str
    counts: dict[str, int]
    late: int
    since: datetime

    @property
    def total(self) -> int:
        """Everything that is not over."""
        return sum(self.counts.values())


def waiting_on(viewer: Viewer) -> list[Waiting]:
    """What waits on whom within the viewer's scope, most late first."""
    found = queries.visible(viewer).filter(state__in=(*OPEN, State.RESOLVED), merged_into=None)
    names, now = people.agency_names(), clock.now()
    tasks = _task_states(found)
    by_agency: dict[str, list[Any]] = defaultdict(list)
    for one in found.annotate(end=NEXT_DUE).values_list(
        "pk", "state", "agency", "opened_at", "end", named=True
    ):
        by_agency[one.agency].append(one)
    waiting = [
        Waiting(
            code, names.get(code, code),
            dict(Counter(queries.waits_for(one.state, tasks[one.pk]) for one in rows)),
            sum(one.state in OPEN and one.end < now for one in rows), min(one.opened_at for one in rows),
        )
        for code, rows in by_agency.items()
    ]  # fmt: skip
    return sorted(waiting, key=lambda one: (-one.late, -one.total, one.agency_name))


def _task_states(found: QuerySet[Incident]) -> dict[int, set[str]]:
    states: dict[int, set[str]] = defaultdict(set)
    wanted = Task.objects.filter(incident_id__in=found.values("pk"))
    for incident_id, state in wanted.values_list("incident_id", "state"):
        states[incident_id].add(state)
    return states


def about_to_break(viewer: Viewer, most: int = 20) -> list[Row]:
    """Open incidents by the deadline that runs: broken ones first, then those that break next."""
    found = queries.visible(viewer).filter(state__in=OPEN)
    return queries.rows(found.annotate(next_due=NEXT_DUE).order_by("next_due", "pk")[:most])


class Percentile(Aggregate):
    """PostgreSQL's `percentile_cont` of raw samples."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, share: float, **extra: Any) -> None:
        """`share` between 0 and 1."""
        super().__init__(expression, share=float(share), output_field=DurationField(), **extra)


@dataclass(frozen=True)
class Times:
    """How long an agency took, of what it finished in a period; None where the sample is too small."""

    agency: str
    agency_name: str
    sample: int
    response_p50: timedelta | None
    response_p90: timedelta | None
    resolve_p50: timedelta | None
    resolve_p90: timedelta | None
    on_time: float | None  # share, 0 to 1
    reopened: float | None

    @property
    def enough(self) -> bool:
        """True when the sample says something."""
        return self.sample >= SMALLEST_SAMPLE

    @property
    def on_time_percent(self) -> int | None:
        """As people read it."""
        return None if self.on_time is None else round(100 * self.on_time)

    @property
    def reopened_percent(self) -> int | None:
        """As people read it."""
        return None if self.reopened is None else round(100 * self.reopened)


def times(viewer: Viewer, days: int = 30) -> list[Times]:
    """How long each agency took in the last `days`, of the incidents resolved in them, most first."""
    since = clock.now() - timedelta(days=days)
    found = queries.visible(viewer).filter(resolved_at__gte=since, merged_into=None)
    took = {"respond": _span("responded_at"), "resolve": _span("resolved_at")}
    rows = found.order_by().annotate(**took).values("agency").annotate(
        n=Count("pk"), respond50=Percentile("respond", 0.5), respond90=Percentile("respond", 0.9),
        resolve50=Percentile("resolve", 0.5), resolve90=Percentile("resolve", 0.9),
        on_time=Count("pk", filter=Q(resolved_at__lte=F("resolve_due"))),
        again=Count("pk", filter=Q(reopened__gt=0)),
    )  # fmt: skip
    names = people.agency_names()
    return sorted((_times(row, names) for row in rows), key=lambda one: -one.sample)


def _span(end: str) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(F(end) - F("opened_at"), output_field=DurationField())


def _times(row: Mapping[str, Any], names: dict[str, str]) -> Times:
    code, n = row["agency"], row["n"]
    enough = n >= SMALLEST_SAMPLE
    measured = [
        row[name] if enough else None for name in ("respond50", "respond90", "resolve50", "resolve90")
    ]
    on_time, again = (row["on_time"] / n, row["again"] / n) if enough else (None, None)
    respond50, respond90, resolve50, resolve90 = measured
    name = names.get(code, code)
    return Times(code, name, n, respond50, respond90, resolve50, resolve90, on_time, again)
