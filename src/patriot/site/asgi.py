"""The web role as an ASGI application: Django, and what lives in the process beside the requests."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patriot.site.settings")
_django = get_asgi_application()

from django.conf import settings  # noqa: E402 - Django must be set up first
from django.utils.module_loading import import_string  # noqa: E402

from patriot.api.sensorthings.fast import short  # noqa: E402
from patriot.site.metrics import measured  # noqa: E402

_answer = measured(short(_django))  # type: ignore[arg-type]

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer requests with Django; at start and end of the process open and close `settings.LIFESPAN`."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        await _answer(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    async with AsyncExitStack() as stack:
        await receive()
        for name in settings.LIFESPAN:
            await stack.enter_async_context(import_string(name)())
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
