"""What alarms announce. Each event carries the alarm as it stands afterwards: fold it by its id.

Words that operators write beside an act stay with the room (`note` names them); reasons of hiding are kept.
"""

from dataclasses import dataclass
from datetime import datetime

from patriot.kernel.events import announces


@dataclass(frozen=True, kw_only=True)
class About:
    """The alarm after the event. `active_since`: of the present or last occurrence; `level` 0: it is over;
    `lead`: the alarm it follows from, while it does.
    """

    alarm: int
    condition: str
    code: str
    state: str
    level: int
    label: str
    priority: str
    name: str
    thing: int | None
    datastream: int | None
    value: float | None
    unit: str
    agency: str
    agency_name: str
    area: str
    lon: float | None
    lat: float | None
    active_since: datetime | None
    called_at: datetime | None
    changed_at: datetime
    acknowledged_at: datetime | None
    until: datetime | None
    reminded: int
    lead: int | None
    incident: int | None
    incident_number: str


@announces("alarms.raised")
@dataclass(frozen=True, kw_only=True)
class Raised(About):
    """It asks for attention: new, worse than before, or no longer hidden."""

    old: str


@announces("alarms.changed")
@dataclass(frozen=True, kw_only=True)
class Changed(About):
    """Its degree, value or words changed without asking for attention: it eased, or is hidden."""


@announces("alarms.grouped")
@dataclass(frozen=True, kw_only=True)
class Grouped(About):
    """It follows from the alarm `lead`: it stands beneath that one and does not call."""

    old: str
    lead_name: str


@announces("alarms.cleared")
@dataclass(frozen=True, kw_only=True)
class Cleared(About):
    """The condition is over."""

    old: str


@announces("alarms.acknowledged")
@dataclass(frozen=True, kw_only=True)
class Acknowledged(About):
    """Somebody has seen it."""

    old: str
    note: int | None = None


@announces("alarms.acknowledgement_undone")
@dataclass(frozen=True, kw_only=True)
class AcknowledgementUndone(About):
    """They had not meant to."""

    old: str


@announces("alarms.reset")
@dataclass(frozen=True, kw_only=True)
class Reset(About):
    """Somebody has made sure that it is over."""


@announces("alarms.shelved")
@dataclass(frozen=True, kw_only=True)
class Shelved(About):
    """Laid aside until `until`, and why."""

    old: str
    reason: str


@announces("alarms.unshelved")
@dataclass(frozen=True, kw_only=True)
class Unshelved(About):
    """Taken back, or its time has ended."""

    by_time: bool


@announces("alarms.suppressed")
@dataclass(frozen=True, kw_only=True)
class Suppressed(About):
    """Hidden by a rule, as designed."""

    old: str
    rule: str
    reason: str


@announces("alarms.released")
@dataclass(frozen=True, kw_only=True)
class Released(About):
    """The rule that hid it no longer applies."""

    rule: str


@announces("alarms.out_of_service")
@dataclass(frozen=True, kw_only=True)
class OutOfService(About):
    """Taken out of service, and why; its owner is `agency`."""

    old: str
    reason: str


@announces("alarms.put_back")
@dataclass(frozen=True, kw_only=True)
class PutBack(About):
    """In service again."""


@announces("alarms.reminded")
@dataclass(frozen=True, kw_only=True)
class Reminded(About):
    """Nobody has acknowledged it: somebody of `role` is told. `others`: alarms told of at the same time."""

    step: int
    role: str
    person: int | None
    waited_s: int
    others: list[int]


@announces("alarms.called_outside")
@dataclass(frozen=True, kw_only=True)
class CalledOutside(About):
    """Nobody answered: so many letters left for those of `role`, in `of_agency` if that is named."""

    step: int
    role: str
    of_agency: str
    letters: int


@announces("alarms.step_ticked")
@dataclass(frozen=True, kw_only=True)
class StepTicked(About):
    """A step of its checklist was done, or was not after all."""

    step: int
    done: bool


@announces("alarms.noted")
@dataclass(frozen=True, kw_only=True)
class Noted(About):
    """Somebody wrote a note; its words stay with the room."""

    note: int


@announces("alarms.incident_linked")
@dataclass(frozen=True, kw_only=True)
class IncidentLinked(About):
    """An incident was opened from it, or it joined one."""


@announces("alarms.window_planned")
@dataclass(frozen=True)
class WindowPlanned:
    """Alarms of a thing (or of one code on it) are expected in this window of maintenance."""

    rule: str
    code: str
    thing: int | None
    starts_at: datetime
    ends_at: datetime
    reason: str


@announces("alarms.window_ended")
@dataclass(frozen=True)
class WindowEnded:
    """A window of maintenance was ended before its time."""

    rule: str
