"""The wall's page. Its picture comes over the stream."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from patriot.people.guard import requires
from patriot.people.rules import Role
from patriot.places import queries as places

WATCHERS = (Role.DISPATCHER, Role.OPERATOR, Role.LEADERSHIP, Role.ADMINISTRATOR)


@requires(*WATCHERS)
def wall(request: HttpRequest) -> HttpResponse:
    """The full-screen wall. `?screen=1/2` and `2/2` make two screens one, `?scene=now` holds a scene."""
    config = {
        "city": city_name(),
        "stream": "/wall/stream",
        "map": "/places/map.json",
        "incident": "/console/?incident=0",
        "language": (get_language() or "id")[:2],
        "simulated": settings.DEMO,
    }
    return render(request, "wall/wall.html", {"config": config})


def city_name() -> str:
    """The city's name as its pack has it; the center's own until a city is loaded."""
    return next((area.name for area in places.areas("city")), "Patriot")
