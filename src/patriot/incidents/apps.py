"""Incidents as a Django application."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents, their tasks, the city's rules about them."""

    name = "patriot.incidents"
    default_auto_field = "django.db.models.BigAutoField"
