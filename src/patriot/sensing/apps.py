"""The sensing room as a Django application."""

from django.apps import AppConfig


class SensingConfig(AppConfig):
    """Things, datastreams, readings and what they mean."""

    name = "patriot.sensing"
    default_auto_field = "django.db.models.BigAutoField"
