"""The city's rules, read from the database for one decision: levels, holidays, owners."""

from datetime import date, datetime, timedelta

from patriot.incidents import rules
from patriot.incidents.deadlines import Span, due
from patriot.incidents.models import Category, Holiday, OwnerRule, ServiceLevel
from patriot.kernel.clock import WIB
from patriot.people import queries as people

FALLBACK = {
    "first_response": Span(5, "days", "working"),  # Perpres 76/2013
    "resolve": Span(60, "days", "working"),  # the same, with inspection
    "permanent": Span(14, "days", "working"),
    "close_after_answer": Span(10, "days", "working"),  # SP4N-LAPOR
}


def spans(level: str) -> dict[str, Span]:
    """How long each stage of a service level may take."""
    rows = ServiceLevel.objects.filter(code=level)
    return FALLBACK | {row.stage: Span(row.amount, row.unit, row.calendar) for row in rows}


def deadlines(category: Category, start: datetime, resolve: str = "resolve") -> tuple[datetime, datetime]:
    """(first response due, resolution due), counted from `start`; `resolve` names the stage that ends it."""
    given, free = spans(category.service_level), holidays(start)
    first, last = due(start, given["first_response"], free), due(start, given[resolve], free)
    return min(first, last), last


def holidays(start: datetime) -> frozenset[date]:
    """The holidays from the day of `start`."""
    day = start.astimezone(WIB).date() - timedelta(days=1)
    return frozenset(Holiday.objects.filter(date__gte=day).values_list("date", flat=True))


def owner(category: Category, place: rules.Place, at: datetime) -> rules.Routed:
    """Who owns a problem of this category at this place on this day; successors act for merged agencies."""
    columns = ("category", "area", "road_authority", "agency", "valid_from", "valid_to", "reason")
    owners = [
        rules.Owner(*row) for row in OwnerRule.objects.filter(category=category.code).values_list(*columns)
    ]
    day = at.astimezone(WIB).date()
    routed = rules.route(category.code, category.agency, place, day, owners)
    return routed._replace(agency=people.agency_at(routed.agency, day))
