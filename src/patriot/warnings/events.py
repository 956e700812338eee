"""What warnings announces. Drafts are nobody's but the center's; what was published is everybody's."""

from dataclasses import dataclass
from datetime import datetime

from patriot.kernel.events import announces

PUBLIC = (
    "warning", "identifier", "first", "step", "status", "state", "hazard", "category", "urgency", "severity",
    "certainty", "event_id", "event_en", "headline_id", "headline_en", "instruction_id", "instruction_en",
    "places", "areas", "agency", "sent", "onset", "expires", "geometry", "ends",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class About:
    """A message as it stands after the event. `first`: the chain's first message; `ends`: the messages that
    this one takes out of force. `geometry`: GeoJSON, simplified for maps, lon, lat.
    """

    warning: int
    identifier: str
    first: int
    step: str
    status: str
    state: str
    hazard: str
    category: str
    urgency: str
    severity: str
    certainty: str
    event_id: str
    event_en: str
    headline_id: str
    headline_en: str
    instruction_id: str
    instruction_en: str
    places: str
    areas: list[str]
    agency: str
    condition: str
    sent: datetime | None
    onset: datetime | None
    expires: datetime | None
    waits_until: datetime | None
    geometry: dict[str, object] | None
    ends: list[int]
    reason: str = ""


@announces("warnings.drafted")
@dataclass(frozen=True, kw_only=True)
class Drafted(About):
    """Somebody began or changed a draft."""


@announces("warnings.submitted")
@dataclass(frozen=True, kw_only=True)
class Submitted(About):
    """A draft waits for a second person until `waits_until`; then leadership is called."""


@announces("warnings.returned")
@dataclass(frozen=True, kw_only=True)
class Returned(About):
    """The second person sent it back with a reason."""


@announces("warnings.escalated")
@dataclass(frozen=True, kw_only=True)
class Escalated(About):
    """Nobody decided in time. It still waits, and leadership was called; it was not published."""


@announces("warnings.discarded")
@dataclass(frozen=True, kw_only=True)
class Discarded(About):
    """A draft was given up."""


@announces("warnings.approved")
@dataclass(frozen=True, kw_only=True)
class Approved(About):
    """A second person approved it. It is published in the same breath."""


@announces("warnings.published", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Published(About):
    """A first message is in force."""


@announces("warnings.updated", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Updated(About):
    """A message replaced the earlier ones of its chain; an all clear is one that ends the danger."""


@announces("warnings.cancelled", public=(*PUBLIC, "reason"))
@dataclass(frozen=True, kw_only=True)
class Cancelled(About):
    """A withdrawal ended a chain."""


@announces("warnings.expired", public=PUBLIC)
@dataclass(frozen=True, kw_only=True)
class Expired(About):
    """Its time is over."""


@announces("warnings.delivered", public=("warning", "sent", "failed", "gone"))
@dataclass(frozen=True, kw_only=True)
class Delivered:
    """Everybody who was to be told of a message has been tried: how many got it, failed, or are gone."""

    warning: int
    sent: int
    failed: int
    gone: int


@announces("warnings.siren_ordered", public=("warning", "siren", "action", "until"))
@dataclass(frozen=True, kw_only=True)
class SirenOrdered:
    """A siren was told to sound, be silent, or test itself."""

    warning: int
    siren: str
    action: str
    until: datetime


@announces("warnings.siren_answered", public=("warning", "siren", "action", "answer"))
@dataclass(frozen=True, kw_only=True)
class SirenAnswered:
    """A siren said what it did."""

    warning: int
    siren: str
    action: str
    answer: str


FOREIGN = (
    "alert", "source", "identifier", "sender_name", "status", "msg_type", "urgency", "severity", "texts",
    "places", "sent", "onset", "expires", "geometry", "ends",
)  # fmt: skip


@announces("warnings.taken_in", public=FOREIGN)
@dataclass(frozen=True, kw_only=True)
class TakenIn:
    """Somebody else's warning that touches the city came in.

    `ends`: those it takes out of force, itself among them when it does not hold for the city.
    """

    alert: int
    source: str
    identifier: str
    sender_name: str
    status: str
    msg_type: str
    urgency: str
    severity: str
    texts: dict[str, dict[str, str]]
    places: str
    sent: datetime
    onset: datetime | None
    expires: datetime | None
    geometry: dict[str, object] | None
    ends: list[int]


@announces("warnings.source_changed", public=("source", "silent", "heard_at"))
@dataclass(frozen=True, kw_only=True)
class SourceChanged:
    """A source fell silent or speaks again."""

    source: str
    silent: bool
    heard_at: datetime | None
