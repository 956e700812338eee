"""Small makers of people and agencies for tests of every room."""

from patriot.funds.models import ResponseFund
from patriot.funds.queries import this_year
from patriot.incidents.actions import Received, receive_report
from patriot.incidents.models import Category, ServiceLevel
from patriot.people import actions
from patriot.people.models import Agency, User
from patriot.people.rules import AGENCY, Role, Viewer
from patriot.reports.actions import ReportDraft

PASSWORD = "gerobak-kuning-17"


def agency(code: str = "dbmta") -> Agency:
    """An agency of that code; the same one at the second call."""
    defaults = {"name": code.title(), "short": code.upper(), "kind": "dinas", "valid_from": "2016-01-01"}
    return Agency.objects.get_or_create(code=code, defaults=defaults)[0]


def user(role: Role, agency_code: str = "", *, username: str = "") -> User:
    """An account that holds the role; an agency's role is held in `dbmta` unless told."""
    code = agency_code or ("dbmta" if role in AGENCY else "")
    name = username or f"{role}.{code}".strip(".")
    pk = actions.create_user(name, actor="system:test", name=role.title(), password=PASSWORD)
    if code:
        agency(code)
    actions.grant(pk, role, code, actor="system:test")
    return User.objects.get(pk=pk)


def viewer(role: Role, *agencies: str) -> Viewer:
    """A viewer without an account, for rules and queries."""
    return Viewer(1, role.title(), frozenset({role}), frozenset(agencies))


def category(code: str = "lubang_jalan", agency_code: str = "dbmta", **changes: object) -> Category:
    """A category owned by the agency, with two working days to be solved; the same one at the second call."""
    agency(agency_code)
    for stage, days in (("first_response", 1), ("resolve", 2), ("close_after_answer", 10)):
        level = {"name": "Light", "amount": days, "unit": "days", "calendar": "working"}
        ServiceLevel.objects.get_or_create(code="light", stage=stage, defaults=level)
    defaults = {"name_id": "Lubang di jalan", "name_en": "Pothole", "group": "Jalan",
                "agency": agency_code, "priority": "P2", "service_level": "light", "unit_kind": "road_crew",
                "icon": "pothole", "task_kind": "repair", "estimate_idr": 950_000}  # fmt: skip
    return Category.objects.get_or_create(code=code, defaults=defaults | changes)[0]


def received(lon: float = 106.99, lat: float = -6.24, *, code: str = "lubang_jalan",
             agency_code: str = "dbmta", words: str = "Lubang besar", simulated: bool = False,
             actor: str = "citizen",
             **draft: object) -> Received:  # fmt: skip
    """A report that came in, with the incident it opened or was attached to."""
    category(code, agency_code)
    sent = ReportDraft(category=code, lon=lon, lat=lat, words=words, **draft)  # type: ignore[arg-type]
    return receive_report(sent, actor=actor, simulated=simulated)


def fund(agency_code: str = "dbmta", amount: int = 10_000_000) -> ResponseFund:
    """An agency's response fund of this year."""
    limits = {"amount_idr": amount, "small_limit_idr": 1_000_000, "head_limit_idr": 5_000_000}
    return ResponseFund.objects.get_or_create(agency=agency_code, year=this_year(), defaults=limits)[0]
