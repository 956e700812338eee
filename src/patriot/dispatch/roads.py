"""Ways to an incident: by the city's road network, or guessed from straight lines where there is none."""

import logging
from collections.abc import Sequence

from patriot.dispatch.ranking import Reason, Road, straight
from patriot.kernel.geometry import Point

try:
    from patriot.places import routing
except ImportError:
    routing = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

type Ways = tuple[list[Road | None], bool, bool, tuple[Reason, ...]]


def ways(sources: Sequence[Point], destination: Point) -> Ways:
    """A way for each source (None: no road leads there), whether they are by road, whether the network is
    indicative only, and what the reader should be told about that."""
    try:
        network = routing.network()
        legs = routing.travel_times(sources, destination)
    except Exception as fault:
        log.warning("no road times, straight lines instead: %s", fault)
        return [straight(source, destination) for source in sources], False, False, (Reason("no_network"),)
    roads = [None if leg is None else Road(leg.seconds, leg.metres) for leg in legs]
    remarks = (Reason("indicative_network"),) if network.indicative else ()
    return roads, True, network.indicative, remarks
