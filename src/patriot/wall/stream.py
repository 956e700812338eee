"""`/wall/stream`: the wall's picture as server-sent events. What they hold: frontend/src/wall/types.ts."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, StreamingHttpResponse
from django.utils.translation import gettext as _

from patriot.kernel import sse
from patriot.kernel.broadcast import Overrun, hung_up_when_stuck
from patriot.people.again import read_again
from patriot.wall.access import Admission, admit
from patriot.wall.board import Board, Message, Pins, board
from patriot.wall.panels import scene_for

KEEP_ALIVE_S = 5.0
CHECK_S = 60.0


async def stream(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """A snapshot, then everything that changes. 403, in plain text, for those the wall is not for."""
    try:
        admission = await sync_to_async(_admit)(request)
    except PermissionDenied:
        return HttpResponseForbidden(
            _("The wall needs a login or a display's key."), content_type="text/plain"
        )
    frames = _frames(await board(), request, admission)
    return StreamingHttpResponse(frames, content_type=sse.CONTENT_TYPE, headers=sse.HEADERS)


def _admit(request: HttpRequest) -> Admission:
    """Look at the request, and give the database connection back: a stream must not hold one."""
    try:
        return admit(request)
    finally:
        if not connection.in_atomic_block:
            connection.close()


async def _frames(source: Board, request: HttpRequest, admission: Admission) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    checked_at = loop.time()
    with source.broadcast.subscribe() as news, hung_up_when_stuck(news):
        yield sse.RETRY + source.snapshot(admission.display)
        try:
            while True:
                yield _join(await news.take(KEEP_ALIVE_S), admission.display)
                if loop.time() - checked_at >= CHECK_S:
                    checked_at = loop.time()
                    if not await sync_to_async(_is_still_admitted)(request):
                        return
        except Overrun:
            return  # it comes back by itself and begins with a snapshot


def _join(messages: Iterable[Message], display: int | None) -> bytes:
    """The messages' bytes: shared by all walls, but for the scene, which is each display's own."""
    pieces = [
        sse.frame("scene", scene_for(display, message.rows)) if isinstance(message, Pins) else message
        for message in messages
    ]
    return (pieces[0] if len(pieces) == 1 else b"".join(pieces)) or sse.KEEP_ALIVE


def _is_still_admitted(request: HttpRequest) -> bool:
    try:
        _admit(read_again(request))
    except PermissionDenied:
        return False
    except Exception:  # the database is away: nobody's access changes while it is
        return True
    return True
