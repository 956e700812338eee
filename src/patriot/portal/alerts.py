"""`/peringatan/langganan`: be told of warnings for a place, by this browser or by e-mail; and stop."""

from datetime import timedelta

import orjson
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patriot.kernel.errors import Invalid, Refused
from patriot.kernel.geometry import Point
from patriot.places import queries as places
from patriot.places.held import AreaRef
from patriot.reports.limits import spend
from patriot.reports.rules import Limit
from patriot.warnings import push, subscriptions
from patriot.warnings.subscriptions import Place

A_NETWORK = Limit(30, timedelta(hours=1))  # subscriptions of one connection an hour
AN_ADDRESS = Limit(5, timedelta(hours=1))  # letters that one mailbox may be asked in an hour
LARGEST = 8000


@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form; by POST it asks an e-mail address to confirm."""
    faults: dict[str, object] = {}
    if request.method == "POST":
        try:
            address = request.POST.get("email", "").strip()
            _spend(request, address.lower())
            subscriptions.by_email(address, _place(request.POST), get_language() or "id")
            return redirect("warnings_asked")
        except Invalid as wrong:
            faults = wrong.fields
        except Refused as refused:
            faults = {"email": str(refused)}
    context = {
        "groups": _groups(), "faults": faults, "given": request.POST, "push_key": push.public_key(),
        "wanted": request.POST.get("area", request.GET.get("area", "")),
    }  # fmt: skip
    return render(request, "portal/subscribe.html", context, status=422 if faults else 200)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """The same words for every address: nobody learns who subscribed."""
    return render(request, "portal/subscribed.html")


@require_POST
def by_push(request: HttpRequest) -> HttpResponse:
    """A browser subscribes itself: JSON with endpoint, p256dh, auth, and area or lon, lat, radius_m."""
    try:
        told = _told(request)
        address = push.Address(*(str(told.get(name, "")) for name in ("endpoint", "p256dh", "auth")))
        _spend(request, "")
        token = subscriptions.by_push(address, _place(told), get_language() or "id")
    except Refused as refused:
        return JsonResponse({"fault": str(refused)}, status=refused.status)
    return JsonResponse({"token": token}, status=201)


def _told(request: HttpRequest) -> dict[str, object]:
    try:
        body = orjson.loads(request.body[:LARGEST])
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Invalid({"body": "JSON"})
    return body


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest, token: str) -> HttpResponse:
    """A subscription's own page: say yes, or stop."""
    if request.method == "POST":
        if request.POST.get("act") == "confirm":
            subscriptions.confirm(token)
        else:
            subscriptions.stop(token, everywhere=request.POST.get("act") == "stop_all")
        return redirect("warnings_own", token=token)
    return render(request, "portal/subscription.html", {"row": subscriptions.mine(token), "token": token})


@csrf_exempt
@require_POST
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """One click from the mail program (RFC 8058), which has no cookie of ours: the token is the right."""
    if not subscriptions.stop(token):
        raise Http404
    return HttpResponse(status=204)


@require_safe
@never_cache
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker that shows warnings; from this address it may speak for the portal."""
    return render(request, "portal/alerts_worker.js", content_type="text/javascript")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """How the portal installs itself on a phone: iOS gives web push to installed pages only."""
    icon = {"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    told = {
        "name": "Patriot", "short_name": "Patriot", "id": "/", "start_url": "/peringatan/", "scope": "/",
        "display": "standalone", "background_color": "#ffffff", "theme_color": "#14171c", "icons": [icon],
    }  # fmt: skip
    return JsonResponse(told, content_type="application/manifest+json")


def _spend(request: HttpRequest, address: str) -> None:
    spend("subscription", str(request.META.get("REMOTE_ADDR", "")), A_NETWORK)
    if address:
        spend("subscription", address, AN_ADDRESS)


def _place(given: object) -> Place:
    """Out of a form or JSON: an area's code, or lon, lat and radius_m."""
    get = getattr(given, "get", lambda _name, default="": default)
    area = str(get("area", "") or "")
    if area:
        return Place(area)
    try:
        point = Point(float(get("lon", "") or "nan"), float(get("lat", "") or "nan"))
        radius = int(float(get("radius_m", "") or 1000))
    except (TypeError, ValueError, OverflowError):
        return Place()
    return Place("", point if point.is_valid else None, radius)


def _groups() -> list[tuple[AreaRef, list[AreaRef]]]:
    """Kecamatan with their kelurahan, by name."""
    lowest = sorted(places.areas("kelurahan"), key=lambda ref: ref.name)
    above = sorted(places.areas("kecamatan"), key=lambda ref: ref.name)
    return [(ref, [one for one in lowest if one.parent == ref.code]) for ref in above]
