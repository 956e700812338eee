"""Loading a city's rules about incidents: categories, service levels, owners, holidays, SOPs, replies."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Literal

from django.db import transaction

from patriot.incidents.models import Category, Holiday, OwnerRule, ReplyTemplate, ServiceLevel, SopStep
from patriot.incidents.rules import Priority, TaskKind
from patriot.kernel.pack import Fault, Pack, PackError

REQUIRED_STAGES = {"first_response", "resolve"}


@dataclass(frozen=True)
class CategoryRow:
    """A line of categories.csv."""

    code: str
    name_id: str
    name_en: str
    group: str
    agency: str
    priority: Priority
    service_level: str
    icon: str
    task_kind: TaskKind
    service_class: str = ""
    unit_kind: str = ""
    estimate_idr: int = 0
    keywords_id: list[str] = field(default_factory=list)
    keywords_en: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LevelRow:
    """A line of service_levels.csv."""

    code: str
    name: str
    stage: Literal["verify", "first_response", "resolve", "permanent", "close_after_answer"]
    amount: float
    unit: Literal["hours", "days"]
    calendar: Literal["working", "calendar"]
    source: str = ""


@dataclass(frozen=True)
class OwnerRow:
    """A line of owner_rules.csv."""

    category: str
    agency: str
    valid_from: date
    valid_to: date | None = None
    area: str = ""
    road_authority: str = ""
    reason: str = ""


@dataclass(frozen=True)
class HolidayRow:
    """A line of holidays.csv."""

    date: date
    name_id: str
    name_en: str = ""


@dataclass(frozen=True)
class SopRow:
    """A line of sop.csv."""

    group: str
    step: int
    text_id: str
    text_en: str


@dataclass(frozen=True)
class ReplyRow:
    """A line of replies.csv."""

    code: str
    text_id: str
    text_en: str


@transaction.atomic
def load(pack: Pack) -> int:
    """Make the database's rules those of the pack; returns how many categories it has.

    Categories the pack no longer has stay, out of use: incidents refer to them. Raises PackError.
    """
    levels = pack.table("service_levels.csv", LevelRow)
    categories = pack.rows("categories.csv", CategoryRow)
    _check(categories, levels)
    _replace_levels(levels)
    _put_categories([row for _line, row in categories])
    OwnerRule.objects.all().delete()
    OwnerRule.objects.bulk_create(
        OwnerRule(**asdict(row)) for row in _optional(pack, "owner_rules.csv", OwnerRow)
    )
    for day in _optional(pack, "holidays.csv", HolidayRow):
        Holiday.objects.update_or_create(
            date=day.date, defaults={"name_id": day.name_id, "name_en": day.name_en}
        )
    SopStep.objects.all().delete()
    SopStep.objects.bulk_create(SopStep(**asdict(row)) for row in _optional(pack, "sop.csv", SopRow))
    for row in _optional(pack, "replies.csv", ReplyRow):
        ReplyTemplate.objects.update_or_create(code=row.code, defaults=asdict(row))
    return len(categories)


def _optional[R](pack: Pack, file: str, record: type[R]) -> list[R]:
    return pack.table(file, record) if pack.has(file) else []


def _check(categories: list[tuple[int, CategoryRow]], levels: list[LevelRow]) -> None:
    """Each category's level must say how long an answer and a solution may take."""
    stages: dict[str, set[str]] = {}
    for level in levels:
        stages.setdefault(level.code, set()).add(level.stage)
    faults = [
        Fault("categories.csv", line, f"service level {row.service_level!r} has no stage {stage!r}")
        for line, row in categories
        for stage in sorted(REQUIRED_STAGES - stages.get(row.service_level, set()))
    ]
    if faults:
        raise PackError(*faults)


def _replace_levels(levels: list[LevelRow]) -> None:
    ServiceLevel.objects.all().delete()
    ServiceLevel.objects.bulk_create(ServiceLevel(**asdict(row)) for row in levels)


def _put_categories(rows: list[CategoryRow]) -> None:
    Category.objects.exclude(code__in=[row.code for row in rows]).update(active=False)
    for row in rows:
        words = {"keywords_id": "|".join(row.keywords_id), "keywords_en": "|".join(row.keywords_en)}
        values = asdict(row) | words | {"active": True}
        Category.objects.update_or_create(code=values.pop("code"), defaults=values)
