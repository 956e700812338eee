"""The ledger as a Django application."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Ground floor: every room above appends here."""

    name = "patriot.ledger"
