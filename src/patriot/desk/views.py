"""The desk's pages."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from patriot.desk import page
from patriot.funds import queries as money
from patriot.incidents import catalogue, queries
from patriot.incidents import figures as counted
from patriot.incidents.queries import Filters
from patriot.incidents.rules import Priority, State
from patriot.kernel.errors import NotFound
from patriot.kernel.paging import whole
from patriot.people import queries as people
from patriot.people.guard import requires
from patriot.people.rules import Role, Viewer

WORKERS = (Role.STAFF, Role.HEAD, Role.OPERATOR, Role.DISPATCHER, Role.LEADERSHIP)


@requires(*WORKERS)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The agency's incidents, most urgent first, with filters and pages."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    filters = Filters.parse(request.GET)
    found = queries.queue(viewer, filters, whole(request.GET.get("page", ""), 1))
    context = {
        "page": found, "filters": filters, "viewer": viewer, "waiting": counted.waiting_on(viewer),
        "pending": sum(request.may_decide for request in money.pending(viewer)), **choices(viewer),
    }  # fmt: skip
    part = request.headers.get("HX-Target") == "queue"
    return render(request, "desk/_queue.html" if part else "desk/queue.html", context)


def choices(viewer: Viewer) -> dict[str, Any]:
    """What the filters offer."""
    names = people.agency_names()
    mine = names if viewer.citywide else {code: names.get(code, code) for code in viewer.agencies}
    return {
        "states": State.choices,
        "priorities": Priority.choices,
        "categories": catalogue.categories(),
        "agencies": sorted(mine.items(), key=lambda pair: pair[1]),
    }


@requires(*WORKERS)
@require_GET
def incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident: its story, its work, its money, and what may be done. As a part of a page for htmx."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    try:
        context = page.context(incident_id, viewer)
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    context["embedded"] = "HX-Request" in request.headers
    return render(request, "desk/_incident.html" if context["embedded"] else "desk/incident.html", context)


@requires(*WORKERS)
@require_GET
def funds(request: HttpRequest) -> HttpResponse:
    """The response funds of the viewer's agencies, and what waits for a decision."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    pending = money.pending(viewer)
    recent = [one for one in money.recent(viewer) if one.state != "pending"][:25]
    known = people.names_of({one.requested_by for one in pending} | {one.decided_by for one in recent})
    all_funds = money.funds(viewer)
    used = [one for one in all_funds if one.approved or one.spent or one.pending or len(all_funds) < 8]
    context = {"funds": all_funds, "used_funds": used,
    "other_funds": [one for one in all_funds if one not in used],
               "pending": pending, "recent": recent, "names": known,
               "may_raise": viewer.has(Role.LEADERSHIP)}  # fmt: skip
    return render(request, "desk/funds.html", context)


@requires(*WORKERS)
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """How the viewer's agencies do: what waits, how long things took, out of raw samples."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    days = whole(request.GET.get("days", ""), 30)
    days = days if days in (7, 30, 90) else 30
    context = {"waiting": counted.waiting_on(viewer), "times": counted.times(viewer, days), "days": days,
               "smallest": counted.SMALLEST_SAMPLE}  # fmt: skip
    return render(request, "desk/figures.html", context)
