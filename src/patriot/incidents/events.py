"""What incidents announce. Each event carries the incident as it stands afterwards: fold it by its id."""

from dataclasses import dataclass
from datetime import datetime

from patriot.kernel.events import announces


@dataclass(frozen=True, kw_only=True)
class About:
    """The incident after the event. A secret one has no position and no photo, and its area for a place."""

    incident: int
    number: str
    title: str
    category: str
    icon: str
    state: str
    priority: str
    agency: str
    agency_name: str
    lon: float | None
    lat: float | None
    place: str
    area: str
    kecamatan: str
    kecamatan_name: str
    photo: str
    supporters: int
    opened_at: datetime
    respond_due: datetime
    resolve_due: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    temporary: bool
    escalated: bool
    parent: int | None
    merged_into: int | None


PUBLIC = tuple(About.__dataclass_fields__)


@announces("incident.opened", public=(*PUBLIC, "alarm_words"))
@dataclass(frozen=True, kw_only=True)
class Opened(About):
    """A new problem. `why`: the routing rule in words; `alarm`: the one that led to it, and its words."""

    why: str = ""
    alarm: int | None = None
    alarm_words: str = ""


@announces("incident.report_attached", public=(*PUBLIC, "report_number"))
@dataclass(frozen=True, kw_only=True)
class ReportAttached(About):
    """One more report of the same problem."""

    report_number: str


@announces("incident.state_changed", public=(*PUBLIC, "old", "reason"))
@dataclass(frozen=True, kw_only=True)
class StateChanged(About):
    """From `old` to `state`, by `action`. `reason` is public: a rejection or answer says why."""

    old: str
    action: str
    reason: str = ""


@announces("incident.rerouted", public=(*PUBLIC, "old_agency", "old_agency_name", "reason"))
@dataclass(frozen=True, kw_only=True)
class Rerouted(About):
    """Another owner, and why."""

    old_agency: str
    old_agency_name: str
    reason: str


@announces("incident.priority_changed", public=(*PUBLIC, "old", "reason"))
@dataclass(frozen=True, kw_only=True)
class PriorityChanged(About):
    """Another priority, and why (law 10)."""

    old: str
    reason: str


@announces("incident.merged", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Merged(About):
    """It was the same problem as `merged_into`; its reports went there."""

    into_number: str
    reports: list[int]


@announces("incident.replied", public=(*PUBLIC, "words"))
@dataclass(frozen=True, kw_only=True)
class Replied(About):
    """The agency's words to the citizen, for everybody to read."""

    words: str


@announces("incident.photo_changed", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class PhotoChanged(About):
    """Its picture was hidden, shown or replaced."""


@announces("incident.noted")
@dataclass(frozen=True, kw_only=True)
class Noted(About):
    """Somebody of the center wrote a note; its words stay with the room."""

    note: int


@announces("incident.confirmed", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Confirmed(About):
    """The citizen says it is done."""


@announces("incident.reopened", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Reopened(About):
    """Somebody says it is not done. Their words stay with the room: they may name people."""

    old: str
    times: int
    note: int


@announces("incident.reminded", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Reminded(About):
    """The owner was reminded."""

    note: int


@announces("incident.escalated", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Escalated(About):
    """It was taken above the owner."""

    note: int


@announces("incident.deadline_near", public=(*PUBLIC, "stage", "due"))
@dataclass(frozen=True, kw_only=True)
class DeadlineNear(About):
    """A deadline is in its last quarter."""

    stage: str
    due: datetime


@announces("incident.deadline_broken", public=(*PUBLIC, "stage", "due"))
@dataclass(frozen=True, kw_only=True)
class DeadlineBroken(About):
    """A deadline has passed without its stage being reached."""

    stage: str
    due: datetime


TASK = (*PUBLIC, "task", "task_kind", "task_state", "task_agency", "task_agency_name", "estimate_idr")


@dataclass(frozen=True, kw_only=True)
class AboutTask(About):
    """The incident and one of its tasks, after the event."""

    task: int
    task_kind: str
    task_state: str
    task_agency: str
    task_agency_name: str
    estimate_idr: int


@announces(
    "task.opened", public=(*TASK, "rule", "goes_to", "available_idr", "small_limit_idr", "head_limit_idr")
)
@dataclass(frozen=True, kw_only=True)
class TaskOpened(AboutTask):
    """Work was ordered. `rule`: the fund's rule that applied to these figures; empty when it is free."""

    rule: str = ""
    goes_to: str = ""
    available_idr: int = 0
    small_limit_idr: int = 0
    head_limit_idr: int = 0


@announces("task.funded", public=(*TASK, "approved", "reason"))
@dataclass(frozen=True, kw_only=True)
class TaskFunded(AboutTask):
    """A person decided about its money."""

    approved: bool
    reason: str


@announces("task.state_changed", public=(*TASK, "old", "repair"))
@dataclass(frozen=True, kw_only=True)
class TaskStateChanged(AboutTask):
    """The task moved on."""

    old: str
    repair: str = ""
