"""A temporary repair is not the end: its permanent one is an incident of its own, with its own deadline."""

from patriot.incidents import change, events, policy
from patriot.incidents.models import Incident
from patriot.incidents.rules import Priority, State
from patriot.kernel import clock

COPIED = (
    "category", "title", "agency", "routed_by", "lon", "lat", "place", "area", "area_name", "kecamatan",
    "kecamatan_name", "photo", "secret", "simulated",
)  # fmt: skip


def open_for(parent: Incident, actor: str) -> Incident:
    """Open the follow-up of an incident whose row is held. One at a time: an open one is returned."""
    waiting = parent.follow_ups.filter(
        state__in=(State.RECEIVED, State.COORDINATED, State.IN_PROGRESS)
    ).first()
    if waiting is not None:
        return waiting
    now = clock.now()
    respond_due, resolve_due = policy.deadlines(parent.category, now, resolve="permanent")
    row = Incident.objects.create(
        **{name: getattr(parent, name) for name in COPIED}, number=_number(parent), state=State.RECEIVED,
        priority=Priority.P3, opened_at=now, respond_due=respond_due, resolve_due=resolve_due, parent=parent,
    )  # fmt: skip
    change.announce(events.Opened, row, actor)
    return row


def _number(parent: Incident) -> str:
    """The first report's number, counted on: 261121-K7M3Q, then 261121-K7M3Q-2."""
    base = "-".join(parent.number.split("-")[:2])
    return f"{base}-{Incident.objects.filter(number__startswith=base).count() + 1}"
