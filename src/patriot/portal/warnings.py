"""`/peringatan/`: what to heed now, said so that nobody needs to read it twice."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

from patriot.kernel import clock
from patriot.places import queries as places
from patriot.portal import area_map, catalogue
from patriot.warnings import queries


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The city's warnings and others', in force and over."""
    context = {
        "active": queries.active(), "foreign": queries.foreign(), "recent": queries.recent(),
        "sources": queries.sources(), "now": clock.now(), "emergency": catalogue.EMERGENCY,
    }  # fmt: skip
    return render(request, "portal/warnings.html", context)


@dataclass(frozen=True)
class Spoken:
    """The same message in another language."""

    language: str
    row: queries.WarningRow
    steps: list[str]


@require_safe
def page(request: HttpRequest, identifier: str) -> HttpResponse:
    """One message: what, where, until when, what to do. In the reader's language, the other one below."""
    row = queries.public(identifier)
    if row is None:
        raise Http404
    shape = queries.geometry([identifier])[identifier]
    context = {
        "row": row, "steps": steps(row.instruction), "other": _other(identifier),
        "emergency": catalogue.EMERGENCY, "chain": queries.chain(row.first),
        "map": area_map.draw(places.map_layers(), [shape] if shape else []),
        "size": (area_map.WIDTH, area_map.HEIGHT),
    }  # fmt: skip
    return render(request, "portal/warning.html", context)


def _other(identifier: str) -> Spoken | None:
    tongue = "en" if queries.language() == "id" else "id"
    with override(tongue):
        row = queries.public(identifier)
        return Spoken(tongue, row, steps(row.instruction)) if row else None


def steps(instruction: str) -> list[str]:
    """An instruction's sentences: each is one thing to do."""
    lines = instruction.replace("\r", "").replace(". ", ".\n").split("\n")
    return [line.strip() for line in lines if line.strip()]
