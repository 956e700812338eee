"""One click from an alarm to an incident: opened, or found when there is one already. Linked both ways."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from patriot.alarms import actions as alarms
from patriot.alarms import queries as alarm_queries
from patriot.alarms.queries import AlarmRow
from patriot.incidents import change, events, policy
from patriot.incidents.models import Category, Incident, IncidentAlarm
from patriot.incidents.receiving import same_problem
from patriot.incidents.rules import OPEN, Priority, Routed, State
from patriot.incidents.spot import Spot, locate
from patriot.kernel import clock
from patriot.kernel.errors import Conflict, Invalid, NotAllowed
from patriot.kernel.geometry import Point
from patriot.kernel.ids import readable_code
from patriot.people import queries as people
from patriot.people.rules import Role, Viewer
from patriot.reports import rules as reports

OPENERS = (Role.OPERATOR, Role.DISPATCHER)
EMERGENCY = "emergency:"  # these alarms came from an incident: it is the one
URGENCY = {"high": Priority.P1, "medium": Priority.P2, "low": Priority.P3}
TRIES = 5
NUMBER_LENGTH = 5  # as reports


@dataclass(frozen=True)
class FromAlarm:
    """The incident an alarm led to. `found`: it was there already."""

    incident_id: int
    number: str
    found: bool


@transaction.atomic
def open_from_alarm(alarm_id: int, *, viewer: Viewer) -> FromAlarm:
    """The alarm's open incident; else one of the same kind near its thing; else a new one.

    Raises NotAllowed, NotFound, and Invalid when the city has not said what such alarms are about.
    """
    if not viewer.has(*OPENERS):
        raise NotAllowed(_("Your role does not allow this."))
    alarms.hold(alarm_id, viewer=viewer)  # a second click waits here for the first
    alarm = alarm_queries.alarm(alarm_id, viewer)
    known = _known(alarm)
    if known is not None:
        return _linked(alarm, known, viewer, found=True)
    category, spot = _category(alarm), _spot(alarm)
    same = same_problem(category.code, spot.point, alarm.simulated)
    if same is not None:
        return _linked(alarm, same, viewer, found=True)
    return _linked(alarm, _open(alarm, category, spot, viewer), viewer, found=False)


def _known(alarm: AlarmRow) -> Incident | None:
    """The incident that this alarm led to and that is not over, or the one it came from."""
    rows = Incident.objects.select_related("category")
    if alarm.condition.startswith(EMERGENCY):
        return rows.filter(pk=int(alarm.condition.removeprefix(EMERGENCY))).first()
    return rows.filter(alarms__alarm_id=alarm.id, state__in=OPEN).order_by("-pk").first()


def _category(alarm: AlarmRow) -> Category:
    code = alarm_queries.kind(alarm.code).category
    category = Category.objects.filter(code=code, active=True).first()
    if category is None:
        words = _("Nobody has said yet which category of incident “{alarm}” opens. See the types of alarms.")
        raise Invalid({"category": words.format(alarm=alarm.type_name)})
    return category


def _spot(alarm: AlarmRow) -> Spot:
    """The thing's place. A gauge upstream may lie outside the city: its place is what it is called."""
    if alarm.lon is None or alarm.lat is None:
        raise Invalid({"position": _("Nobody knows where this device stands. Add its position first.")})
    point = Point(alarm.lon, alarm.lat)
    try:
        return locate(point)
    except Invalid:
        return Spot(point)


def _open(alarm: AlarmRow, category: Category, spot: Spot, viewer: Viewer) -> Incident:
    now = clock.now()
    routed = _route(alarm, category, spot)
    respond_due, resolve_due = policy.deadlines(category, now)
    row = Incident.objects.create(
        number=_number(), category=category, title=category.name_id, state=State.RECEIVED,
        priority=min(category.priority, URGENCY[alarm.priority]), agency=routed.agency,
        routed_by=routed.why[:200], lon=spot.point.lon, lat=spot.point.lat,
        place=(spot.words or alarm.name)[:240], area=spot.area, area_name=spot.area_name,
        kecamatan=spot.kecamatan,
        kecamatan_name=spot.kecamatan_name, opened_at=now, respond_due=respond_due, resolve_due=resolve_due,
        simulated=alarm.simulated or viewer.simulated,
    )  # fmt: skip
    words = f"{alarm.name}: {alarm.label}".removesuffix(": ")
    change.announce(events.Opened, row, viewer.actor, why=routed.why, alarm=alarm.id, alarm_words=words)
    return row


def _route(alarm: AlarmRow, category: Category, spot: Spot) -> Routed:
    """The agency of the device for alarms about the device itself, else by category and place as always."""
    now = clock.now()
    if alarm_queries.kind(alarm.code).to_owner and alarm.agency:
        day = now.astimezone(clock.WIB).date()
        return Routed(people.agency_at(alarm.agency, day), _("The alarm's device belongs to it."))
    return policy.owner(category, spot.place, now)


def _number() -> str:
    """A number in the form of reports' numbers, that no incident has."""
    for _try in range(TRIES):
        number = reports.number(clock.now(), readable_code(NUMBER_LENGTH))
        if not Incident.objects.filter(number=number).exists():
            return number
    raise Conflict(_("No free number was found. Please try again."))


def _linked(alarm: AlarmRow, row: Incident, viewer: Viewer, *, found: bool) -> FromAlarm:
    IncidentAlarm.objects.get_or_create(incident=row, alarm_id=alarm.id, defaults={"at": clock.now()})
    alarms.link_incident(alarm.id, row.pk, row.number, actor=viewer.actor)
    return FromAlarm(row.pk, row.number, found)
