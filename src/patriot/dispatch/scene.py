"""The incident as dispatch needs it: read from the incidents' room, one or many."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from patriot.incidents import queries as incidents
from patriot.incidents.queries import Ref
from patriot.kernel.geometry import Point
from patriot.people.queries import agency_names


@dataclass(frozen=True)
class Scene:
    """Where a crew is sent. `shown` is what screens may tell of it: no position when it is secret."""

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
    return {ref.id: _scene(ref, names) for ref in incidents.refs(incident_ids).values()}


def job(task_id: int) -> Job | None:
    """A task with its incident, or None."""
    task = incidents.task(task_id)
    where = scene(task.incident) if task else None
    if task is None or where is None:
        return None
    return Job(task.id, task.kind, task.agency, task.state, task.note, where)


def _scene(ref: Ref, names: dict[str, str]) -> Scene:
    point = Point(ref.lon, ref.lat)
    return Scene(
        ref.id, ref.number, ref.title, ref.category, ref.priority, ref.agency, point, ref.place, ref.secret,
        ref.simulated, _shown(ref, names),
    )  # fmt: skip


def _shown(ref: Ref, names: dict[str, str]) -> dict[str, Any]:
    """As the incidents' own events have it."""
    hidden = ref.secret
    return {
        "number": ref.number, "title": ref.title, "priority": ref.priority, "opened_at": ref.opened_at,
        "agency_name": names.get(ref.agency, ref.agency), "lon": None if hidden else ref.lon,
        "lat": None if hidden else ref.lat, "place": ref.area_name if hidden else ref.place,
        "photo": "" if hidden else ref.photo,
    }  # fmt: skip
