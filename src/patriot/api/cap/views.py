"""`/cap/`: the feed and the messages. Public, cacheable, with ETags."""

from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from patriot.api.cap import atom
from patriot.places import queries as places
from patriot.warnings import queries, sirens

FRESH_S = 15  # how long a reader may keep the feed without asking
FOR_GOOD = "public, max-age=31536000, immutable"  # a message never changes once it was sent


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """What is in force and what was of late, newest first."""
    city = next((area.name for area in places.areas("city")), "Patriot")
    body = atom.feed(f"Peringatan publik {city}", settings.CONFIG.public_url, queries.feed())
    return _answer(request, body, "application/atom+xml; charset=utf-8", f"public, max-age={FRESH_S}")


@require_safe
def alert(request: HttpRequest, identifier: str) -> HttpResponse:
    """One message, exactly as it was sent."""
    text = queries.cap_of(identifier)
    if not text:
        raise Http404
    return _answer(request, text.encode(), atom.TYPE, FOR_GOOD)


@require_safe
def siren_key(request: HttpRequest) -> HttpResponse:
    """The public key by which a siren knows that an order is the city's."""
    return _answer(request, sirens.public_pem(), "text/plain; charset=us-ascii", "public, max-age=3600")


def _answer(request: HttpRequest, body: bytes, kind: str, keep: str) -> HttpResponse:
    tag = f'"{sha256(body).hexdigest()[:20]}"'
    known = request.headers.get("If-None-Match", "").replace("W/", "")
    response = HttpResponse(content_type=kind)
    response["ETag"], response["Cache-Control"] = tag, keep
    response["Access-Control-Allow-Origin"] = "*"
    if tag in [part.strip() for part in known.split(",")]:
        response.status_code = 304
    else:
        response.content = body
    return response
