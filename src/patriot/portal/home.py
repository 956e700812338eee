"""`/`: report, follow, and what came of what others reported."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from patriot.incidents import figures, outcomes
from patriot.portal import catalogue, mine
from patriot.reports import queries as reports


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page. Its figures are counted, not claimed."""
    context = {
        "today": figures.today(), "month": outcomes.summary(), "latest": outcomes.latest(),
        "sent": mine.numbers(request)[:3], "emergency": catalogue.EMERGENCY,
        "often": catalogue.often(catalogue.choices(), reports.frequent_categories()),
    }  # fmt: skip
    return render(request, "portal/home.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this is, what becomes of a report, what is kept of people."""
    return render(request, "portal/about.html", {"emergency": catalogue.EMERGENCY})
