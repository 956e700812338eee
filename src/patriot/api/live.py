"""`/live`: what happens in the city, as server-sent events. The event's id is its number in the ledger.

Whoever comes back with `Last-Event-ID` gets all that was missed, in order, once. Without login only the
public part of public events is sent: nobody's identity.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from patriot.fleet import queries as fleet
from patriot.kernel import sse
from patriot.kernel.broadcast import Overrun, Subscription, hung_up_when_stuck
from patriot.kernel.events import Announcement, public_body
from patriot.kernel.positions import Batch
from patriot.ledger.feed import Feed
from patriot.ledger.live import Live, live
from patriot.people.again import read_again
from patriot.people.queries import user_for_token, viewer
from patriot.people.rules import ANONYMOUS, Viewer

KEEP_ALIVE_S = 10.0
LOOK_S = 1.0  # how often a stream looks at the house's health
CHECK_VIEWER_S = 60.0
KEPT_FRAMES = 2000


async def stream(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The stream, from the place the browser names or from now on. 400 when that place is no number."""
    after = _place(request)
    if after is not None and not after.isdigit():
        return HttpResponseBadRequest(_("Last-Event-ID must be a number of the ledger."))
    watcher = await sync_to_async(_watcher)(request)
    frames = Stream(await live(), request, watcher, int(after) if after else None)
    return StreamingHttpResponse(frames.run(), content_type=sse.CONTENT_TYPE, headers=sse.HEADERS)


def _place(request: HttpRequest) -> str | None:
    given = request.GET
    return request.headers.get("Last-Event-ID") or given.get("last") or given.get("last_event_id") or None


@dataclass(frozen=True)
class Watcher:
    """Who looks, and which vehicles they may see; None: all of them."""

    viewer: Viewer = ANONYMOUS
    vehicles: frozenset[int] | None = frozenset()

    def may_see(self, event: Announcement) -> bool:
        """Whether the whole event is theirs to see, not only its public part."""
        return self.viewer.citywide or (bool(event.agency) and event.agency in self.viewer.agencies)


def _watcher(request: HttpRequest) -> Watcher:
    """Look the watcher up, and give the database connection back: a stream must not hold one."""
    try:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        seen_by = (
            viewer(user_for_token(token) or request.user) if scheme == "Bearer" else viewer(request.user)
        )
        if seen_by.citywide:
            return Watcher(seen_by, None)
        if not seen_by.agencies:
            return Watcher(seen_by)
        return Watcher(seen_by, frozenset(vehicle.id for vehicle in fleet.vehicles(seen_by)))
    finally:
        if not connection.in_atomic_block:
            connection.close()


class Frames:
    """Encoded events, each made once however many streams send it."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[int, bool], bytes | None] = OrderedDict()

    def of(self, event: Announcement, whole: bool) -> bytes | None:
        """The event as a frame, whole or only its public part; None when it has none."""
        key = (event.number, whole)
        if key not in self._made:
            self._made[key] = _encode(event, whole)
            if len(self._made) > KEPT_FRAMES:
                self._made.popitem(last=False)
        return self._made[key]


def _encode(event: Announcement, whole: bool) -> bytes | None:
    body = event.body if whole else public_body(event.kind, event.body)
    if body is None:
        return None
    data = {"number": event.number, "at": event.at, "kind": event.kind, "subject": event.subject,
            "agency": event.agency, "simulated": event.simulated, "body": body}  # fmt: skip
    return sse.frame(event.kind, data | {"actor": event.actor} if whole else data, event.number)


FRAMES = Frames()


@dataclass
class Stream:
    """One connection."""

    sources: Live
    request: HttpRequest
    watcher: Watcher
    after: int | None
    _health: dict[str, object] = field(default_factory=dict)

    @property
    def feed(self) -> Feed:
        """The process's ledger feed."""
        return self.sources.feed

    async def run(self) -> AsyncIterator[bytes]:
        """The bytes to send, until the browser leaves or its access has changed."""
        yield sse.RETRY
        yield self._health_frame()
        while not self.feed.ready.is_set():
            yield sse.KEEP_ALIVE
            await _wait_until(self.feed.ready)
            yield self._health_frame()
        async for piece in self._missed():
            yield piece
        with self.feed.broadcast.subscribe() as news:
            moves = self.sources.positions.broadcast.subscribe(news.wake)
            moves.items.append(Batch(tuple(self.sources.positions.latest())))
            with moves, hung_up_when_stuck(news):
                async for piece in self._live(news, moves):
                    yield piece

    async def _missed(self) -> AsyncIterator[bytes]:
        """What the browser missed. At its end `after` is the feed's number, with no wait in between."""
        if self.after is None or self.after > self.feed.number:
            if self.after is not None:  # a number this ledger has not reached: it is not the one they knew
                yield sse.frame("reset", {"number": self.feed.number})
            self.after = self.feed.number
            yield sse.place(self.after)
        while page := await self.feed.since(self.after):
            yield self._frames(page)

    async def _live(
        self, news: Subscription[Announcement], moves: Subscription[Batch]
    ) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        spoke_at, checked_at = loop.time(), loop.time()
        try:
            while True:
                events = await news.take(LOOK_S)
                piece = self._frames(events) + self._position_frames(moves.waiting()) + self._health_frame()
                if not piece and loop.time() - spoke_at >= KEEP_ALIVE_S:
                    piece = sse.KEEP_ALIVE
                if piece:
                    spoke_at = loop.time()
                    yield piece
                if loop.time() - checked_at >= CHECK_VIEWER_S:
                    checked_at = loop.time()
                    if await self._has_changed():
                        return
        except Overrun:
            yield sse.frame(
                "reset", {"number": self.after, "words": "too slow: come back with Last-Event-ID"}
            )

    def _frames(self, events: Iterable[Announcement]) -> bytes:
        """Events as this watcher may see them. What they may not see only moves their place."""
        pieces, hidden = [], None
        for event in events:
            if self.after is not None and event.number <= self.after:
                continue
            self.after = event.number
            made = FRAMES.of(event, self.watcher.may_see(event))
            hidden = event.number if made is None else None
            if made is not None:
                pieces.append(made)
        if hidden is not None:
            pieces.append(sse.place(hidden))
        return b"".join(pieces)

    def _position_frames(self, batches: Iterable[Batch]) -> bytes:
        allowed = self.watcher.vehicles
        if allowed is None:
            return b"".join(sse.raw_frame("positions", batch.json) for batch in batches)
        if not allowed:
            return b""
        mine = [[row for row in batch.positions if row[0] in allowed] for batch in batches]
        return b"".join(sse.frame("positions", rows) for rows in mine if rows)

    def _health_frame(self) -> bytes:
        """The parts' state, when it has changed since it was sent last."""
        parts: dict[str, object] = {part: state.as_json() for part, state in self.feed.parts().items()}
        if parts == self._health:
            return b""
        self._health = parts
        return sse.frame("health", {"parts": parts})

    async def _has_changed(self) -> bool:
        """True when the watcher's access is no longer what it was: they come back at once and get what is
        theirs.
        """
        try:
            return await sync_to_async(_watcher)(read_again(self.request)) != self.watcher
        except Exception:  # the database is away: nobody's access changes while it is
            return False


async def _wait_until(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_S):
            await event.wait()
    except TimeoutError:
        pass
