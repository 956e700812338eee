"""The real city pack's agencies, places and categories."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from patriot.kernel.pack import Pack
from patriot.site import city


@pytest.fixture(scope="module")
def kota_bekasi(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Kota Bekasi, loaded once for a module: what a test changes is rolled back to here after it."""
    pack = Pack(city.folder("kota_bekasi"))
    with django_db_blocker.unblock(), transaction.atomic():
        for room in ("people", "places", "incidents"):
            import_module(f"patriot.{room}.pack").load(pack)
        django_db_blocker.block()
        yield
        django_db_blocker.unblock()
        transaction.set_rollback(True)
