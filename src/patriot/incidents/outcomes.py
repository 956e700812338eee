"""What came of reports, for everybody to see: the latest results, and how long they took."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q

from patriot.incidents.figures import SMALLEST_SAMPLE, Percentile
from patriot.incidents.models import Incident
from patriot.incidents.rules import State
from patriot.kernel import clock
from patriot.people.queries import agency_names

DONE = (State.RESOLVED, State.CLOSED)
TOOK = ExpressionWrapper(F("resolved_at") - F("opened_at"), output_field=DurationField())


@dataclass(frozen=True)
class Outcome:
    """A problem that was solved."""

    incident_id: int
    number: str
    title: str
    place: str
    agency_name: str
    photo: str
    resolved_at: datetime
    took: timedelta
    simulated: bool


@dataclass(frozen=True)
class Summary:
    """The last days in figures; the shares are None where the sample is too small to mean something."""

    days: int
    received: int
    solved: int
    on_time_percent: int | None
    half_within: timedelta | None  # the median from report to result


def latest(most: int = 6) -> list[Outcome]:
    """The newest results. Secret ones are left out."""
    rows = Incident.objects.filter(state__in=DONE, secret=False, merged_into=None, resolved_at__isnull=False)
    names = agency_names()
    return [
        Outcome(
            one.pk, one.number, str(one.category), one.place, names.get(one.agency, one.agency), one.photo,
            one.resolved_at, one.resolved_at - one.opened_at, one.simulated,
        )
        for one in rows.select_related("category").order_by("-resolved_at")[:most] if one.resolved_at
    ]  # fmt: skip


def summary(days: int = 30) -> Summary:
    """Everything received and solved in the last `days`."""
    since = clock.now() - timedelta(days=days)
    received = Incident.objects.filter(opened_at__gte=since, parent=None).count()
    solved = Incident.objects.filter(resolved_at__gte=since, merged_into=None).aggregate(
        n=Count("pk"), on_time=Count("pk", filter=Q(resolved_at__lte=F("resolve_due"))),
        median=Percentile(TOOK, 0.5),
    )  # fmt: skip
    enough = solved["n"] >= SMALLEST_SAMPLE
    return Summary(
        days, received, solved["n"], round(100 * solved["on_time"] / solved["n"]) if enough else None,
        solved["median"] if enough else None,
    )  # fmt: skip
