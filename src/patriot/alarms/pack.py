"""Loading a city's rules about alarms: types, checklists, limits, escalation, contacts, suppression.

Every table is optional: without them alarms work with the standard's limits and nobody is reminded.
"""

from dataclasses import asdict, dataclass
from typing import Literal

from django.db import models, transaction

from patriot.alarms.models import (
    AlarmType,
    Contact,
    EscalationStep,
    PriorityRule,
    SopStep,
    SuppressionRule,
)
from patriot.kernel.pack import Pack


@dataclass(frozen=True)
class TypeRow:
    """A line of alarm_types.csv."""

    code: str
    name_id: str
    name_en: str
    category: str = ""
    to_owner: bool = False
    latching: bool = False
    along_river: bool = False


@dataclass(frozen=True)
class SopRow:
    """A line of alarm_sop.csv."""

    code: str
    level: int
    step: int
    text_id: str
    text_en: str


@dataclass(frozen=True)
class PriorityRow:
    """A line of alarm_priorities.csv."""

    priority: Literal["high", "medium", "low"]
    shelve_max_minutes: int


@dataclass(frozen=True)
class EscalationRow:
    """A line of alarm_escalation.csv."""

    priority: Literal["high", "medium", "low"]
    step: int
    after_minutes: int
    role: str


@dataclass(frozen=True)
class ContactRow:
    """A line of alarm_contacts.csv."""

    agency: str
    name: str
    phone: str = ""


@dataclass(frozen=True)
class SuppressionRow:
    """A line of alarm_suppression.csv."""

    key: str
    code: str
    while_code: str
    relation: Literal["thing", "area", "agency", "city"]
    reason_id: str
    reason_en: str


@transaction.atomic
def load(pack: Pack) -> int:
    """Make the database's rules those of the pack; returns how many types of alarms it has.

    Windows of maintenance that people planned stay. Raises PackError.
    """
    count = _replace(pack, "alarm_types.csv", TypeRow, AlarmType)
    _replace(pack, "alarm_sop.csv", SopRow, SopStep)
    _replace(pack, "alarm_priorities.csv", PriorityRow, PriorityRule)
    _replace(pack, "alarm_escalation.csv", EscalationRow, EscalationStep)
    _replace(pack, "alarm_contacts.csv", ContactRow, Contact)
    SuppressionRule.objects.filter(from_pack=True).delete()
    SuppressionRule.objects.bulk_create(
        SuppressionRule(**asdict(row), from_pack=True)
        for row in _rows(pack, "alarm_suppression.csv", SuppressionRow)
    )
    return count


def _replace[R](pack: Pack, file: str, record: type[R], model: type[models.Model]) -> int:
    rows = _rows(pack, file, record)
    manager = model._default_manager
    manager.all().delete()
    manager.bulk_create(model(**asdict(row)) for row in rows)  # type: ignore[call-overload]
    return len(rows)


def _rows[R](pack: Pack, file: str, record: type[R]) -> list[R]:
    return pack.table(file, record) if pack.has(file) else []
