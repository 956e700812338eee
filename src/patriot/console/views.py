"""The console's pages: the queue on the left, the map in the middle, the incident on the right."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from patriot.incidents import figures, queries
from patriot.incidents.queries import Filters
from patriot.incidents.rules import Priority, State
from patriot.kernel import clock
from patriot.kernel.errors import Refused
from patriot.people import actions as people_actions
from patriot.people import queries as people
from patriot.people.guard import requires
from patriot.people.rules import Role, Viewer

OPERATORS = (Role.OPERATOR, Role.DISPATCHER)
PAGE = 40


def whole(text: str, default: int) -> int:
    """A number from a query string; what is none is the default."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


@requires(*OPERATORS)
@require_GET
def console(request: HttpRequest) -> HttpResponse:
    """The three panes. `?incident=31` opens an incident."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    filters = Filters.parse(request.GET)
    context = {
        "page": queries.queue(viewer, filters, whole(request.GET.get("page", ""), 1), PAGE),
        "filters": filters,
        "incident": whole(request.GET.get("incident", ""), 0),
        "states": State.choices,
        "priorities": Priority.choices,
        "agencies": sorted(people.agency_names().items(), key=lambda pair: pair[1]),
        "today": figures.today(0),
    }
    return render(request, "console/console.html", context)


@requires(*OPERATORS)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The list alone, for its refreshing."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    filters = Filters.parse(request.GET)
    found = queries.queue(viewer, filters, whole(request.GET.get("page", ""), 1), PAGE)
    return render(request, "console/_queue.html", {"page": found, "filters": filters})


@requires(*OPERATORS)
@require_http_methods(["GET", "POST"])
def handover(request: HttpRequest) -> HttpResponse:
    """What one shift tells the next, and who takes over."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    if request.method == "POST":
        try:
            taker = whole(request.POST.get("to", ""), 0)
            notes = request.POST.get("notes", "").strip()[:4000]
            people_actions.hand_over(viewer.user_id or 0, taker, notes=notes, actor=viewer.actor)
            messages.success(request, _("Handed over. Thank you for your shift."))
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("console:handover")
    day = clock.now() - timedelta(hours=12)
    context = {
        "past": people.handovers(20),
        "colleagues": [one for one in people.holders(OPERATORS) if one[0] != viewer.user_id],
        "open_now": figures.about_to_break(viewer, 12),
        "since": day,
    }
    return render(request, "console/handover.html", context)
