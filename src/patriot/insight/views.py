"""The executive view (R4, R30): who must move, what breaks next, what money waits for."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from patriot.dispatch import queries as dispatch
from patriot.funds import queries as funds
from patriot.incidents import figures
from patriot.kernel import clock
from patriot.people import queries as people
from patriot.people.guard import requires
from patriot.people.rules import Role, Viewer

DAYS = 30


@requires(Role.LEADERSHIP)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """One page: today, what breaks next, what waits on whom, money, times."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    pending, since = funds.pending(viewer), clock.now() - timedelta(days=DAYS)
    context = {
        "today": figures.today(),
        "breaking": figures.about_to_break(viewer, 12),
        "waiting": figures.waiting_on(viewer),
        "pending": pending,
        "names": people.names_of({one.requested_by for one in pending}),
        "times": figures.times(viewer, DAYS),
        "smallest": figures.SMALLEST_SAMPLE,
        "crews": dispatch.response_times(since, simulated=False),
        "crews_simulated": dispatch.response_times(since, simulated=True),
        "days": DAYS,
        "as_of": clock.now(),
    }
    return render(request, "insight/overview.html", context)
