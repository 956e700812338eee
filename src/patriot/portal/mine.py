"""Which reports this browser sent, in one signed cookie: what lets an anonymous sender have the last word."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from patriot.kernel.ids import token
from patriot.reports import tokens

SENT = "laporan"
SELF = "saya"
MOST = 20
YEAR_S = 365 * 24 * 3600


def numbers(request: HttpRequest) -> list[str]:
    """The numbers of the reports sent from here, newest first."""
    kept = request.get_signed_cookie(SENT, default="", salt=SENT) or ""
    return [number for number in kept.split(" ") if number]


def holds(request: HttpRequest, number: str, given: str = "") -> bool:
    """True when this is the sender: by the cookie, or by the token of the private link."""
    return number in numbers(request) or bool(given and tokens.valid(number, given))


def remember(request: HttpRequest, response: HttpResponse, number: str) -> None:
    """Note in the browser that `number` was sent from here."""
    kept = [number, *(known for known in numbers(request) if known != number)][:MOST]
    response.set_signed_cookie(
        SENT, " ".join(kept), salt=SENT, max_age=YEAR_S, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def self_token(request: HttpRequest) -> str:
    """This browser's own secret, by which it supports a report once; a new one when it has none."""
    return request.COOKIES.get(SELF, "")[:64] or token()


def keep_self(response: HttpResponse, secret: str) -> None:
    """Keep the browser's secret with it."""
    response.set_cookie(
        SELF, secret, max_age=YEAR_S, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )  # fmt: skip
