"""`/stasiun/<id>/langsung`: a station's readings as they come, as server-sent events, at most one a second.

`event: readings`, data: a JSON list of [datastream, value or null, ms since 1970, flags].
"""

import asyncio
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound, StreamingHttpResponse

from patriot.kernel import sse
from patriot.kernel.broadcast import Overrun, hung_up_when_stuck
from patriot.kernel.readings import LiveReading, Readings
from patriot.ledger.live import live
from patriot.stations.views import find

KEEP_ALIVE_S = 10.0
LONGEST_S = 1800.0  # then the browser comes back by itself and is admitted anew


async def stream(request: HttpRequest, thing_id: int) -> HttpResponse | StreamingHttpResponse:
    """The newest readings, then every new one. 404 for those who may not see the station."""
    try:
        ids = await sync_to_async(_ids)(request, thing_id)
    except Http404:
        return HttpResponseNotFound()
    frames = _frames((await live()).readings, ids)
    return StreamingHttpResponse(frames, content_type=sse.CONTENT_TYPE, headers=sse.HEADERS)


def _ids(request: HttpRequest, thing_id: int) -> frozenset[int]:
    """The station's datastreams; gives the database connection back: a stream must not hold one."""
    try:
        return frozenset(one.row.id for one in find(request, thing_id).streams)
    finally:
        if not connection.in_atomic_block:
            connection.close()


async def _frames(source: Readings, ids: frozenset[int]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    ends_at, spoke_at = loop.time() + LONGEST_S, loop.time()
    with source.broadcast.subscribe() as news, hung_up_when_stuck(news):
        yield sse.RETRY + _frame(source.latest(ids))
        try:
            while loop.time() < ends_at:
                batches = await news.take(KEEP_ALIVE_S)
                rows = [row for batch in batches for row in batch.of(ids)]
                if rows or loop.time() - spoke_at >= KEEP_ALIVE_S:
                    spoke_at = loop.time()
                    yield _frame(rows)
        except Overrun:
            return


def _frame(rows: list[LiveReading]) -> bytes:
    return sse.frame("readings", rows) if rows else sse.KEEP_ALIVE
