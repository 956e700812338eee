"""The one view: a request to its answer. Whatever cannot be served is said in words, never with a 5xx."""

import logging
from collections.abc import Callable
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from psycopg import errors

from patriot.api.sensorthings import batch, who
from patriot.kernel.errors import Refused
from patriot.sensing.sta import feed
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.present import encode
from patriot.sensing.sta.service import Answer, Call, serve

log = logging.getLogger(__name__)

ROOT = "/sensorthings/v1.1"
LONGEST_BODY = 20 * 1024 * 1024
PATIENCE_MS = 20_000  # how long one question may keep the database
CROWDED = (errors.QueryCanceled, errors.StatementTooComplex, errors.ProgramLimitExceeded)
METHODS = "GET, HEAD, POST, PATCH, PUT, DELETE"


@csrf_exempt
def resource(request: HttpRequest, path: str = "") -> HttpResponse:
    """Anything below the service root."""
    return respond(guarded(lambda: _answer(request, path)))


def _answer(request: HttpRequest, path: str) -> Answer:
    call = _call(request, path)
    if call.path == "$batch":
        if call.method != "POST":
            raise Fault("$batch takes POST.", 405)
        return batch.serve(call, one)
    return one(call)


def _call(request: HttpRequest, path: str) -> Call:
    if len(request.META.get("QUERY_STRING", "")) > 50_000:
        raise Fault("The query is too long.", 414)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        raise Fault("The body is too long.", 413)
    return Call(
        method=str(request.method), path=path.strip("/"), author=who.author(request),
        base=request.build_absolute_uri(ROOT), query=pairs(request.META.get("QUERY_STRING", "")),
        body=request.body, content_type=request.content_type or "", mqtt=mqtt_address(request),
    )  # fmt: skip


def mqtt_address(request: HttpRequest) -> str:
    """Where the broker listens, as the service root tells."""
    return f"mqtt://{request.get_host().rpartition(':')[0] or request.get_host()}:{settings.CONFIG.mqtt_port}"


def pairs(query: str) -> tuple[tuple[str, str], ...]:
    """A query string's pairs. Raises Fault."""
    try:
        return tuple(parse_qsl(query, keep_blank_values=True, max_num_fields=50, errors="strict"))
    except (ValueError, UnicodeDecodeError):
        raise Fault("The query cannot be read.") from None


def one(call: Call) -> Answer:
    """One call in one transaction; who subscribed to what it changed is told after its commit."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        answer = serve(call)
    feed.tell(answer.changes)
    return answer


def guarded(work: Callable[[], Answer]) -> Answer:
    """The work's answer, or the fault in words."""
    try:
        return work()
    except Fault as fault:
        return refusal(fault.status, str(fault))
    except Refused as refused:
        return refusal(refused.status if refused.status != 404 else 400, str(refused))
    except IntegrityError:
        return refusal(400, "What it links to is not there.")
    except DataError as fault:
        return refusal(400, f"The database cannot use this: {str(fault).splitlines()[0][:200]}")
    except OperationalError as fault:
        if isinstance(fault.__cause__, CROWDED):
            return refusal(400, "The question takes too long: narrow its filter, or ask for less at once.")
        raise
    except (RecursionError, OverflowError):
        return refusal(400, "The request is nested too deeply, or its numbers are too large.")


def refusal(status: int, words: str) -> Answer:
    """The standard's error body."""
    return Answer(status, {"code": status, "type": "error", "message": words})


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
    return (
        f"{answer.content_type}; charset=utf-8"
        if answer.content_type == "application/json"
        else answer.content_type
    )


__all__ = ["encode", "guarded", "one", "resource", "respond"]
