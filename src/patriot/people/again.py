"""Long-lived answers outlive sessions: reading a request's account anew."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse


def read_again(request: HttpRequest) -> HttpRequest:
    """The same request with its session and account as they are now, not as they were when it came in."""
    again = HttpRequest()
    again.COOKIES, again.META, again.GET = request.COOKIES, request.META, request.GET
    SessionMiddleware(_nothing).process_request(again)
    AuthenticationMiddleware(_nothing).process_request(again)
    return again


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()
