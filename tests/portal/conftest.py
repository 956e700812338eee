"""The real city pack's places and categories, loaded once for these tests and rolled back after them."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.db import transaction

from patriot.kernel.pack import Pack
from patriot.site import city


@pytest.fixture(scope="package")
def kota_bekasi(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Kota Bekasi's agencies, places and categories."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        pack = Pack(city.folder("kota_bekasi"))
        for room in ("people", "places", "incidents"):
            import_module(f"patriot.{room}.pack").load(pack)
        yield
        transaction.set_rollback(True)
