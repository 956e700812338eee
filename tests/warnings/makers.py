"""Small makers for tests of warnings."""

from datetime import timedelta

from patriot.kernel import clock
from patriot.people.rules import Role, Viewer
from patriot.places.editions import renew
from patriot.places.models import Area
from patriot.warnings import actions
from patriot.warnings.actions import Draft
from patriot.warnings.models import PublicWarning
from tests import factories

OPERATOR = Viewer(101, "Operator", frozenset({Role.OPERATOR}))
SECOND = Viewer(102, "Second operator", frozenset({Role.OPERATOR, Role.LEADERSHIP}))
MAYOR = Viewer(103, "Mayor", frozenset({Role.LEADERSHIP}))
HEAD = Viewer(104, "Head", frozenset({Role.HEAD}), frozenset({"bpbd"}))
SQUARE = [[[106.97, -6.30], [106.99, -6.30], [106.99, -6.28], [106.97, -6.28], [106.97, -6.30]]]


def draft(**changes: object) -> Draft:
    """A complete, life-threatening draft."""
    told: dict[str, object] = {
        "status": "Actual", "agency": "bpbd", "category": "Met", "urgency": "Immediate",
        "severity": "Extreme", "certainty": "Observed", "response": "Evacuate", "event_id": "Banjir",
        "event_en": "Flood", "headline_id": "Banjir besar: mengungsi sekarang",
        "headline_en": "Severe flood: leave now",
        "description_id": "Air naik.", "description_en": "The water rises.",
        "instruction_id": "Mengungsi.",
        "instruction_en": "Leave.", "area_desc": "Jatirasa", "expires": clock.now() + timedelta(hours=6),
        "drawn": {"type": "Polygon", "coordinates": SQUARE},
    }  # fmt: skip
    return Draft(**(told | changes))  # type: ignore[arg-type]


MILD = {"severity": "Minor", "urgency": "Future"}


def published(**changes: object) -> PublicWarning:
    """A warning in force; approved by the mayor where that is needed."""
    factories.agency("bpbd")
    pk = actions.draft(draft(**changes), viewer=OPERATOR)
    if actions.submit(pk, viewer=OPERATOR) == "waiting":
        actions.approve(pk, viewer=MAYOR)
    return PublicWarning.objects.get(pk=pk)


def area(code: str = "32.75.09.1004", name: str = "Jatirasa", level: str = "kelurahan",
         parent: str = "32.75.09", square: list[list[list[float]]] = SQUARE) -> Area:  # fmt: skip
    """An area with a square of ground."""
    told = {"name": name, "level": level, "parent": parent, "lon": square[0][0][0], "lat": square[0][0][1],
            "geometry": {"type": "Polygon", "coordinates": square}}  # fmt: skip
    row = Area.objects.get_or_create(code=code, defaults=told)[0]
    renew("areas")
    return row
