"""What a warning about a noticed condition would say: hazard, figures, places. It only reads."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import override

from patriot.kernel.clock import WIB
from patriot.ledger.models import Entry
from patriot.places import queries as places
from patriot.sensing.vocabulary import AIR_CLASSES
from patriot.warnings.models import WarningTemplate

KIND, FORETOLD = "sensing.condition_changed", "sensing.forecast_made"
LOOKED_AT = 2000  # entries, newest first
DECIMAL_COMMA, HOURLY = re.compile(r"(?<=\d),(?=\d)"), re.compile(r"/h$")


@dataclass(frozen=True)
class Suggestion:
    """A template, its fields and the areas. The English text's `level` and `label` end in `_en`."""

    template: str
    fields: dict[str, str]
    areas: list[str]


def suggest(condition: str, now: datetime) -> Suggestion | None:
    """The hazard that fits a condition ("siaga:12"); None when nothing is known of it, it is normal again
    or none fits.
    """
    body = known_of(condition)
    if body is None or not body["level"]:
        return None
    template = fitting(str(body["code"]), int(body["level"]))
    if template is None:
        return None
    area = places.area(str(body.get("area") or ""))
    codes = list(dict.fromkeys([*([area.code] if area else []), *template.areas]))
    return Suggestion(template.code, _fields(body, now), codes)


def known_of(condition: str) -> dict[str, Any] | None:
    """The newest event about a condition; of a level foretold with the newest forecast's figures."""
    body = last_of(condition)
    return _foretold(body) if body and body["level"] and body["code"] == "forecast" else body


def last_of(condition: str) -> dict[str, Any] | None:
    """The newest event about a condition, by name."""
    rows = Entry.objects.filter(kind=KIND).order_by("-id").values_list("body", flat=True)[:LOOKED_AT]
    for text in rows.iterator():
        body: dict[str, Any] = orjson.loads(text)
        if body.get("condition") == condition:
            return body
    return None


def over(condition: str) -> dict[str, Any] | None:
    """What is known of a condition when that is that it is over; else None."""
    body = known_of(condition)
    return body if body is not None and not body["level"] else None


def fitting(code: str, level: int) -> WarningTemplate | None:
    """The template for a condition's code and level: "siaga:3" before "siaga"."""
    known = list(WarningTemplate.objects.all())
    for wanted in (f"{code}:{level}", code):
        for template in known:
            if wanted in template.conditions:
                return template
    return None


def _foretold(body: dict[str, Any]) -> dict[str, Any]:
    """What the gauge's newest forecast says: between changes of its level the figure and the hour move."""
    told = Entry.objects.filter(kind=FORETOLD, subject=f"thing:{body['thing']}").order_by("-id")
    for text in told.values_list("body", flat=True)[:LOOKED_AT].iterator():
        said: dict[str, Any] = orjson.loads(text)
        if said["method"] == "learned":  # a rule of thumb knows hours and no level
            return body | {name: said[name] for name in ("level", "label", "value", "peak_at", "at")}
    return body


def in_english(figure: str) -> str:
    """A figure of the Indonesian text as the English one writes it: "7,25 cm/jam" → "7.25 cm/h"."""
    return DECIMAL_COMMA.sub(".", figure).replace("/jam", "/h")


def _fields(body: dict[str, Any], now: datetime) -> dict[str, str]:
    figure = _figure(body.get("value"), str(body.get("unit") or ""))
    at, peak_at = _moment(body.get("at")) or now, _moment(body.get("peak_at"))
    return {
        "level": figure, "level_en": in_english(figure), "station": str(body.get("name") or ""),
        "label": _named(body, "id"), "label_en": _named(body, "en"), "time": _hour(at), "places": "",
        "hour": _hour(peak_at) if peak_at else "",
    }  # fmt: skip


def _named(body: dict[str, Any], language: str) -> str:
    """The level's own name; of an index its class, which sensing tells as a code."""
    label = str(body.get("label") or "")
    with override(language):
        return str(AIR_CLASSES.get(label, label))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _hour(at: datetime) -> str:
    return f"{at.astimezone(WIB):%H.%M} WIB"


def _figure(value: float | None, unit: str) -> str:
    """As one says it aloud in Indonesian: 473 rather than 473,2, but 7,25; speeds by the "jam"."""
    if value is None:
        return ""
    rounded = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{rounded.replace('.', ',')} {HOURLY.sub('/jam', unit)}".strip()
