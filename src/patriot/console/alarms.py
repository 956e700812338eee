"""The alarm pages: the list, one alarm, the load on operators, and the strip on every console page."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from patriot.alarms import actions, load, queries
from patriot.alarms.rules import SHOWN, Priority
from patriot.console import alarm_words, trend
from patriot.console.views import OPERATORS, whole
from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.kernel.paging import Page
from patriot.people import queries as people
from patriot.people.guard import requires
from patriot.people.rules import Viewer

TABS = (*queries.TABS, "history")
SHELVINGS = (5, 15, 30, 60, 120, 240, 480)  # minutes that a click offers, as far as the priority allows


def list_context(request: HttpRequest) -> dict[str, Any]:
    """What the list shows; `tab`, `priority`, `agency`, `q` and `page` of the query string narrow it."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    given = request.GET
    tab = given.get("tab", "active")
    tab = tab if tab in TABS else "active"
    page = whole(given.get("page", ""), 1)
    narrowed = {
        "priority": given.get("priority", "") if given.get("priority", "") in Priority.values else "",
        "agency": given.get("agency", "")[:32].replace("\x00", ""),
        "words": given.get("q", "").replace("\x00", "").strip()[:80],
    }
    context: dict[str, Any] = {"tab": tab, "filters": narrowed, "counts": queries.counts(viewer)}
    if tab == "history":
        rows, total, number, pages = queries.history(viewer, page)
        context |= {"calls": rows, "page": Page([], number, pages, total)}
    else:
        context["page"] = queries.alarms(
            viewer, tab, priority=narrowed["priority"], agency=narrowed["agency"], words=narrowed["words"],
            page=page, grouped=not any(narrowed.values()),
        )  # fmt: skip
    rows = context["page"].rows
    actors = {one.acknowledged_by for one in rows} | {one.hidden_by for one in rows}
    actors |= {one.acknowledged_by for one in context.get("calls", [])}
    return context | {
        "names": people.names_of(actors), "viewer": viewer, "last": queries.last_call(viewer),
        "shelvings": shelvings(), "now": clock.now(), "undo_since": clock.now() - actions.UNDO_WITHIN,
        "is_narrowed": any(narrowed.values()),
    }  # fmt: skip


def shelvings() -> dict[str, list[int]]:
    """The minutes that may be chosen for each priority."""
    longest = {
        priority: actions.longest_shelving(priority).total_seconds() / 60 for priority in Priority.values
    }
    return {priority: [one for one in SHELVINGS if one <= most] for priority, most in longest.items()}


@requires(*OPERATORS)
@require_GET
def alarms(request: HttpRequest) -> HttpResponse:
    """The list beside the alarm that is chosen: by `?alarm=12`, else the first."""
    context = list_context(request)
    chosen = whole(request.GET.get("alarm", ""), 0)
    rows = context["page"].rows
    first = chosen or (rows[0].id if rows else 0)
    return render(request, "console/alarms/alarms.html", context | {
        "agencies": sorted(people.agency_names().items(), key=lambda pair: pair[1]),
        "priorities": Priority.choices, "opened": first,
        "tabs": alarm_words.tabs(context["counts"].tabs),
    })  # fmt: skip


@requires(*OPERATORS)
@require_GET
def alarm_list(request: HttpRequest) -> HttpResponse:
    """The list alone, for its refreshing."""
    context = list_context(request)
    return render(request, "console/alarms/_list.html", context)


def detail_context(request: HttpRequest, alarm_id: int) -> dict[str, Any]:
    """Everything about one alarm, for the viewer. Raises NotFound."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    found, now = queries.detail(alarm_id, viewer), clock.now()
    actors = {one.actor for one in found.history} | {step.done_by for step in found.sop}
    actors |= {found.row.acknowledged_by, found.row.hidden_by, *(window[4] for window in found.windows)}
    undo = found.row.acknowledged_by == viewer.actor and _is_fresh(found.row.acknowledged_at, now)
    return {
        "detail": found, "row": found.row, "names": people.names_of(actors), "undo": undo,
        "story": alarm_words.story(found), "shelvings": shelvings()[found.row.priority],
        "trend": trend.of(found.row, now, viewer), "now": now,
        "embedded": "HX-Request" in request.headers and "page" not in request.GET,
        "callouts": [(one, alarm_words.called(one.role, one.agency)) for one in found.callouts],
        "shown": found.row.state in SHOWN, "default_until": now + timedelta(hours=2),
        "done": sum(step.done_at is not None for step in found.sop),
    }  # fmt: skip


def _is_fresh(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment <= actions.UNDO_WITHIN


@requires(*OPERATORS)
@require_GET
def alarm(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """One alarm; as a part of a page for htmx."""
    try:
        context = detail_context(request, alarm_id)
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    part = "HX-Request" in request.headers  # beside the list, or this page's own refreshing
    return render(request, "console/alarms/_alarm.html" if part else "console/alarms/alarm.html", context)


@requires(*OPERATORS)
@require_GET
def alarm_load(request: HttpRequest) -> HttpResponse:
    """The load on operators against EEMUA 191."""
    figures = queries.load_figures()
    asked = [alarm for alarm, _n in (*figures.chattering, *figures.most_often)]
    asked += [alarm for alarm, _since in figures.stale]
    return render(request, "console/alarms/load.html", {
        "figures": figures, "names": queries.names(asked), "words": alarm_words.verdicts(figures),
        "hours": trend.bars(figures.hours), "targets": load.TARGET, "peak": load.PEAK_HOUR,
        "flood_begins": load.FLOOD_BEGINS, "smallest": load.SMALLEST_SAMPLE, "now": clock.now(),
        "shares": alarm_words.shares(figures), "tabs": alarm_words.tabs(queries.counts(None).tabs),
    })  # fmt: skip


@requires(*OPERATORS)
@require_GET
def strip(request: HttpRequest) -> HttpResponse:
    """The most urgent alarms, for the top of every console page."""
    return render(request, "console/alarms/_strip.html", strip_context(request.viewer))  # type: ignore[attr-defined]


def strip_context(viewer: Viewer) -> dict[str, Any]:
    """What the strip shows."""
    counts = queries.counts(viewer)
    return {
        "counts": counts, "top": queries.top(viewer) if counts.total else [],
        "last": queries.last_call(viewer), "flood": _flood(),
    }  # fmt: skip


def _flood() -> bool:
    now = clock.now()
    return queries.calls_since(now - load.WINDOW) >= load.FLOOD_BEGINS * queries.operators(now)
