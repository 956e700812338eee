"""Reading conditions: what is abnormal now."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from patriot.sensing.models import Condition

FIELDS = (
    "condition", "code", "level", "label", "priority", "value", "unit", "at", "changed_at", "thing_id",
    "datastream_id", "name", "agency", "area", "lon", "lat", "simulated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Abnormal:
    """A condition that is not normal. `at`: of the reading that changed it; `changed_at`: when we knew."""

    condition: str
    code: str
    level: int
    label: str
    priority: str
    value: float | None
    unit: str
    at: datetime
    changed_at: datetime
    thing_id: int | None
    datastream_id: int | None
    name: str
    agency: str
    area: str
    lon: float | None
    lat: float | None
    simulated: bool


def current(*, codes: Collection[str] | None = None, things: Collection[int] | None = None) -> list[Abnormal]:
    """What is abnormal now, the worst first, then the newest. Not limited to a viewer's scope."""
    rows = Condition.objects.filter(level__gt=0)
    if codes is not None:
        rows = rows.filter(code__in=codes)
    if things is not None:
        rows = rows.filter(thing_id__in=things)
    return [Abnormal(*row) for row in rows.order_by("-level", "-at", "condition").values_list(*FIELDS)]


def level(condition: str) -> int:
    """How a condition stands; 0 for one that nobody ever heard of."""
    return Condition.objects.filter(condition=condition).values_list("level", flat=True).first() or 0
