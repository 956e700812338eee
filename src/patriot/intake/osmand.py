"""The OsmAnd protocol, as Traccar Client, OsmAnd and many trackers speak it over HTTP: bytes → fixes. Pure.

GET or POST, parameters in the query or the form: `id` (or `deviceid`), `lat`, `lon` (or `location=lat,lon`),
`timestamp` (seconds, milliseconds or ISO 8601), `speed` in knots, `bearing` (or `heading`), `altitude`,
`accuracy`, `hdop`, `batt`; ours besides: `secret`. Newer Traccar Clients post JSON:
`{"device_id", "location": {"timestamp", "coords": {…}, "battery": {…}}}` with speed in m/s, `location` being
one object or a list.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl

import orjson

from patriot.fleet.rules import KNOT_KMH, Fix

MS_KMH = 3.6
MILLISECONDS_FROM = 100_000_000_000  # as seconds: the year 5138
LONGEST_UID = 80
MOST_FIXES = 1000  # in one JSON body


class BadFrame(Exception):  # noqa: N818 - the frame's fault
    """A frame that says no position. `reason` is a code, the text is for the person who set up the device."""

    def __init__(self, reason: str, words: str, uid: str = "") -> None:
        super().__init__(words)
        self.reason = reason
        self.uid = uid


def decode(query: bytes, body: bytes, content_type: str = "") -> list[Fix]:
    """The fixes of one request, in the order they were sent. Raises BadFrame."""
    if body.lstrip()[:1] in (b"{", b"["):
        return _decode_json(body, query)
    form = body if "json" not in content_type else b""
    return [_decode_parameters(_parameters(query) | _parameters(form))]


def _parameters(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("utf-8", "replace").strip(), max_num_fields=100)
    except ValueError as fault:
        raise BadFrame("unreadable", "Too many parameters.") from fault
    return {name.lower(): value for name, value in pairs}


def _decode_parameters(said: Mapping[str, str]) -> Fix:
    uid = _uid(said.get("id") or said.get("deviceid"))
    lat, lon = said.get("lat"), said.get("lon")
    if said.get("location") and lat is None:
        lat, _, lon = said["location"].partition(",")
    speed = _number(said.get("speed"), "speed", uid)
    heading = said.get("bearing") or said.get("heading")
    return Fix(
        uid=uid,
        lon=_degrees(lon, "lon", uid),
        lat=_degrees(lat, "lat", uid),
        claimed_at=_time(said.get("timestamp"), uid),
        speed_kmh=None if speed is None or speed < 0 else speed * KNOT_KMH,
        heading=_heading(_number(heading, "bearing", uid)),
        altitude_m=_number(said.get("altitude"), "altitude", uid),
        accuracy_m=_number(said.get("accuracy"), "accuracy", uid),
        battery_pct=_number(said.get("batt"), "batt", uid),
        hdop=_number(said.get("hdop"), "hdop", uid),
        secret_digest=digest(said.get("secret", "")),
    )


def digest(secret: str) -> str:
    """A device's secret as the database keeps it; "" for none."""
    return sha256(secret.encode()).hexdigest() if secret else ""


def _decode_json(body: bytes, query: bytes) -> list[Fix]:
    try:
        said = orjson.loads(body)
    except ValueError as fault:
        raise BadFrame("unreadable", "The body is not JSON.") from fault
    if not isinstance(said, dict):
        raise BadFrame("unreadable", "The JSON body must be an object with device_id and location.")
    uid = _uid(said.get("device_id") or _parameters(query).get("id"))
    places = said.get("location")
    places = places if isinstance(places, list) else [places]
    if not 0 < len(places) <= MOST_FIXES:
        raise BadFrame("unreadable", f"location must hold 1 to {MOST_FIXES} positions.", uid)
    return [_decode_place(uid, place, said) for place in places]


def _decode_place(uid: str, place: object, said: Mapping[str, Any]) -> Fix:
    if not isinstance(place, dict) or not isinstance(place.get("coords"), dict):
        raise BadFrame("no_place", "location.coords is missing.", uid)
    coords: Mapping[str, Any] = place["coords"]
    battery = place.get("battery")
    level = _number(battery.get("level"), "battery", uid) if isinstance(battery, dict) else None
    speed = _number(coords.get("speed"), "speed", uid)
    return Fix(
        uid=uid,
        lon=_degrees(coords.get("longitude"), "longitude", uid),
        lat=_degrees(coords.get("latitude"), "latitude", uid),
        claimed_at=_time(place.get("timestamp"), uid),
        speed_kmh=None if speed is None or speed < 0 else speed * MS_KMH,
        heading=_heading(_number(coords.get("heading"), "heading", uid)),
        altitude_m=_number(coords.get("altitude"), "altitude", uid),
        accuracy_m=_number(coords.get("accuracy"), "accuracy", uid),
        battery_pct=None if level is None else level * 100,
        secret_digest=digest(str(said.get("secret") or "")),
    )


def _uid(said: object) -> str:
    uid = str(said).strip().replace("\x00", "") if isinstance(said, str | int) else ""
    if not uid:
        raise BadFrame("no_id", "The parameter id is missing.")
    if len(uid) > LONGEST_UID:
        raise BadFrame("no_id", f"The id is longer than {LONGEST_UID} characters.", uid[:LONGEST_UID])
    return uid


def _number(said: object, name: str, uid: str) -> float | None:
    """A finite number that fits a float4 column, or None when nothing was said."""
    if said is None or said == "":
        return None
    try:
        number = float(said)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as fault:
        raise BadFrame("unreadable", f"{name} is no number.", uid) from fault
    return number if isfinite(number) and abs(number) < 1e30 else None


def _degrees(said: object, name: str, uid: str) -> float:
    number = _number(said, name, uid)
    if number is None:
        raise BadFrame("no_place", f"The parameter {name} is missing.", uid)
    return number


def _heading(degrees: float | None) -> float | None:
    """Unknown headings come as negative numbers; they are nothing odd."""
    return None if degrees is None or degrees < 0 else degrees


def _time(said: object, uid: str) -> datetime | None:
    if said is None or said == "":
        return None
    try:
        return _from_epoch(float(said))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return _from_iso(said, uid)
    except (OverflowError, OSError) as fault:
        raise BadFrame("no_time", "timestamp is beyond all clocks.", uid) from fault


def _from_epoch(number: float) -> datetime:
    if not isfinite(number):
        raise OverflowError
    seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except ValueError as fault:
        raise OverflowError from fault


def _from_iso(said: object, uid: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(said).strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise BadFrame("no_time", "timestamp is neither seconds, milliseconds nor ISO 8601.", uid) from fault
