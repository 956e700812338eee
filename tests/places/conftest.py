"""The two city packs, as they stand in the project."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from patriot.kernel.pack import Pack
from patriot.places import pack as places_pack

CITIES = Path(__file__).parents[2] / "cities"


@pytest.fixture(scope="module")
def kota(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Pack]:
    """Kota Bekasi, loaded once for a module: what a test changes is rolled back to here after it."""
    pack = Pack(CITIES / "kota_bekasi")
    with django_db_blocker.unblock(), transaction.atomic():
        places_pack.load(pack)
        django_db_blocker.block()
        yield pack
        django_db_blocker.unblock()
        transaction.set_rollback(True)
