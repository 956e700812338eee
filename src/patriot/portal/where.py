"""From what a citizen gave (a pin, a choice, some words) to one point, or to what to ask next."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from patriot.kernel.geometry import Point
from patriot.places import queries as places

MOST = 6


@dataclass(frozen=True)
class Candidate:
    """A place that the words may mean."""

    label: str
    kind: str
    point: Point

    @property
    def value(self) -> str:
        """As the form sends it back."""
        return f"{self.point.lon:.6f},{self.point.lat:.6f}"


@dataclass(frozen=True)
class Where:
    """A point, or why there is none and what it may be."""

    point: Point | None = None
    fault: object = ""
    candidates: list[Candidate] = field(default_factory=list)


def find(pin: Point | None, chosen: str, words: str) -> Where:
    """The point: a chosen candidate, else the pin, else what the words mean if that is only one place."""
    point = parse(chosen) or pin
    if point is not None:
        return Where(point)
    if not words.strip():
        return Where(fault=_("Say where it is: on the map, or by a street or a well-known place."))
    found = candidates(words)
    if not found:
        return Where(
            fault=_("We did not find this place. Try the name of a street, a market, a school, a kelurahan.")
        )
    if len(found) == 1:
        return Where(found[0].point)
    return Where(fault=_("Which of these do you mean?"), candidates=found)


def candidates(words: str) -> list[Candidate]:
    """Places in the city that these words may mean, best first."""
    hits = places.find_place(words[:120], limit=MOST)
    return [Candidate(hit.label, hit.kind, Point(hit.lon, hit.lat)) for hit in hits]


def parse(text: str) -> Point | None:
    """A point out of "lon,lat", or None."""
    lon, _comma, lat = text.partition(",")
    try:
        point = Point(float(lon), float(lat))
    except ValueError:
        return None
    return point if point.is_valid else None
