"""The fleet as a Django application."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Vehicles and positions."""

    name = "patriot.fleet"
    default_auto_field = "django.db.models.BigAutoField"
