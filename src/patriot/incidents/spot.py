"""Where a report lies, in codes and words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from patriot.incidents import rules
from patriot.kernel.errors import Invalid
from patriot.kernel.geometry import Point
from patriot.places import queries as places

ON_ROAD_M = 40  # a phone's position is good to some 20 m, half a road's width comes on top
NEAR_ROAD_M = 150  # farther away, the place is named by its kelurahan alone


@dataclass(frozen=True)
class Spot:
    """A point with its areas, its nearest street and whose road that is."""

    point: Point
    area: str = ""
    area_name: str = ""
    kecamatan: str = ""
    kecamatan_name: str = ""
    street: str = ""
    road_authority: str = ""

    @property
    def words(self) -> str:
        """Street and kelurahan."""
        return ", ".join(part for part in (self.street, self.area_name) if part)

    @property
    def place(self) -> rules.Place:
        """As routing sees it."""
        return rules.Place(tuple(code for code in (self.area, self.kecamatan) if code), self.road_authority)


def locate(point: Point) -> Spot:
    """The areas and street of a point. Raises Invalid when it lies outside the city."""
    area = places.area_at(point)
    if area is None:
        if places.areas("kecamatan"):
            raise Invalid({"position": _("This place lies outside the city. Move the pin into the city.")})
        return Spot(point)  # a city without areas yet
    road = places.nearest_road(point)
    near = road if road and road.metres <= NEAR_ROAD_M else None
    street = near.name if near else ""
    authority = near.authority if near and near.metres <= ON_ROAD_M else ""
    above = (area.code, area.name) if area.level == "kecamatan" else (area.parent, area.parent_name)
    return Spot(point, area.code, area.name, *above, street, authority)
