"""Who calls: a browser's session (with its CSRF token) or a program's bearer token."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from patriot.people import queries as people
from patriot.people.rules import Viewer


class Bearer(HttpBearer):
    """`Authorization: Bearer <token>`, made on the account page."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token's account, or None."""
        user = people.user_for_token(token)
        if user is None:
            return None
        request.user = user
        request.viewer = people.viewer(user)  # type: ignore[attr-defined]
        return user


class Session(APIKeyCookie):
    """The session of a signed-in browser; what changes something needs the X-CSRFToken header."""

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The session's account, or None."""
        return request.user if request.user.is_authenticated else None


def viewer(request: HttpRequest) -> Viewer:
    """Who asks."""
    found: Viewer = request.viewer  # type: ignore[attr-defined]
    return found
