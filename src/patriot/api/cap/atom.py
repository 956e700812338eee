"""The Atom 1.0 feed (RFC 4287) of CAP messages, with the elements of CAP that readers filter by. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

from patriot.warnings import cap
from patriot.warnings.queries import FeedEntry

ATOM = "http://www.w3.org/2005/Atom"
TYPE = "application/cap+xml"
BEGINNING = datetime(2016, 3, 3, tzinfo=UTC)  # of an empty feed: the center's first day


def feed(title: str, root_url: str, entries: Iterable[FeedEntry]) -> bytes:
    """The feed's XML; the same entries give the same bytes. `root_url` has no slash at its end."""
    entries = list(entries)
    node = etree.Element(_atom("feed"), nsmap={None: ATOM, "cap": cap.NAMESPACE})  # type: ignore[dict-item]
    node.set("{http://www.w3.org/XML/1998/namespace}lang", "id")
    _text(node, id=f"{root_url}/cap/", title=title, updated=_at(_newest(entries)))
    _link(node, "self", f"{root_url}/cap/", "application/atom+xml")
    _link(node, "alternate", f"{root_url}/peringatan/", "text/html")
    _text(node, rights="CC BY 4.0", generator="Patriot")
    author = etree.SubElement(node, _atom("author"))
    _text(author, name=title, uri=root_url)
    for entry in entries:
        _entry(node, root_url, entry)
    etree.indent(node, "  ")
    return etree.tostring(node, xml_declaration=True, encoding="UTF-8") + b"\n"


def _newest(entries: Iterable[FeedEntry]) -> datetime:
    return max((entry.sent for entry in entries), default=BEGINNING)


def _entry(parent: etree._Element, root_url: str, entry: FeedEntry) -> None:
    node = etree.SubElement(parent, _atom("entry"))
    url = f"{root_url}/cap/{entry.identifier}.xml"
    _text(node, id=url, title=entry.title, updated=_at(entry.sent), published=_at(entry.sent))
    author = etree.SubElement(node, _atom("author"))
    _text(author, name=entry.author)
    _link(node, "alternate", url, TYPE)
    _link(node, "related", f"{root_url}/peringatan/{entry.identifier}/", "text/html")
    etree.SubElement(node, _atom("category"), term=entry.category)
    _text(node, summary=entry.summary)
    told = {
        "event": entry.event, "status": entry.status, "msgType": entry.msg_type, "urgency": entry.urgency,
        "severity": entry.severity, "certainty": entry.certainty, "expires": cap.moment(entry.expires),
        "areaDesc": entry.area_desc,
    }  # fmt: skip
    for name, text in told.items():
        etree.SubElement(node, f"{{{cap.NAMESPACE}}}{name}").text = _clean(text)


def _atom(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(parent: etree._Element, **texts: str) -> None:
    for name, text in texts.items():
        etree.SubElement(parent, _atom(name)).text = _clean(text)


def _link(parent: etree._Element, rel: str, href: str, kind: str) -> None:
    etree.SubElement(parent, _atom("link"), rel=rel, href=href, type=kind)


def _clean(text: str) -> str:
    return cap.UNPRINTABLE.sub("", text)
