"""The two city packs, as they stand in the project."""

from pathlib import Path

import pytest

from patriot.kernel.pack import Pack
from patriot.places import pack as places_pack

CITIES = Path(__file__).parents[2] / "cities"


@pytest.fixture
def kota(db: None) -> Pack:
    """Kota Bekasi, loaded."""
    pack = Pack(CITIES / "kota_bekasi")
    places_pack.load(pack)
    return pack
