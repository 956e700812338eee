"""The alarms room as a Django application."""

from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    """The one alarm list."""

    name = "patriot.alarms"
    default_auto_field = "django.db.models.BigAutoField"
