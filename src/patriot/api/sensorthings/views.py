"""The one view: a request to its answer. Whatever cannot be served is said in words, never with a 5xx."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from patriot.api.sensorthings import batch, who
from patriot.api.sensorthings.calls import guarded, one, pairs
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.service import JSON, Answer, Call

ROOT = "/sensorthings/v1.1"
LONGEST_BODY = 20 * 1024 * 1024
METHODS = "GET, HEAD, OPTIONS, POST, PATCH, PUT, DELETE"
# Any page may read what strangers may read: a browser sends no cookie and no password along to `*`.
ANY_PAGE = "*"
PREFLIGHT = {
    "Allow": METHODS, "Access-Control-Allow-Origin": ANY_PAGE, "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept, Content-Type", "Access-Control-Max-Age": "86400",
}  # fmt: skip


@csrf_exempt
def resource(request: HttpRequest, path: str = "") -> HttpResponse:
    """Anything below the service root."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=PREFLIGHT)
    response = respond(guarded(lambda: _answer(request, path)))
    if request.method in ("GET", "HEAD"):
        response["Access-Control-Allow-Origin"] = ANY_PAGE
    return response


def _answer(request: HttpRequest, path: str) -> Answer:
    call = _call(request, path)
    if call.path == "$batch":
        if call.method != "POST":
            raise Fault("$batch takes POST.", 405)
        return batch.serve(call)
    return one(call)


def _call(request: HttpRequest, path: str) -> Call:
    if len(request.META.get("QUERY_STRING", "")) > 50_000:
        raise Fault("The query is too long.", 414)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        raise Fault("The body is too long.", 413)
    return Call(
        method=str(request.method), path=path.strip("/"), author=who.author(request),
        base=request.build_absolute_uri(ROOT), query=pairs(request.META.get("QUERY_STRING", "")),
        body=request.body, content_type=request.META.get("CONTENT_TYPE", ""), mqtt=mqtt_address(request),
    )  # fmt: skip


def mqtt_address(request: HttpRequest) -> str:
    """Where clients of the standard are heard, as the service root tells."""
    return f"mqtt://{request.get_host().rpartition(':')[0] or request.get_host()}:{settings.CONFIG.sta_port}"


def respond(answer: Answer) -> HttpResponse:
    """An answer as Django sends it."""
    response = HttpResponse(answer.body, status=answer.status, content_type=content_type(answer))
    if answer.location:
        response["Location"] = answer.location
    if answer.status == 401:
        response["WWW-Authenticate"] = 'Basic realm="Patriot", charset="UTF-8"'
    if answer.status == 405:
        response["Allow"] = METHODS
    return response


def content_type(answer: Answer) -> str:
    """With its charset."""
    return f"{JSON}; charset=utf-8" if answer.content_type == JSON else answer.content_type
