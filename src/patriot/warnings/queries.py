"""Every read of warnings: for the center, for the public, for machines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language

from patriot.kernel import clock
from patriot.people import queries as people
from patriot.people.rules import Role, Viewer
from patriot.warnings import actions, areas, compose, rules, tell
from patriot.warnings.models import (
    AreaForecast,
    Delivery,
    ForeignAlert,
    PublicWarning,
    Siren,
    SirenOrder,
    SourceState,
    WarningTemplate,
)
from patriot.warnings.rules import State, Status, Step

SHOWN_STATES = (State.PUBLISHED, State.REPLACED, State.ENDED, State.EXPIRED)
IN_FEED = 60


@dataclass(frozen=True)
class WarningRow:
    """One message, with its words in the reader's language."""

    id: int
    identifier: str
    step: str
    step_label: str
    status: str
    status_label: str
    state: str
    state_label: str
    severity: str
    severity_label: str
    urgency: str
    urgency_label: str
    certainty_label: str
    category: str
    event: str
    headline: str
    description: str
    instruction: str
    label: str  # LATIHAN, AMAN …: stands before the headline; "" for a plain real warning
    area_desc: str
    agency: str
    agency_name: str
    onset: datetime | None
    expires: datetime | None
    sent: datetime | None
    drafted_at: datetime
    waits_until: datetime | None
    escalated_at: datetime | None
    reason: str
    simulated: bool
    life_threatening: bool
    first: int

    @property
    def title(self) -> str:
        """The headline with its label, for where nothing else says that it is a drill or an all clear."""
        return f"{self.label}: {self.headline}" if self.label else self.headline

    @property
    def in_force(self) -> bool:
        """True while people should heed it."""
        return self.state == State.PUBLISHED

    @property
    def is_good_news(self) -> bool:
        """True for an all clear or a withdrawal."""
        return self.step in (Step.ALL_CLEAR, Step.CANCEL)

    @property
    def tone(self) -> str:
        """How loud it is on a page: `bad`, `warn`, `info` or `good`."""
        if self.is_good_news:
            return "good"
        return {"Extreme": "bad", "Severe": "bad", "Moderate": "warn"}.get(self.severity, "info")


def language() -> str:
    """The reader's language: `id` or `en`."""
    return "en" if (get_language() or "id").startswith("en") else "id"


def _row(row: PublicWarning, names: dict[str, str]) -> WarningRow:
    tongue = language()
    return WarningRow(
        id=row.pk, identifier=row.identifier, step=row.step, step_label=str(row.get_step_display()),
        status=row.status, status_label=str(row.get_status_display()), state=row.state,
        state_label=str(row.get_state_display()), severity=row.severity,
        severity_label=str(row.get_severity_display()), urgency=row.urgency,
        urgency_label=str(row.get_urgency_display()), certainty_label=str(row.get_certainty_display()),
        category=row.category, event=getattr(row, f"event_{tongue}"),
        headline=getattr(row, f"headline_{tongue}"), description=getattr(row, f"description_{tongue}"),
        instruction=getattr(row, f"instruction_{tongue}"),
        label=rules.prefix(row.status, row.step, tongue).rstrip(":"),
        area_desc=row.area_desc, agency=row.agency, agency_name=names.get(row.agency, row.agency),
        onset=row.onset, expires=row.expires, sent=row.sent, drafted_at=row.drafted_at,
        waits_until=row.waits_until, escalated_at=row.escalated_at, reason=row.reason,
        simulated=row.simulated, life_threatening=rules.life_threatening(row.severity, row.urgency),
        first=row.first_id or row.pk,
    )  # fmt: skip


def _rows(found: Iterable[PublicWarning]) -> list[WarningRow]:
    names = people.agency_full_names()
    return [_row(row, names) for row in found]


def visible(viewer: Viewer) -> QuerySet[PublicWarning]:
    """What somebody of the center may see: heads see their agency's drafts, everybody what is public."""
    if viewer.citywide:
        return PublicWarning.objects.all()
    own = Q(agency__in=viewer.agencies) if viewer.has(Role.HEAD) else Q(pk__isnull=True)
    return PublicWarning.objects.filter(own | Q(state__in=SHOWN_STATES))


