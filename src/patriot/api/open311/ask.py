"""Reading what a client asks: filters, pages, and the fields of a new request. Every fault is a `Fault`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from django.http import HttpRequest, RawPostDataException
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from patriot.api.open311.encode import Fault
from patriot.kernel import clock

SPAN = timedelta(days=90)
LARGEST_PAGE = 1000  # GeoReport v2
PAGE = 50
MOST_NUMBERS = 100
STATUSES = frozenset({"open", "closed"})


@dataclass(frozen=True)
class Filters:
    """What `GET requests` is asked for. `numbers` overrides the others, as the standard says."""

    numbers: list[str]
    categories: list[str]
    status: str  # "open", "closed" or "" for both
    start: datetime
    end: datetime
    page: int
    size: int


def filters(query: Mapping[str, str]) -> Filters:
    """The filters of a query string. Raises Fault 400."""
    statuses = set(_listed(query, "status"))
    if not statuses <= STATUSES:
        raise Fault(400, _("status must be open, closed, or both separated by a comma."))
    start, end = _span(_moment(query, "start_date"), _moment(query, "end_date"))
    return Filters(
        numbers=_listed(query, "service_request_id")[:MOST_NUMBERS],
        categories=_listed(query, "service_code"),
        status=statuses.pop() if len(statuses) == 1 else "", start=start, end=end,
        page=_whole(query, "page", 1, 100_000), size=_whole(query, "page_size", PAGE, LARGEST_PAGE),
    )  # fmt: skip


def _listed(query: Mapping[str, str], name: str) -> list[str]:
    return [part for part in (part.strip() for part in query.get(name, "").split(",")) if part]


def _span(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The most recent 90 days unless said otherwise, never more than 90."""
    try:
        end = end or (start + SPAN if start else clock.now())
        start = start or end - SPAN
    except OverflowError:
        raise Fault(400, _("The dates lie outside of what a calendar can say.")) from None
    if start > end:
        raise Fault(400, _("start_date must not be after end_date."))
    return max(start, end - SPAN), end


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name, "").strip().replace(" ", "+")  # a "+07:00" that nobody escaped
    if not text:
        return None
    try:
        found = parse_datetime(text) or parse_datetime(f"{text}T00:00:00")
        if found is None:
            raise ValueError
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Fault(400, _("%(name)s must look like 2026-11-21T08:00:00+07:00.") % {"name": name}) from None


def _whole(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "") or str(default)
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:12]) <= most:
        raise Fault(400, _("%(name)s must be a number from 1 to %(most)d.") % {"name": name, "most": most})
    return int(text)


def fields(request: HttpRequest) -> dict[str, str]:
    """The fields of a POST: form-encoded, multipart, or one JSON object. Raises Fault 400."""
    if request.content_type == "application/json":
        return {**request.GET.dict(), **_json_fields(request)}
    try:
        return {**request.GET.dict(), **request.POST.dict()}
    except (MultiPartParserError, UnreadablePostError, RawPostDataException, UnicodeDecodeError):
        raise Fault(400, _("The body could not be read.")) from None


def _json_fields(request: HttpRequest) -> dict[str, str]:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise Fault(400, _("The body is not JSON.")) from None
    if not isinstance(body, dict):
        raise Fault(400, _("The body must be one JSON object."))
    plain = {name: value for name, value in body.items() if isinstance(value, str | int | float)}
    return {name: str(value) for name, value in plain.items() if not isinstance(value, bool)}


def number(values: Mapping[str, str], name: str) -> float | None:
    """A decimal number, or None when the field is empty. Raises Fault 400."""
    text = values.get(name, "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise Fault(
            400, _("%(name)s must be a number of degrees, such as -6.2383.") % {"name": name}
        ) from None
