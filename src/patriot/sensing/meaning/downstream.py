"""What lies above what, by links and kilometres of rivers and basins of rain; and who is to be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from patriot.sensing.models import Condition, RiverLink, Thing
from patriot.sensing.rules import Purpose

DOUBTS = ("no_data", "flatline", "drift", "offline")  # conditions of a device that speak against its word


@dataclass
class _Waters:
    """River and kilometre of each gauge, rain gauges of each basin, as the city's table of things says."""

    rivers: dict[int, str] = field(default_factory=dict)
    along: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    basins: dict[str, set[int]] = field(default_factory=dict)


def doubted() -> frozenset[int]:
    """Things that are silent, stuck or drifting now: what they say of the water may be wrong."""
    rows = Condition.objects.filter(code__in=DOUBTS, level__gt=0).values_list("thing_id", flat=True)
    return frozenset(thing for thing in rows if thing is not None)


def above() -> dict[int, frozenset[int]]:
    """By thing, all things whose water comes past it: gauges however far upstream, rain in their basins.

    Rain gauges of one basin lie above each other: one storm passes over them all. A thing without any is not
    in it.
    """
    waters = _waters()
    ups: dict[int, set[int]] = {}
    for upper, lower in RiverLink.objects.values_list("upstream_id", "downstream_id"):
        ups.setdefault(lower, set()).add(upper)
    for gauges in waters.along.values():
        for km, lower in gauges:
            ups.setdefault(lower, set()).update(upper for other, upper in gauges if other < km)
    found = {thing: _upstream(thing, ups) for thing in {*waters.rivers, *ups}}
    for thing, uppers in found.items():
        rivers = {waters.rivers.get(one, "") for one in (thing, *uppers)}
        uppers |= {rain for river in rivers for rain in waters.basins.get(river, ())}
    for rains in waters.basins.values():
        found |= {rain: rains - {rain} for rain in rains}
    return {thing: frozenset(uppers) for thing, uppers in found.items() if uppers}


def _waters() -> _Waters:
    said = ("pk", "properties__river", "properties__km", "properties__basin")
    rows = Thing.objects.filter(purpose__in=(Purpose.WATER_LEVEL, Purpose.RAIN)).values_list(*said)
    waters = _Waters()
    for pk, river, km, basin in rows:
        if river:
            waters.rivers[pk] = str(river)
            if (at := _number(km)) is not None:
                waters.along.setdefault(str(river), []).append((at, pk))
        elif basin:
            waters.basins.setdefault(str(basin), set()).add(pk)
    return waters


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


def _upstream(thing: int, ups: Mapping[int, set[int]]) -> set[int]:
    """Everything the links lead up to; a circle in them ends where it began."""
    found: set[int] = set()
    ahead = [thing]
    while ahead:
        fresh = ups.get(ahead.pop(), set()) - found - {thing}
        found |= fresh
        ahead += fresh
    return found
