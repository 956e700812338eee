"""Who calls. Reading: a session, a token, or nobody. Writing: a token only, so that no page can forge it."""

import base64
import binascii
import time
from dataclasses import dataclass, field

from django.http import HttpRequest

from patriot.people import queries as people
from patriot.people.rules import ANONYMOUS, Viewer
from patriot.sensing.sta.authors import Author
from patriot.sensing.sta.errors import Fault

BELIEVED_S = 10.0  # a revoked token is refused at the latest so long afterwards
MOST_TOKENS = 10_000


@dataclass
class Tokens:
    """Viewers by token, remembered for a few seconds: a station posts with the same one all day."""

    _known: dict[str, tuple[float, Viewer | None]] = field(default_factory=dict)

    def known(self, token: str) -> Viewer | None:
        """The viewer, when remembered."""
        at, viewer = self._known.get(token, (0.0, None))
        return viewer if time.monotonic() - at < BELIEVED_S else None

    def viewer(self, token: str) -> Viewer | None:
        """The viewer behind a token; None for an unknown one."""
        if (viewer := self.known(token)) is not None:
            return viewer
        user = people.user_for_token(token)
        if user is None:
            return None
        if len(self._known) >= MOST_TOKENS:
            self._known.clear()
        viewer = people.viewer(user)
        self._known[token] = (time.monotonic(), viewer)
        return viewer

    def clear(self) -> None:
        """Forget everybody."""
        self._known.clear()


TOKENS = Tokens()


def token(authorization: str) -> str:
    """The token of an Authorization header: Bearer, or Basic's password. "" when there is none."""
    kind, _, rest = authorization.strip().partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def author(request: HttpRequest) -> Author:
    """Who calls. Raises Fault 401 for a token that is not known."""
    if "Authorization" in request.headers:
        viewer = TOKENS.viewer(token(request.headers["Authorization"]))
        if viewer is None:
            raise Fault("This token is not known.", 401)
        return Author.of(viewer)
    if request.method in ("GET", "HEAD"):
        return Author.of(request.viewer)  # type: ignore[attr-defined]
    return Author.of(ANONYMOUS)
