"""The short way of an ASGI request: POST of one plain observation, a number with or without its time.

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
from patriot.api.sensorthings.gather import Gatherer, Made
from patriot.sensing.sta import present, times

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]

ROOT = "/sensorthings/v1.1"
PATH = re.compile(rf"{ROOT}/(?:Datastreams\((\d{{1,18}})\)/)?Observations/?\Z")
LONGEST = 4096  # bytes; a longer body is no plain observation


class Reference(msgspec.Struct, forbid_unknown_fields=True):
    """`{"@iot.id": 5}`."""

    key: int = msgspec.field(name="@iot.id")


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
        match = PATH.match(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if match is None:
            await app(scope, receive, send)
            return
        read = await _read(receive)
        headers = dict(scope["headers"])
        made = await _take(match.group(1), headers, b"".join(part.get("body", b"") for part in read))
        if made is None:
            await app(scope, _again(read, receive), send)
        else:
            await _answer(send, made, _base(scope, headers))

    return wrapped


async def _read(receive: Receive) -> list[Message]:
    """The request's first messages: all of a short body."""
    found: list[Message] = []
    length = 0
    while True:
        message = await receive()
        found.append(message)
        length += len(message.get("body", b""))
        if not message.get("more_body") or length > LONGEST:
            return found


def _again(read: list[Message], receive: Receive) -> Receive:
    """`receive` with what was read put back in front."""

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    return again


async def _take(key: str | None, headers: dict[bytes, bytes], body: bytes) -> tuple[Made, float] | None:
    """What was made; None when it is for the long way."""
    token = who.token(headers.get(b"authorization", b"").decode("latin-1"))
    if not token or len(body) > LONGEST or not validate_host(_host(headers), settings.ALLOWED_HOSTS):
        return None
    try:
        said = DECODER.decode(body)
        at = times.period(said.at) if said.at else None
    except (msgspec.DecodeError, ValueError):
        return None
    stream = int(key) if key else said.stream.key if said.stream else 0
    plain = not (at and at.end) and not (key and said.stream) and 0 < stream < 2**63
    if not plain or not -1e300 < said.result < 1e300:
        return None
    loop = get_running_loop()
    gatherer = _gatherers.get(loop) or _gatherers.setdefault(loop, Gatherer())
    made = await gatherer.take(token, stream, said.result, at.start if at else None)
    return None if made is None else (made, said.result)


def _host(headers: dict[bytes, bytes]) -> str:
    """The host's name without its port, as Django checks it."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return re.sub(r":\d+\Z", "", host)


def _base(scope: Message, headers: dict[bytes, bytes]) -> str:
    proxy = settings.SECURE_PROXY_SSL_HEADER
    name = proxy[0].removeprefix("HTTP_").replace("_", "-").lower().encode() if proxy else b""
    scheme = "https" if proxy and headers.get(name) == proxy[1].encode() else scope["scheme"]
    return f"{scheme}://{headers.get(b'host', b'').decode('latin-1')}{ROOT}"


async def _answer(send: Send, made: tuple[Made, float], base: str) -> None:
    (key, at, flags), result = made
    link = f"{base}/Observations({key})"
    record: present.Record = {
        "@iot.id": key, "@iot.selfLink": link, "phenomenonTime": times.say(at.astimezone(UTC)),
        "resultTime": None, "result": present.result(result, None),
    }  # fmt: skip
    if flags:
        record["resultQuality"] = present.quality(flags)
    record["Datastream@iot.navigationLink"] = f"{link}/Datastream"
    record["FeatureOfInterest@iot.navigationLink"] = f"{link}/FeatureOfInterest"
    body = present.encode(record)
    headers = [
        (b"content-type", b"application/json; charset=utf-8"), (b"location", link.encode("latin-1")),
        (b"content-length", str(len(body)).encode()), (b"x-content-type-options", b"nosniff"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})