def listed(viewer: Viewer, limit: int = 100) -> dict[str, list[WarningRow]]:
    """The center's list: what waits for approval, what is in force, drafts, what is over."""
    rows = _rows(visible(viewer).exclude(state=State.DISCARDED)[:limit])
    return {
        "waiting": [row for row in rows if row.state == State.WAITING],
        "in_force": sorted((row for row in rows if row.in_force), key=_gravest_first),
        "drafts": [row for row in rows if row.state == State.DRAFT],
        "over": [row for row in rows if row.state in SHOWN_STATES and not row.in_force],
    }


def record(warning_id: int, viewer: Viewer) -> PublicWarning | None:
    """The whole record, for the composing page only."""
    return visible(viewer).filter(pk=warning_id).first()


def row(warning_id: int, viewer: Viewer) -> WarningRow | None:
    """One message as the center sees it."""
    found = visible(viewer).filter(pk=warning_id)
    return next(iter(_rows(found)), None)


def chain(first: int) -> list[WarningRow]:
    """All messages of a chain that were sent, oldest first."""
    found = PublicWarning.objects.filter(Q(pk=first) | Q(first=first), state__in=SHOWN_STATES)
    return _rows(found.order_by("pk"))


def active(now: datetime | None = None) -> list[WarningRow]:
    """What the public should heed now, the gravest first; all clears after the warnings. No tests."""
    now = now or clock.now()
    found = PublicWarning.objects.filter(state=State.PUBLISHED, expires__gt=now).exclude(status=Status.TEST)
    return sorted(_rows(found), key=_gravest_first)


def _gravest_first(row: WarningRow) -> tuple[bool, int, int]:
    return row.is_good_news, rules.Severity.values.index(row.severity), -row.id


def public(identifier: str) -> WarningRow | None:
    """A published message by its identifier."""
    found = PublicWarning.objects.filter(identifier=identifier, state__in=SHOWN_STATES)
    return next(iter(_rows(found)), None)


def recent(limit: int = 20) -> list[WarningRow]:
    """Published messages that are over, newest first."""
    found = PublicWarning.objects.filter(state__in=SHOWN_STATES).exclude(state=State.PUBLISHED)
    return _rows(found.order_by("-sent")[:limit])


def geometry(identifiers: Iterable[str]) -> dict[str, dict[str, object] | None]:
    """The shapes of published messages for maps, by identifier."""
    rows = PublicWarning.objects.filter(identifier__in=list(identifiers), state__in=SHOWN_STATES)
    return {
        one.identifier: areas.for_maps(areas.shape_of(one.area_codes, one.drawn, one.circle)) for one in rows
    }


def cap_of(identifier: str) -> str | None:
    """A published message's XML, as it was sent."""
    found = PublicWarning.objects.filter(identifier=identifier, state__in=SHOWN_STATES)
    return found.values_list("cap", flat=True).first()


@dataclass(frozen=True)
class FeedEntry:
    """What the feed says of one message."""

    identifier: str
    title: str
    summary: str
    sent: datetime
    expires: datetime
    event: str
    category: str
    urgency: str
    severity: str
    certainty: str
    status: str
    msg_type: str
    area_desc: str
    author: str


def feed() -> list[FeedEntry]:
    """Messages in force, and those of late, newest first, in Indonesian."""
    names = people.agency_full_names()
    rows = PublicWarning.objects.filter(state__in=SHOWN_STATES).order_by("-sent", "-pk")[:IN_FEED]
    return [_entry(one, names) for one in rows]


def _entry(one: PublicWarning, names: dict[str, str]) -> FeedEntry:
    title = f"{rules.prefix(one.status, one.step, 'id')} {one.headline_id}".strip()
    sent, expires = one.sent or one.drafted_at, one.expires or one.drafted_at  # published: it has both
    return FeedEntry(
        one.identifier, title, one.description_id, sent, expires, one.event_id, one.category,
        one.urgency, one.severity, one.certainty, one.status, rules.MSG_TYPES[Step(one.step)], one.area_desc,
        names.get(one.agency, "Patriot"),
    )  # fmt: skip


def feed_mark() -> str:
    """Changes whenever the feed does."""
    newest = PublicWarning.objects.filter(state__in=SHOWN_STATES).order_by("-sent", "-pk").first()
    return f"{newest.pk}-{newest.sent:%Y%m%d%H%M%S}" if newest and newest.sent else "empty"


@dataclass(frozen=True)
class Report:
    """How many were told by one channel."""

    channel: str
    due: int
    sent: int
    failed: int
    gone: int

    @property
    def total(self) -> int:
        """Everybody who was to be told."""
        return self.due + self.sent + self.failed + self.gone


