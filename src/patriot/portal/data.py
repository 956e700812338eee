"""`/data`: reports as open data, without anything personal."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from patriot.incidents import queries as incidents
from patriot.incidents.requests import report_numbers
from patriot.kernel import clock
from patriot.kernel.clock import WIB
from patriot.reports import queries as reports

DAYS = 90
BATCH = 500
COLUMNS = (
    "number", "received_at", "category", "kind", "channel", "area", "kecamatan", "lon", "lat", "state",
    "priority", "agency", "respond_due", "resolve_due", "resolved_at", "closed_at", "simulated",
)  # fmt: skip


class Line:
    """A file that hands back what is written to it, one row at a time."""

    def write(self, row: str) -> str:
        """The row itself."""
        return row


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What there is and what its columns mean."""
    return render(request, "portal/data.html", {"columns": COLUMNS, "days": DAYS})


@require_safe
def reports_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Reports of at most 90 days up to `sampai` (a date, today by default), newest first, as CSV."""
    try:
        day = date.fromisoformat(
            request.GET.get("sampai", "") or clock.now().astimezone(WIB).date().isoformat()
        )
        end = datetime.combine(day, time.max, WIB)
        start = end - timedelta(days=DAYS)
    except (ValueError, OverflowError):
        return HttpResponse(
            _("sampai must be a date such as 2026-11-21."), status=400, content_type="text/plain"
        )
    response = StreamingHttpResponse(_lines(start, end), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="laporan-{day}.csv"'
    return response


def _lines(start: datetime, end: datetime) -> Iterator[str]:
    writer = csv.writer(Line())
    yield writer.writerow(COLUMNS)
    offset = 0
    while numbers := report_numbers(start=start, end=end, limit=BATCH, offset=offset):
        offset += BATCH
        statuses = incidents.statuses(numbers)
        for one in reports.search(numbers=numbers, limit=BATCH):
            yield writer.writerow(_row(one, statuses.get(one.number)))


def _row(one: reports.PublicReport, status: incidents.Status | None) -> list[object]:
    known: list[object] = [""] * 7
    kecamatan = ""
    if status:
        times = (status.respond_due, status.resolve_due, status.resolved_at, status.closed_at)
        known = [status.state, status.priority, status.agency, *(_time(at) for at in times)]
        kecamatan = status.kecamatan
    return [
        one.number, _time(one.at), one.category, one.kind, one.channel, one.area, kecamatan,
        one.lon, one.lat, *known, one.simulated,
    ]  # fmt: skip


def _time(at: datetime | None) -> str:
    return at.astimezone(WIB).isoformat(timespec="seconds") if at else ""
