"""Funds as a Django application."""

from django.apps import AppConfig


class FundsConfig(AppConfig):
    """Response funds."""

    name = "patriot.funds"
    default_auto_field = "django.db.models.BigAutoField"
