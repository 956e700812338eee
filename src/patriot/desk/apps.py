"""The desk face as a Django application: templates only."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """No models."""

    name = "patriot.desk"
