"""Ways to an incident: by the city's road network, or guessed from straight lines where there is none."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from patriot.dispatch.ranking import DETOUR, STRAIGHT_KMH, Reason, Road, straight
from patriot.kernel.geometry import Point
from patriot.places import routing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ways:
    """A way for each source, None where no road leads; and what the reader should be told about them."""

    roads: list[Road | None]
    by_road: bool
    indicative: bool = False
    remarks: tuple[Reason, ...] = ()


def in_use() -> routing.NetworkInfo | None:
    """The city's road network; None, and a line in the log, where there is none."""
    try:
        return routing.network()
    except routing.NoNetwork as fault:
        log.info("no road times, straight lines instead: %s", fault)
        return None


def top_speed_kmh(network: routing.NetworkInfo | None) -> float:
    """Nobody arrives sooner than by the straight line at this speed."""
    return network.top_speed_kmh if network else STRAIGHT_KMH / DETOUR


def ways(sources: Sequence[Point], destination: Point, network: routing.NetworkInfo | None) -> Ways:
    """How long each source takes to get there: one call for all."""
    if not sources:
        return Ways([], True)
    if network is None:
        return _guessed(sources, destination, "no_network")
    legs = routing.travel_times(sources, destination, network)
    if not any(legs):
        return _guessed(sources, destination, "off_road")
    roads = [None if leg is None else Road(leg.seconds, leg.metres) for leg in legs]
    indicative = network.indicative
    return Ways(roads, True, indicative, (Reason("indicative_network"),) if indicative else ())


def _guessed(sources: Sequence[Point], destination: Point, why: str) -> Ways:
    return Ways([straight(source, destination) for source in sources], False, remarks=(Reason(why),))
