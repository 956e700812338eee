"""Server-sent events, byte by byte: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from typing import Any

import orjson

RETRY = b"retry: 1000\n\n"
CONTENT_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
KEEP_ALIVE = b": still here\n\n"


def frame(event: str, data: Any, number: int | None = None) -> bytes:
    """One event. `number` becomes the id a browser names when it comes back."""
    return raw_frame(event, orjson.dumps(data, option=orjson.OPT_UTC_Z), number)


def raw_frame(event: str, json: bytes, number: int | None = None) -> bytes:
    """One event from JSON that was made already; JSON holds no line breaks."""
    place = b"id: %d\n" % number if number is not None else b""
    return b"%sevent: %s\ndata: %s\n\n" % (place, event.encode(), json)


def place(number: int) -> bytes:
    """Moves the browser's id without an event."""
    return b"id: %d\n\n" % number
