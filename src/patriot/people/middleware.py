"""Every request knows its viewer."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import SimpleLazyObject

from patriot.people import queries


@sync_and_async_middleware
def viewer(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Set `request.viewer`, looked up at first use."""

    def attach(request: HttpRequest) -> None:
        request.viewer = SimpleLazyObject(lambda: queries.viewer(request.user))  # type: ignore[attr-defined]

    if iscoroutinefunction(get_response):

        async def wait(request: HttpRequest) -> HttpResponseBase:
            attach(request)
            answer: Awaitable[HttpResponseBase] = get_response(request)
            return await answer

        return wait

    def call(request: HttpRequest) -> HttpResponseBase:
        attach(request)
        response: HttpResponseBase = get_response(request)
        return response

    return call
