"""Pages for what went wrong, in plain words. Whatever is broken, they still show."""

import logging
import sys
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext

from patriot.api.open311.encode import Fault, refusal

log = logging.getLogger(__name__)
RETRY_AFTER_S = 10
FOR_PROGRAMS = ("/api/", "/open311/", "/sensorthings/", "/cap/")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what was sent cannot be understood."""
    return render(request, "400.html", status=400)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its CSRF token: an old tab, or cookies switched off."""
    log.warning("Form refused: %s (%s)", request.path, reason)
    return render(request, "403_csrf.html", status=403)


@sync_and_async_middleware
def only_by_its_button(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """405 with a page: an act's address opened as if it were a page, as after signing in again."""

    def worded(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        page = render(request, "405.html", status=405)
        page["Allow"] = answer.get("Allow", "")
        return page

    def blank(request: HttpRequest, answer: HttpResponse) -> bool:
        return answer.status_code == 405 and not request.path.startswith(FOR_PROGRAMS)

    if iscoroutinefunction(get_response):

        async def wait(request: HttpRequest) -> HttpResponse:
            answer: HttpResponse = await get_response(request)
            return await sync_to_async(worded)(request, answer) if blank(request, answer) else answer

        return wait

    def call(request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = get_response(request)
        return worded(request, answer) if blank(request, answer) else answer

    return call


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when the database is away. Uses neither the database nor the session."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        answer = _come_again(request)
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    return HttpResponse(render_to_string("500.html"), status=500)


def _come_again(request: HttpRequest) -> HttpResponse:
    """503 in the asker's own language: a page for people, the interface's form of a fault for programs."""
    words = gettext(
        "A part of the system is restarting. Nothing that was confirmed is lost. Try again in ten seconds."
    )
    if request.path.startswith("/api/"):
        return JsonResponse({"error": words, "fields": {}}, status=503)
    if request.path.startswith("/open311/"):
        form = "xml" if request.path.endswith(".xml") else "json"
        return refusal(form, [Fault(503, words)])
    kept = {"written": _written(request), "had_files": bool(request.method == "POST" and request.FILES)}
    return HttpResponse(render_to_string("503.html", kept), status=503)


def _written(request: HttpRequest) -> list[tuple[str, str]]:
    """A sent form's fields, so that its page can send them again; nothing of a form that holds a password."""
    if request.method != "POST" or any("password" in name for name in request.POST):
        return []
    return [(name, str(value)) for name, values in request.POST.lists() for value in values]
