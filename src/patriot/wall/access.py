"""Who may look at the wall: those who run the city, a screen with a key, and anybody in a demo."""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from patriot.people.queries import viewer
from patriot.people.rules import Role
from patriot.wall.actions import digest
from patriot.wall.queries import display_by_digest

WATCHERS = (Role.DISPATCHER, Role.OPERATOR, Role.LEADERSHIP, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Admission:
    """Somebody may look; `display` is the screen they look at, if it is one with a key."""

    display: int | None = None


def admit(request: HttpRequest) -> Admission:
    """Raises PermissionDenied."""
    if key := request.GET.get("key"):
        display = display_by_digest(digest(key))
        if display is None:
            raise PermissionDenied
        return Admission(display)
    if settings.DEMO or viewer(request.user).has(*WATCHERS):
        return Admission()
    raise PermissionDenied
