"""The wall's page. Its picture comes over the stream."""

import json
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patriot.kernel.errors import Refused
from patriot.people.guard import requires
from patriot.people.rules import Viewer
from patriot.places import queries as places
from patriot.wall.access import admit
from patriot.wall.actions import PINNERS, pin_scene


def wall(request: HttpRequest) -> HttpResponseBase:
    """The full-screen wall. `?screen=1/2` and `2/2` make two screens one, `?scene=now` holds a scene."""
    try:
        admit(request)
    except PermissionDenied:
        if request.user.is_authenticated or "key" in request.GET:
            raise
        return redirect_to_login(request.get_full_path())
    return render(request, "wall/wall.html", {"config": configuration(request.GET.get("key", ""))})


@requires(*PINNERS)
@require_POST
def pin(request: HttpRequest) -> HttpResponse:
    """From the console: show a scene, perhaps with an incident, on every wall; none lets them go round."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    number = request.POST.get("incident", "")
    incident = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None
    words, status = _("The wall shows it."), 200
    try:
        pin_scene(request.POST.get("scene") or None, viewer=viewer, incident=incident)
    except Refused as refused:
        words, status = str(refused), refused.status
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"toast": words})})
    (messages.success if status == 200 else messages.error)(request, words)
    return redirect("console:console")


def configuration(key: str) -> dict[str, object]:
    """What the island needs: `WallConfig` in frontend/src/wall/types.ts. `key` is the screen's, or ""."""
    return {
        "city": city_name(),
        "stream": "/wall/stream" + (f"?{urlencode({'key': key})}" if key else ""),
        "map": "/places/map.json",
        "incident": "/console/?incident=0",
        "language": (get_language() or "id")[:2],
        "simulated": settings.DEMO,
    }


def city_name() -> str:
    """The city's name as its pack has it; the center's own until a city is loaded."""
    return next((area.name for area in places.areas("city")), "Patriot")
