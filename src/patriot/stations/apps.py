"""The stations room as a Django application."""

from django.apps import AppConfig


class StationsConfig(AppConfig):
    """Public pages of the stations."""

    name = "patriot.stations"
    default_auto_field = "django.db.models.BigAutoField"
