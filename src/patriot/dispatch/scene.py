"""The incident as dispatch needs it: read from the incidents' room, one row at a time or many."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from patriot.incidents import about
from patriot.incidents.models import Incident, Task
from patriot.kernel.geometry import Point
from patriot.people.queries import agency_names


@dataclass(frozen=True)
class Scene:
    """Where a crew is sent. `shown` is what screens may tell of it: no position when the incident is secret."""

    incident: int
    number: str
    title: str
    category: str
    priority: str
    agency: str
    point: Point
    place: str
    secret: bool
    simulated: bool
    shown: dict[str, Any]


@dataclass(frozen=True)
class Job:
    """The task a crew is sent to do."""

    id: int
    kind: str
    agency: str
    state: str
    note: str
    scene: Scene


def scene(incident_id: int) -> Scene | None:
    """One incident, or None."""
    return scenes([incident_id]).get(incident_id)


def scenes(incident_ids: Iterable[int]) -> dict[int, Scene]:
    """Incidents by id."""
    names = agency_names()
    rows = Incident.objects.filter(pk__in=list(incident_ids)).select_related("category")
    return {row.pk: _scene(row, names) for row in rows}


def job(task_id: int) -> Job | None:
    """A task with its incident, or None."""
    task = Task.objects.filter(pk=task_id).select_related("incident__category").first()
    if task is None:
        return None
    return Job(task.pk, task.kind, task.agency, task.state, task.note, _scene(task.incident, agency_names()))


def _scene(row: Incident, names: dict[str, str]) -> Scene:
    point = Point(row.lon, row.lat)
    return Scene(
        row.pk, row.number, row.title, row.category_id, row.priority, row.agency, point, row.place, row.secret,
        row.simulated, about.incident(row, names),
    )  # fmt: skip
