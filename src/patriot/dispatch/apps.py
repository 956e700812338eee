"""Dispatch as a Django application."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """Units and assignments."""

    name = "patriot.dispatch"
    default_auto_field = "django.db.models.BigAutoField"
