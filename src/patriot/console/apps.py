"""The console face as a Django application: templates only."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """No models."""

    name = "patriot.console"