def delivery_report(warning_id: int) -> list[Report]:
    """What became of telling subscribers, by channel."""
    counted = Delivery.objects.filter(warning=warning_id).values("channel", "state").annotate(n=Count("pk"))
    found: dict[str, dict[str, int]] = {}
    for one in counted:
        found.setdefault(one["channel"], {})[one["state"]] = one["n"]
    states = ("due", "sent", "failed", "gone")
    return [Report(channel, *(by.get(state, 0) for state in states)) for channel, by in sorted(found.items())]


@dataclass(frozen=True)
class OrderRow:
    """What a siren was told, and what it said."""

    siren: str
    code: str
    action: str
    at: datetime
    until: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    answer: str


def siren_orders(warning_id: int) -> list[OrderRow]:
    """The orders of a message's chain, newest first."""
    known = PublicWarning.objects.filter(pk=warning_id).values_list("pk", "first").first()
    first = (known[1] or known[0]) if known else 0
    rows = SirenOrder.objects.select_related("siren").filter(Q(warning=first) | Q(warning__first=first))
    return [
        OrderRow(one.siren.name, one.siren.code, one.action, one.at, one.until, one.sent_at, one.answered_at,
                 one.answer) for one in rows.order_by("-pk")[:200]
    ]  # fmt: skip


def sirens() -> list[Any]:
    """The sirens in use."""
    return list(Siren.objects.filter(in_use=True).values("code", "name", "lon", "lat", "agency", "simulated"))


def templates() -> list[WarningTemplate]:
    """The city's hazards."""
    return list(WarningTemplate.objects.all())


def may_approve(viewer: Viewer, warning_id: int) -> bool:
    """Whether this viewer is one who may give the second approval."""
    found = PublicWarning.objects.filter(pk=warning_id).first()
    return found is not None and actions.may_approve(viewer, found)


def waiting_for(viewer: Viewer) -> list[WarningRow]:
    """What this viewer could approve now, the longest waiting first."""
    if not (viewer.has(*actions.APPROVERS) or viewer.has(Role.HEAD)):
        return []
    found = visible(viewer).filter(state=State.WAITING).order_by("submitted_at")
    return _rows(one for one in found if actions.may_approve(viewer, one))


def preview(warning: PublicWarning) -> str:
    """The message as it would be sent, in XML."""
    return compose.preview(warning)


@dataclass(frozen=True)
class ForeignRow:
    """Somebody else's warning, in the reader's language."""

    id: int
    source: str
    sender_name: str
    event: str
    headline: str
    description: str
    instruction: str
    severity: str
    urgency: str
    area_desc: str
    sent: datetime
    expires: datetime | None
    received_at: datetime
    status: str
    web: str
    geometry: dict[str, Any] | None


def foreign(now: datetime | None = None) -> list[ForeignRow]:
    """Warnings of others that are in force, newest first."""
    now = now or clock.now()
    found = ForeignAlert.objects.filter(ended_at=None).filter(Q(expires=None) | Q(expires__gt=now))
    return [_foreign(one) for one in found[:50]]


def _foreign(one: ForeignAlert) -> ForeignRow:
    words: dict[str, str] = one.texts.get(language()) or next(iter(one.texts.values()), {})
    return ForeignRow(
        one.pk, one.source, one.sender_name or one.sender, words.get("event", ""), words.get("headline", ""),
        words.get("description", ""), words.get("instruction", ""), one.severity, one.urgency, one.area_desc,
        one.sent, one.expires, one.received_at, one.status, one.web, one.geometry,
    )  # fmt: skip


@dataclass(frozen=True)
class SourceRow:
    """A source, when it was last heard, and whether it is silent."""

    source: str
    heard_at: datetime | None
    silent: bool
    fault: str


def sources() -> list[SourceRow]:
    """The sources of others' warnings."""
    return [
        SourceRow(one.source, one.heard_at, one.silent, one.fault)
        for one in SourceState.objects.order_by("source")
    ]


def forecast(area: str) -> AreaForecast | None:
    """The newest weather forecast of an area."""
    return AreaForecast.objects.filter(area=area).order_by("-received_at").first()


def reach(warning: PublicWarning) -> int:
    """How many subscribers a message concerns: one for each address."""
    return len(tell.concerned(warning))
