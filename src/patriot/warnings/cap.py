"""CAP 1.2 messages: written always the same way, checked against the OASIS schema, read with care. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from lxml import etree

from patriot.kernel.clock import WIB

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SCHEMA = Path(__file__).with_name("CAP-v1.2.xsd")
LARGEST = 4_000_000  # bytes of a message that is read
MOST_INFOS, MOST_AREAS, MOST_POINTS = 20, 500, 50_000  # beyond these a message is refused
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML has no place for them
MARKUP = re.compile(r"[\s,<&]")  # what identifiers and senders may not hold

type Ring = tuple[tuple[float, float], ...]  # (lon, lat), the last the same as the first
type Reference = tuple[str, str, datetime]  # sender, identifier, sent


def printable(text: str) -> str:
    """The text without what XML cannot hold, and without space around it."""
    return UNPRINTABLE.sub("", text).strip()


@dataclass(frozen=True)
class Area:
    """Where. Circles are (lon, lat, km); geocodes (name of the code system, code)."""

    desc: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()
    geocodes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Info:
    """What, how bad, until when and what to do, in one language."""

    language: str
    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    response_types: tuple[str, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True)
class Alert:
    """One message. `references` name the earlier ones it updates or cancels."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    msg_type: str
    scope: str = "Public"
    source: str = ""
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: str = ""
    infos: tuple[Info, ...] = ()


