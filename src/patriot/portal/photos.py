"""Serving pictures: public ones to everybody, others to their sender and to those whose work they concern."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from patriot.incidents import queries as incidents
from patriot.people.rules import Viewer
from patriot.portal import mine
from patriot.reports import files
from patriot.reports import queries as reports
from patriot.reports.images import SIZES
from patriot.reports.queries import PhotoRef

PUBLIC = "public, max-age=31536000, immutable"
PRIVATE = "private, max-age=600"


@require_safe
def photo(request: HttpRequest, code: str, size: int) -> HttpResponse:
    """One picture as JPEG. Whoever may not see it is told that there is none."""
    found = reports.photo(code) if size in SIZES else None
    if found is None or not _may_see(request, found):
        raise Http404
    data = files.read_photo(code, size)
    if data is None:
        raise Http404
    response = HttpResponse(data, content_type="image/jpeg")
    response["Cache-Control"] = PUBLIC if found.public else PRIVATE
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _may_see(request: HttpRequest, found: PhotoRef) -> bool:
    """Public, a draft (only its writer knows its address), in the viewer's scope, or of their own report."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    kind, _colon, key = found.subject.partition(":")
    if found.public or kind == "draft" or viewer.citywide:
        return True
    if found.agency:
        return viewer.sees(found.agency)
    number = reports.number_of(int(key)) if kind == "report" and key.isdigit() else None
    if number is None:
        return False
    return mine.holds(request, number) or _owns(viewer, number)


def _owns(viewer: Viewer, number: str) -> bool:
    status = incidents.by_number(number)
    return status is not None and viewer.sees(status.agency)
