"""Dispatch's periodic work."""

from django.db.models import F

from patriot.dispatch import actions
from patriot.dispatch.models import Assignment
from patriot.dispatch.rules import State, suggests_arrival
from patriot.dispatch.scene import scenes
from patriot.fleet.queries import latest_positions
from patriot.kernel.geometry import Point, distance_m
from patriot.kernel.jobs import every


@every("* * * * * */3")
def notice_arrivals() -> None:
    """Suggest arrival to crews whose vehicle stands at their incident: a look at those on the way only."""
    rows = Assignment.objects.filter(arrival_suggested_at=None, state__in=(State.ACCEPTED, State.EN_ROUTE))
    on_the_way = list(rows.exclude(unit__vehicle_id=None).annotate(vehicle=F("unit__vehicle_id")))
    if not on_the_way:
        return
    seen = {fix.vehicle_id: fix for fix in latest_positions(vehicle_ids=[row.vehicle for row in on_the_way])}
    where = scenes({row.incident_id for row in on_the_way})
    for row in on_the_way:
        fix = seen.get(row.vehicle)
        if fix is not None and fix.fixed_at >= row.assigned_at:
            metres = distance_m(Point(fix.lon, fix.lat), where[row.incident_id].point)
            if suggests_arrival(metres, fix.accuracy_m):
                actions.suggest_arrival(row.pk, metres)
