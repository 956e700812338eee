"""BMKG's documents → frozen records. Pure: bytes in, records or ValueError out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from lxml import etree

from patriot.warnings import cap

MOST_ITEMS, MOST_STEPS = 200, 200


@dataclass(frozen=True)
class Item:
    """One line of the list of warnings in force: a province's message."""

    title: str
    link: str

    @property
    def code(self) -> str:
        """BMKG's own name of the message, such as CJB20261122003."""
        return self.link.rsplit("/", 1)[-1].removesuffix(".xml").removesuffix("_alert")


@dataclass(frozen=True)
class Step:
    """The weather of three hours. Temperature °C, rain mm, wind km/h, humidity %."""

    at: datetime
    temperature: float | None
    humidity: float | None
    rain: float | None
    wind: float | None
    words_id: str
    words_en: str


@dataclass(frozen=True)
class Forecast:
    """A kelurahan's forecast."""

    area: str  # Kemendagri's code: "32.75.01.1001"
    issued_at: datetime | None
    steps: tuple[Step, ...]


def items(data: bytes) -> list[Item]:
    """The list's lines. Raises ValueError for what is no RSS."""
    root = cap.tree(data)
    if etree.QName(root).localname != "rss":
        raise ValueError("no RSS")
    found = [Item(_text(node, "title"), _text(node, "link")) for node in root.iter("item")]
    return [item for item in found[:MOST_ITEMS] if item.link]


def _text(node: etree._Element, name: str) -> str:
    child = node.find(name)
    return "".join(str(part) for part in child.itertext()).strip() if child is not None else ""


def alert(data: bytes) -> cap.Alert:
    """One message. Raises ValueError."""
    return cap.read(data)


def forecast(data: bytes) -> Forecast:
    """A forecast. Steps that cannot be read are left out; ValueError when nothing can."""
    try:
        body = msgspec.json.decode(data)
        area = str(body["lokasi"]["adm4"])
        rows = [step for block in body["data"] for group in block["cuaca"] for step in _rows(group)]
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError, RecursionError) as fault:
        raise ValueError(f"no forecast: {type(fault).__name__} {str(fault)[:80]}") from None
    steps = tuple(step for row in rows[:MOST_STEPS] if (step := _step(row)) is not None)
    if not steps:
        raise ValueError("a forecast without steps")
    return Forecast(area[:20], next((at for row in rows if (at := _issued(row))), None), steps)


def _rows(group: Any) -> list[Any]:
    """A day's steps: BMKG writes a list for each day, older documents one list for all."""
    return group if isinstance(group, list) else [group]


def _step(row: Any) -> Step | None:
    if not isinstance(row, dict):
        return None
    at = _moment(row.get("datetime") or row.get("utc_datetime"))
    if at is None:
        return None
    warm, humid, rain, wind = (_number(row.get(name)) for name in ("t", "hu", "tp", "ws"))
    words_id, words_en = (str(row.get(name) or "")[:80] for name in ("weather_desc", "weather_desc_en"))
    return Step(at, warm, humid, rain, wind, words_id, words_en)


def _issued(row: Any) -> datetime | None:
    return _moment(row.get("analysis_date")) if isinstance(row, dict) else None


def _moment(text: Any) -> datetime | None:
    """BMKG's times: ISO with Z, or "2026-11-22 03:00:00" meaning UTC."""
    try:
        at = datetime.fromisoformat(str(text))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e6 else None
