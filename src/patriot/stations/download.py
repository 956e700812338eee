"""A station's series as a file."""

import csv
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from patriot.kernel import clock
from patriot.kernel.errors import Invalid
from patriot.sensing import queries
from patriot.sensing.history.export import COLUMNS, csv_rows
from patriot.sensing.history.series import STEPS
from patriot.stations import ranges
from patriot.stations.views import find


class Line:
    """A file that hands back what is written to it, one row at a time."""

    def write(self, row: str) -> str:
        """The row itself."""
        return row


@require_safe
def series_csv(request: HttpRequest, thing_id: int) -> HttpResponse | StreamingHttpResponse:
    """`?aliran=` over a range, as fine as `?langkah=` says: 5m, 1h, 1d, or every reading without it."""
    station = find(request, thing_id)
    wanted, step = request.GET.get("aliran", ""), request.GET.get("langkah") or None
    stream = next((one for one in station.streams if wanted in (str(one.row.id), one.row.key)), None)
    if stream is None or (step and step not in STEPS):
        raise Http404
    try:
        span = ranges.read(request.GET, clock.now())
    except Invalid as invalid:
        return HttpResponse(str(invalid), status=400, content_type="text/plain")
    found = queries.series(stream.row.id, span.since, span.until, step)
    lines = _lines(csv_rows(stream.row.key, stream.row.unit, found))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="stasiun-{thing_id}-{stream.row.key}.csv"'
    return response


def _lines(rows: Iterator[list[object]]) -> Iterator[str]:
    writer = csv.writer(Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow(row)