def write(alert: Alert) -> bytes:
    """The message as XML: equal messages give equal bytes. Raises ValueError for what CAP cannot say."""
    if MARKUP.search(alert.identifier) or MARKUP.search(alert.sender) or not alert.identifier:
        raise ValueError("an identifier and a sender have no spaces, commas, < or &")
    root = etree.Element(_tag("alert"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    references = " ".join(f"{sender},{name},{moment(sent)}" for sender, name, sent in alert.references)
    _fill(root, identifier=alert.identifier, sender=alert.sender, sent=moment(alert.sent))
    _fill(root, status=alert.status, msgType=alert.msg_type)
    _say(root, source=alert.source)
    _fill(root, scope=alert.scope)
    _say(root, note=alert.note, references=references, incidents=alert.incidents)
    for info in alert.infos:
        _write_info(root, info)
    etree.indent(root, "  ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def moment(at: datetime) -> str:
    """A time as CAP wants it: whole seconds, the zone as an offset, never Z."""
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(WIB).replace(microsecond=0).isoformat()


def _write_info(root: etree._Element, info: Info) -> None:
    node = etree.SubElement(root, _tag("info"))
    _fill(node, language=info.language)
    for category in info.categories:
        _fill(node, category=category)
    _fill(node, event=info.event)
    for response in info.response_types:
        _fill(node, responseType=response)
    _fill(node, urgency=info.urgency, severity=info.severity, certainty=info.certainty)
    _say(node, **{name: moment(at) for name, at in _times(info) if at is not None})
    _say(
        node, senderName=info.sender_name, headline=info.headline, description=info.description,
        instruction=info.instruction, web=info.web, contact=info.contact,
    )  # fmt: skip
    for name, value in info.parameters:
        _pair(node, "parameter", name, value)
    for area in info.areas:
        _write_area(node, area)


def _times(info: Info) -> Iterable[tuple[str, datetime | None]]:
    return ("effective", info.effective), ("onset", info.onset), ("expires", info.expires)


def _write_area(parent: etree._Element, area: Area) -> None:
    node = etree.SubElement(parent, _tag("area"))
    _fill(node, areaDesc=area.desc)
    for ring in area.polygons:
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise ValueError("a polygon has at least three corners and ends where it began")
        _fill(node, polygon=" ".join(f"{lat:.5f},{lon:.5f}" for lon, lat in ring))
    for lon, lat, km in area.circles:
        _fill(node, circle=f"{lat:.5f},{lon:.5f} {km:.3f}")
    for name, value in area.geocodes:
        _pair(node, "geocode", name, value)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _pair(parent: etree._Element, tag: str, name: str, value: str) -> None:
    node = etree.SubElement(parent, _tag(tag))
    _fill(node, valueName=name, value=value)


def _fill(parent: etree._Element, **texts: str) -> None:
    for name, text in texts.items():
        etree.SubElement(parent, _tag(name)).text = printable(text)


def _say(parent: etree._Element, **texts: str) -> None:
    """As `_fill`, without what is empty."""
    _fill(parent, **{name: text for name, text in texts.items() if text.strip()})


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


def _parser() -> etree.XMLParser:
    """One that fetches nothing, expands nothing and refuses what is huge."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


def tree(data: bytes) -> etree._Element:
    """The root of an untrusted document. Raises ValueError, in words."""
    if len(data) > LARGEST:
        raise ValueError(f"larger than {LARGEST} bytes")
    try:
        root = etree.fromstring(data, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as fault:
        raise ValueError(f"no XML: {str(fault)[:200]}") from None
    if root is None:
        raise ValueError("no XML: empty")
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise ValueError("a document type declaration is not accepted")
    return root


def faults(data: bytes) -> list[str]:
    """What the OASIS schema finds wrong with a message; empty when it is valid."""
    try:
        root = tree(data)
    except ValueError as fault:
        return [str(fault)]
    schema = _schema()
    if schema.validate(root):
        return []
    return [f"line {entry.line}: {entry.message}" for entry in schema.error_log]  # type: ignore[attr-defined]


def read(data: bytes) -> Alert:
    """Somebody else's message. Raises ValueError, in words, for what is none or lacks what must be there."""
    root = tree(data)
    if etree.QName(root).localname != "alert" or not (etree.QName(root).namespace or "").startswith(
        "urn:oasis:names:tc:emergency:cap:1."
    ):
        raise ValueError("no CAP 1.x alert")
    infos = _children(root, "info")
    if len(infos) > MOST_INFOS:
        raise ValueError("too many info blocks")
    return Alert(
        identifier=_must(root, "identifier"), sender=_must(root, "sender"),
        sent=aware(_must(root, "sent")), status=_must(root, "status"),
        msg_type=_must(root, "msgType"), scope=_text(root, "scope") or "Public",
        source=_text(root, "source"), note=_text(root, "note"), incidents=_text(root, "incidents"),
        references=_references(_text(root, "references")), infos=tuple(_info(node) for node in infos),
    )  # fmt: skip


def _info(node: etree._Element) -> Info:
    areas = _children(node, "area")
    if len(areas) > MOST_AREAS:
        raise ValueError("too many areas")
    return Info(
        language=_text(node, "language") or "en-US",
        categories=tuple(_content(one) for one in _children(node, "category")), event=_must(node, "event"),
        urgency=_text(node, "urgency") or "Unknown", severity=_text(node, "severity") or "Unknown",
        certainty=_text(node, "certainty") or "Unknown",
        response_types=tuple(_content(one) for one in _children(node, "responseType")),
        effective=_when(node, "effective"), onset=_when(node, "onset"), expires=_when(node, "expires"),
        sender_name=_text(node, "senderName"), headline=_text(node, "headline"),
        description=_text(node, "description"), instruction=_text(node, "instruction"),
        web=_text(node, "web"), contact=_text(node, "contact"), parameters=_pairs(node, "parameter"),
        areas=tuple(_area(one) for one in areas),
    )  # fmt: skip


def _area(node: etree._Element) -> Area:
    return Area(
        desc=_text(node, "areaDesc"),
        polygons=tuple(_ring(_content(one)) for one in _children(node, "polygon") if _content(one)),
        circles=tuple(_circle(_content(one)) for one in _children(node, "circle") if _content(one)),
        geocodes=_pairs(node, "geocode"),
    )


def _ring(text: str) -> Ring:
    """Of "lat,lon lat,lon …"; a ring that was left open is closed."""
    points = tuple(_point(pair) for pair in text.split())
    if not 3 <= len(points) <= MOST_POINTS:
        raise ValueError(f"a polygon of {len(points)} points")
    closed = points if points[0] == points[-1] else (*points, points[0])
    if len(closed) < 4:
        raise ValueError("a polygon without an inside")
    return closed


def _point(pair: str) -> tuple[float, float]:
    try:
        lat, lon = (float(part) for part in pair.split(","))
    except ValueError:
        raise ValueError(f"{pair[:40]!r} is no latitude,longitude") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"{pair[:40]!r} lies nowhere on Earth")
    return lon, lat


def _circle(text: str) -> tuple[float, float, float]:
    centre, _space, km = text.partition(" ")
    try:
        radius = float(km)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no circle") from None
    if not 0 <= radius <= 20_000:
        raise ValueError(f"{text[:40]!r} is no circle")
    lon, lat = _point(centre)
    return lon, lat, radius


def _references(text: str) -> tuple[Reference, ...]:
    """Those that can be read; for want of the others an old message only stands until it expires."""
    found = []
    for part in text.split()[:200]:
        sender, _comma, rest = part.partition(",")
        name, _comma, sent = rest.rpartition(",")
        try:
            found.append((sender, name, aware(sent)))
        except ValueError:
            continue
    return tuple(found)


def _pairs(node: etree._Element, tag: str) -> tuple[tuple[str, str], ...]:
    return tuple((_text(one, "valueName"), _text(one, "value")) for one in _children(node, tag))


def _children(node: etree._Element, name: str) -> Sequence[etree._Element]:
    return [one for one in node if isinstance(one.tag, str) and etree.QName(one).localname == name]


def _content(node: etree._Element) -> str:
    return "".join(str(part) for part in node.itertext()).strip()


def _text(node: etree._Element, name: str) -> str:
    return next((_content(one) for one in _children(node, name)), "")


def _must(node: etree._Element, name: str) -> str:
    found = _text(node, name)
    if not found:
        raise ValueError(f"{name} is missing")
    return found


def _when(node: etree._Element, name: str) -> datetime | None:
    text = _text(node, name)
    return aware(text) if text else None


def aware(text: str) -> datetime:
    """A time with its zone. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time") from None
    if at.tzinfo is None:
        raise ValueError(f"{text[:40]!r} says no zone")
    try:
        return at.astimezone(WIB)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is no time") from None
