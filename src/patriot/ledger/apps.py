"""The ledger as a Django application."""

from django.apps import AppConfig, apps

from patriot.kernel.discovery import discover


class LedgerConfig(AppConfig):
    """Ground floor: every room above appends here."""

    name = "patriot.ledger"

    def ready(self) -> None:
        """Learn every room's events, reactions, panels and jobs: all that the ledger's readers need to
        know.
        """
        discover(config.name for config in apps.get_app_configs() if config.name.startswith("patriot."))
