"""The asset register's pages: what works, what is silent, whose it is and what it costs."""

import csv
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from patriot.console.said import word
from patriot.kernel import clock
from patriot.kernel.errors import NotFound
from patriot.kernel.paging import paged, whole
from patriot.people import queries as people
from patriot.people.guard import requires
from patriot.people.rules import Role
from patriot.sensing.equipment import assets as register
from patriot.sensing.equipment.assets import HEALTHS, SORTS, Filters

READERS = (Role.OPERATOR, Role.DISPATCHER, Role.LEADERSHIP)
PAGE = 40
COLUMNS = (
    "code", "name", "sort", "agency", "device", "health", "uptime_30_days", "last_heard_at", "battery_pct",
    "calibrated_until", "lon", "lat", "installed_on", "yearly_cost_idr", "contact", "note",
    "indicative", "simulated",
)  # fmt: skip


@requires(*READERS)
@require_safe
def listing(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The register, the worst first. `?format=csv`: all that fits the filters as a file."""
    filters = _filters(request)
    everything = register.assets()
    found = [row for row in everything if filters.fits(row)]
    if request.GET.get("format") == "csv":
        return _file(found)
    names = people.agency_names()
    context: dict[str, Any] = {
        "page": paged(found, whole(request.GET.get("page", ""), 1), PAGE), "filters": filters,
        "figures": register.figures(everything), "names": names,
        "sorts": SORTS.items(), "healths": HEALTHS.items(), "tab": "assets",
        "agencies": [(code, names.get(code, code)) for code in register.agencies()],
    }  # fmt: skip
    return render(request, "console/assets.html", context)


@requires(*READERS)
@require_safe
def detail(request: HttpRequest, asset_id: int) -> HttpResponse:
    """One asset: its days, its owner, what it is for and whom to call."""
    try:
        row = register.asset(asset_id)
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    context = {"row": row, "owner": people.agency_names().get(row.agency, row.agency), "tab": "assets"}
    return render(request, "console/asset.html", context)


def _filters(request: HttpRequest) -> Filters:
    said = {name: word(request.GET, name) for name in ("sort", "agency", "health")}
    return Filters(**said, words=word(request.GET, "q"))


class _Line:
    """A file that hands back what is written to it, one row at a time."""

    def write(self, row: str) -> str:
        """The row itself."""
        return row


def _file(rows: list[register.Row]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="assets-{clock.now():%Y-%m-%d}.csv"'
    return response


def _lines(rows: list[register.Row]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        uptime = "" if row.uptime is None else round(row.uptime, 4)
        heard = row.heard.at.isoformat(timespec="seconds") if row.heard.at else ""
        yield writer.writerow((
            row.code, row.name, row.sort, row.agency, row.uid, row.health.value, uptime, heard,
            row.heard.battery_pct, row.heard.calibrated_until, row.lon, row.lat, row.installed_on,
            row.yearly_cost_idr, row.contact, row.note, row.indicative, row.simulated,
        ))  # fmt: skip
