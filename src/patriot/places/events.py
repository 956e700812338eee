"""What this room announces."""

from dataclasses import dataclass

from patriot.kernel.events import announces


@announces("places.boundaries_imported", public=["areas", "source"])
@dataclass(frozen=True)
class BoundariesImported:
    """Official polygons replaced the areas' shapes."""

    areas: int
    source: str


@announces("places.network_built", public=["version", "source", "indicative", "streets"])
@dataclass(frozen=True)
class NetworkBuilt:
    """Routes are computed on another road network from now on."""

    version: str
    source: str
    indicative: bool
    streets: int
