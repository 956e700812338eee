"""Reading the city's rules: categories, SOPs, reply templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from patriot.incidents.models import Category, ReplyTemplate, SopStep, localised


@dataclass(frozen=True)
class CategoryRef:
    """A category in the active language. `keywords` are of both languages, lower case."""

    code: str
    name: str
    group: str
    icon: str
    agency: str
    priority: str
    keywords: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True)
class Reply:
    """A reply template, filled in for one incident."""

    code: str
    words: str


def categories() -> list[CategoryRef]:
    """All categories in use, by group and name."""
    return [_ref(row) for row in Category.objects.filter(active=True)]


def category(code: str) -> CategoryRef | None:
    """One category in use."""
    row = Category.objects.filter(code=code, active=True).first()
    return _ref(row) if row else None


def _ref(row: Category) -> CategoryRef:
    words = f"{row.keywords_id}|{row.keywords_en}".lower().split("|")
    name = localised(row, "name")
    return CategoryRef(
        row.code, name, row.group, row.icon, row.agency, row.priority, tuple(filter(None, words))
    )


def sop(group: str) -> list[str]:
    """What to do, step by step, for a group of categories."""
    return [localised(step, "text") for step in SopStep.objects.filter(group=group)]


def replies(values: Mapping[str, object]) -> list[Reply]:
    """The reply templates with `values` filled in; what is not given stays visible as a gap to fill."""
    return [Reply(row.code, _filled(localised(row, "text"), values)) for row in ReplyTemplate.objects.all()]


def _filled(text: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", _shown(value))
    return text


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "j F Y H.i")
    return str(value)
