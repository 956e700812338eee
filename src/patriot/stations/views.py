"""`/stasiun/`: the list with its map, and a station's page; both whole without JavaScript."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from patriot.kernel import clock
from patriot.kernel.errors import Invalid
from patriot.kernel.paging import paged, whole
from patriot.people import queries as people
from patriot.people.rules import Viewer
from patriot.places import queries as places
from patriot.sensing import queries
from patriot.sensing.history.parquet import moment
from patriot.sensing.history.series import Series
from patriot.sensing.rules import UNFIT
from patriot.stations import chart, drawing, ranges, words
from patriot.stations.shown import MARKS, Shown, Station, show

STATIONS, ROWS = 40, 48  # on a page
FEWEST_PIXELS, MOST_PIXELS = 100, 4000


@dataclass(frozen=True)
class Dot:
    """A station on the map."""

    x: float
    y: float
    station: Station


@dataclass(frozen=True)
class Row:
    """A row of the table behind the chart."""

    at: datetime
    mean: float | None
    low: float | None
    high: float | None
    seen: int
    flags: list[str]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every station the viewer may see, on a map and in a list."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    everything = [show(one, clock.now(), UNFIT.value) for one in queries.stations(viewer)]
    chosen = request.GET.get("jenis", "")
    said = request.GET.get("q", "").strip()[:80]
    stations = [one for one in everything if chosen in ("", one.row.purpose) and _named(one, said)]
    order = list(words.PURPOSES)
    counts = Counter(one.row.purpose for one in everything)
    tabs = sorted(counts, key=lambda code: order.index(code) if code in order else len(order))
    urgent_first = sorted(stations, key=lambda one: (_urgency(one), one.row.name))
    context = {
        "page": paged(urgent_first, whole(request.GET.get("page", ""), 1), STATIONS),
        "purposes": [(code, words.purpose(code), counts[code]) for code in tabs],
        "wanted": chosen, "said": said, "total": len(everything),
        "abnormal": sum(one.worst is not None for one in stations),
        "silent": sum(one.is_stale for one in stations), **_map(stations), "now": clock.now(),
    }  # fmt: skip
    return render(request, "stations/index.html", context)


def _named(station: Station, said: str) -> bool:
    """Whether its name has every word that was asked for."""
    return all(word in station.row.name.casefold() for word in said.casefold().split())


def _urgency(station: Station) -> str:
    return station.worst.priority if station.worst else "P9"


def _map(stations: list[Station]) -> dict[str, Any]:
    placed = [(one, one.row.lon, one.row.lat) for one in stations]
    points = [(lon, lat) for _, lon, lat in placed if lon is not None and lat is not None]
    if not (frame := drawing.frame(points)):
        return {}
    dots = [
        Dot(*frame.place(lon, lat), one) for one, lon, lat in placed if lon is not None and lat is not None
    ]
    dots.sort(key=lambda dot: _urgency(dot.station), reverse=True)  # the urgent ones on top
    return {"frame": frame, "dots": dots} | _ground(places.map_file().tag, frame)


@lru_cache(maxsize=16)
def _ground(_tag: str, frame: drawing.Frame) -> dict[str, list[str]]:
    """The map's paths, drawn once for each edition of the map and each frame."""
    layers = orjson.loads(places.map_file().json)
    return {"waters": drawing.waters(layers, frame), "areas": drawing.areas(layers, frame)}


@require_safe
def page(request: HttpRequest, thing_id: int) -> HttpResponse:
    """One station: newest values, one datastream's chart and the table behind it."""
    station = find(request, thing_id)
    stream, fault = _stream(request, station), ""
    try:
        span = ranges.read(request.GET, clock.now())
    except Invalid as invalid:
        span, fault = ranges.read({}, clock.now()), str(invalid)
    names = people.agency_full_names()
    context = {
        "station": station, "stream": stream, "span": span, "fault": fault, "now": clock.now(),
        "spans": [(name, words_) for name, (_, words_) in ranges.SPANS.items()],
        "agency": names.get(station.row.agency, station.row.agency.upper()),
    }  # fmt: skip
    if stream is not None:
        context |= _table(request, stream, span) | _for_chart(stream)
    return render(request, "stations/page.html", context, status=400 if fault else 200)


def _for_chart(stream: Shown) -> dict[str, Any]:
    """What the chart needs beside the series."""
    levels = [
        {"name": one.name, "value": one.value, "below": one.below, "priority": MARKS.get(one.priority, "P3")}
        for one in stream.row.levels
    ]
    return {"levels": levels, "flag_words": {flag.value: str(said) for flag, said in words.FLAGS.items()}}


def _table(request: HttpRequest, stream: Shown, span: ranges.Range) -> dict[str, Any]:
    found = chart.table(stream.row, span)
    numbers = Paginator(range(len(found) - 1, -1, -1), ROWS).get_page(request.GET.get("hal"))
    query = request.GET.copy()
    query.pop("hal", None)
    return {"rows": _rows(found, numbers), "page": numbers, "step": found.step, "query": query.urlencode()}


def _rows(found: Series, numbers: Page[int]) -> list[Row]:
    mean, doubt = found.mean, found.step is None
    return [
        Row(
            moment(int(found.at[n])), _number(found.last[n] if doubt else mean[n]), _number(found.low[n]),
            _number(found.high[n]), int(found.seen[n]), words.flags(int(found.flags[n])),
        )
        for n in numbers
    ]  # fmt: skip


def _number(value: float) -> float | None:
    return None if value != value else float(value)  # NaN


@require_safe
@never_cache
def chart_json(request: HttpRequest, thing_id: int) -> JsonResponse:
    """The chart's columns for `?aliran=` on `?lebar=` pixels. 400 with words for a range that is none."""
    station = find(request, thing_id)
    stream = _stream(request, station)
    if stream is None:
        raise Http404
    width = request.GET.get("lebar", "")
    pixels = min(MOST_PIXELS, max(FEWEST_PIXELS, int(width))) if width.isdecimal() else 800
    try:
        span = ranges.read(request.GET, clock.now())
    except Invalid as invalid:
        return JsonResponse({"error": str(invalid)}, status=400)
    drawn = chart.chart(stream.row, span, pixels).json
    limits = {"since": span.since.timestamp(), "until": span.until.timestamp()}
    return JsonResponse(drawn | limits)


def find(request: HttpRequest, thing_id: int) -> Station:
    """The station, if this viewer may see it. Raises Http404."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    found = queries.station(thing_id, viewer)
    if found is None:
        raise Http404
    return show(found, clock.now(), UNFIT.value)


def _stream(request: HttpRequest, station: Station) -> Shown | None:
    """The datastream that `?aliran=` names; without it the first. Raises Http404 when it is not there."""
    wanted = request.GET.get("aliran", "")
    for one in station.streams:
        if not wanted or str(one.row.id) == wanted or one.row.key == wanted:
            return one
    if wanted:
        raise Http404
    return None
