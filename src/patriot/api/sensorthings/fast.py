"""The short way of an ASGI request: POST of one plain observation, a number with or without its time, or of
many in data arrays.

Everything else, and everything that is to be refused, goes to Django as if nobody had looked at it.
"""

import re
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from django.conf import settings
from django.http.request import validate_host

from patriot.api.sensorthings import who
from patriot.api.sensorthings.columns import LARGEST, Reference, decode
from patriot.api.sensorthings.gather import Gatherer, Made
from patriot.sensing.sta import present, times

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]
type Answer = tuple[bytes, list[tuple[bytes, bytes]]]  # body and headers

ROOT = "/sensorthings/v1.1"
PATH = re.compile(rf"{ROOT}/(?:Datastreams\((\d{{1,18}})\)/)?Observations/?\Z")
ARRAYS = re.compile(rf"{ROOT}/CreateObservations/?\Z")
LONGEST = 4096  # bytes; a longer body is no plain observation
LONGEST_ARRAYS = 8 * 1024 * 1024


class Plain(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a plain observation."""

    result: float
    at: str = msgspec.field(default="", name="phenomenonTime")
    stream: Reference | None = msgspec.field(default=None, name="Datastream")


DECODER = msgspec.json.Decoder(Plain)
_gatherers: WeakKeyDictionary[AbstractEventLoop, Gatherer] = WeakKeyDictionary()


def short(app: App) -> App:
    """Wrap an ASGI application: plain observations are answered here."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        posts = scope["type"] == "http" and scope["method"] == "POST"
        one, arrays = (PATH.match(scope["path"]), ARRAYS.match(scope["path"])) if posts else (None, None)
        if not one and not arrays:
            await app(scope, receive, send)
            return
        read = await _read(receive, LONGEST if one else LONGEST_ARRAYS)
        headers = dict(scope["headers"])
        body, base = b"".join(part.get("body", b"") for part in read), _base(scope, headers)
        made = await (_one(one.group(1), headers, body, base) if one else _many(headers, body, base))
        if made is None:
            await app(scope, _again(read, receive), send)
        else:
            await _answer(send, *made)

    return wrapped


async def _read(receive: Receive, most: int) -> list[Message]:
    """The request's first messages: all of a body that is not longer than `most`."""
    found: list[Message] = []
    length = 0
    while True:
        message = await receive()
        found.append(message)
        length += len(message.get("body", b""))
        if not message.get("more_body") or length > most:
            return found


def _again(read: list[Message], receive: Receive) -> Receive:
    """`receive` with what was read put back in front."""

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    return again


async def _one(key: str | None, headers: dict[bytes, bytes], body: bytes, base: str) -> Answer | None:
    """The answer to one observation; None when it is for the long way."""
    token = _token(headers)
    if not token or len(body) > LONGEST:
        return None
    try:
        said = DECODER.decode(body)
        at = times.period(said.at) if said.at else None
    except (msgspec.DecodeError, ValueError):
        return None
    stream = int(key) if key else said.stream.key if said.stream else 0
    plain = not (at and at.end) and not (key and said.stream) and 0 < stream < 2**63
    if not plain or not -LARGEST < said.result < LARGEST:
        return None
    made = await _gatherer().take(token, stream, said.result, at.start if at else None)
    return None if made is None else _said(made, said.result, base)


async def _many(headers: dict[bytes, bytes], body: bytes, base: str) -> Answer | None:
    """The answer to data arrays, the links in their order; None when they are for the long way."""
    token = _token(headers)
    columns = decode(body) if token and len(body) <= LONGEST_ARRAYS else None
    made = None if columns is None else await _gatherer().take_columns(token, columns)
    if made is None:
        return None
    opening = present.encode(f"{base}/Observations(")[:-1]
    return b"[" + b",".join(b'%b%d)"' % (opening, key) for key in made) + b"]", []


def _gatherer() -> Gatherer:
    loop = get_running_loop()
    return _gatherers.get(loop) or _gatherers.setdefault(loop, Gatherer())


def _token(headers: dict[bytes, bytes]) -> str:
    """The caller's token; "" where Django should have the word."""
    if not validate_host(_host(headers), settings.ALLOWED_HOSTS):
        return ""
    return who.token(headers.get(b"authorization", b"").decode("latin-1"))


def _host(headers: dict[bytes, bytes]) -> str:
    """The host's name without its port, as Django checks it."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return re.sub(r":\d+\Z", "", host)


def _base(scope: Message, headers: dict[bytes, bytes]) -> str:
    proxy = settings.SECURE_PROXY_SSL_HEADER
    name = proxy[0].removeprefix("HTTP_").replace("_", "-").lower().encode() if proxy else b""
    scheme = "https" if proxy and headers.get(name) == proxy[1].encode() else scope["scheme"]
    return f"{scheme}://{headers.get(b'host', b'').decode('latin-1')}{ROOT}"


def _said(made: Made, result: float, base: str) -> Answer:
    key, at, flags = made
    link = f"{base}/Observations({key})"
    record: present.Record = {
        "@iot.id": key, "@iot.selfLink": link, "phenomenonTime": times.say(at.astimezone(UTC)),
        "resultTime": None, "result": present.result(result, None),
    }  # fmt: skip
    if quality := present.quality(flags):
        record["resultQuality"] = quality
    record["Datastream@iot.navigationLink"] = f"{link}/Datastream"
    record["FeatureOfInterest@iot.navigationLink"] = f"{link}/FeatureOfInterest"
    return present.encode(record), [(b"location", link.encode("latin-1"))]


async def _answer(send: Send, body: bytes, more: list[tuple[bytes, bytes]]) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"), *more,
        (b"content-length", str(len(body)).encode()), (b"x-content-type-options", b"nosniff"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})
