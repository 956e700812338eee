"""One answer, two spellings: JSON lists and GeoReport v2's XML."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from django.http import HttpResponse

from patriot.kernel.clock import WIB

FORMATS = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

type Value = str | int | float | bool | datetime | list[Any] | dict[str, Any] | None
type Record = Mapping[str, Value]


@dataclass(frozen=True)
class Shape:
    """How records are named in XML: `<root><item>…`. `alone`: one record without a list around it."""

    root: str
    item: str
    alone: bool = False


SERVICES = Shape("services", "service")
DEFINITION = Shape("service_definition", "", alone=True)
REQUESTS = Shape("service_requests", "request")
ERRORS = Shape("errors", "error")
DISCOVERY = Shape("discovery", "", alone=True)
_ITEM_OF = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}


class Fault(Exception):  # noqa: N818 - an answer to the client
    """What keeps a request from being served: a status and words for it."""

    def __init__(self, code: int, description: object) -> None:
        super().__init__(str(description))
        self.code, self.description = code, str(description)


def answer(form: str, shape: Shape, records: Iterable[Record], status: int = 200) -> HttpResponse:
    """The records in the format asked for."""
    rows = [dict(record) for record in records]
    body = _json(shape, rows) if form == "json" else _xml(shape, rows)
    return HttpResponse(body, status=status, content_type=FORMATS[form])


def refusal(form: str, faults: Iterable[Fault]) -> HttpResponse:
    """The standard's list of errors, under the first one's status."""
    listed = list(faults)
    rows: list[Record] = [{"code": fault.code, "description": fault.description} for fault in listed]
    return answer(form, ERRORS, rows, listed[0].code)


def _json(shape: Shape, rows: list[dict[str, Value]]) -> bytes:
    return orjson.dumps(
        rows[0] if shape.alone else rows, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME
    )


def _plain(value: object) -> str:
    return moment(value) if isinstance(value, datetime) else str(value)


def moment(value: datetime) -> str:
    """W3C date and time to the second, in the city's zone."""
    return value.astimezone(WIB).isoformat(timespec="seconds")


def _xml(shape: Shape, rows: list[dict[str, Value]]) -> bytes:
    root = Element(shape.root)
    for row in rows:
        _fill(root if shape.alone else SubElement(root, shape.item), row)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _fill(element: Element, row: Mapping[str, Value]) -> None:
    for name, value in row.items():
        _put(SubElement(element, name), name, value)


def _put(element: Element, name: str, value: Value) -> None:
    if isinstance(value, dict):
        _fill(element, value)
    elif isinstance(value, list):
        for item in value:
            _put(SubElement(element, _ITEM_OF.get(name, "item")), "", item)
    else:
        element.text = _text(value)


def _text(value: str | float | bool | datetime | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_IN_XML.sub("", moment(value) if isinstance(value, datetime) else str(value))
