"""Reports by how their incident stands: for Open311 and open data."""

from collections.abc import Collection
from datetime import datetime

from patriot.incidents.models import IncidentReport
from patriot.incidents.rules import State

DONE = frozenset({State.CLOSED, State.REJECTED})


def report_numbers(
    *,
    start: datetime,
    end: datetime,
    categories: Collection[str] = (),
    done: bool | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[str]:
    """Numbers of reports received in a span, newest first; `done` True: only of incidents that are over."""
    rows = IncidentReport.objects.filter(attached_at__gte=start, attached_at__lte=end)
    if categories:
        rows = rows.filter(incident__category__code__in=categories)
    if done is not None:
        rows = rows.filter(incident__state__in=DONE) if done else rows.exclude(incident__state__in=DONE)
    ordered = rows.order_by("-attached_at", "-pk").values_list("number", flat=True)
    return list(ordered[offset : offset + limit])
