"""The warnings room as a Django application."""

from django.apps import AppConfig


class WarningsConfig(AppConfig):
    """Public warnings."""

    name = "patriot.warnings"
    default_auto_field = "django.db.models.BigAutoField"
