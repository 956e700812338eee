"""Turning rows into what events carry."""

from typing import Any

from patriot.incidents.models import Incident, Task
from patriot.people.queries import agency_names

COLUMNS = (
    "number", "title", "state", "priority", "agency", "area", "kecamatan", "kecamatan_name", "supporters",
    "opened_at", "respond_due", "resolve_due", "responded_at", "resolved_at", "closed_at", "temporary",
    "escalated",
)  # fmt: skip


def incident(row: Incident, names: dict[str, str] | None = None) -> dict[str, Any]:
    """The fields of `events.About`. A secret incident leaves without position, place and photo."""
    names = agency_names() if names is None else names
    hidden = row.secret
    return {
        **{name: getattr(row, name) for name in COLUMNS},
        "incident": row.pk,
        "category": row.category_id,
        "icon": row.category.icon,
        "agency_name": names.get(row.agency, row.agency),
        "lon": None if hidden else row.lon,
        "lat": None if hidden else row.lat,
        "place": row.area_name if hidden else row.place,
        "photo": "" if hidden else row.photo,
        "parent": row.parent_id,
        "merged_into": row.merged_into_id,
    }


def task(row: Task) -> dict[str, Any]:
    """The fields of `events.AboutTask`."""
    names = agency_names()
    return {
        **incident(row.incident, names),
        "task": row.pk,
        "task_kind": row.kind,
        "task_state": row.state,
        "task_agency": row.agency,
        "task_agency_name": names.get(row.agency, row.agency),
        "estimate_idr": row.estimate_idr,
    }
