"""Reports as a Django application."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Citizens' reports."""

    name = "patriot.reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what this room announces."""
        from patriot.reports import events  # noqa: F401, PLC0415 - registering is the point; models must be loaded first
