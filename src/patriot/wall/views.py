"""The wall's page. Its picture comes over the stream."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language

from patriot.places import queries as places
from patriot.wall.access import admit


def wall(request: HttpRequest) -> HttpResponseBase:
    """The full-screen wall. `?screen=1/2` and `2/2` make two screens one, `?scene=now` holds a scene."""
    try:
        admit(request)
    except PermissionDenied:
        if request.user.is_authenticated or "key" in request.GET:
            raise
        return redirect_to_login(request.get_full_path())
    return render(request, "wall/wall.html", {"config": configuration(request.GET.get("key", ""))})


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
