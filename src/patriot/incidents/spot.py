"""Where a report lies, in codes and words."""

from dataclasses import dataclass

from patriot.incidents import rules
from patriot.kernel.geometry import Point


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
    return Spot(point)
