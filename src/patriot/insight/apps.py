"""The insight face as a Django application: templates only."""

from django.apps import AppConfig


class InsightConfig(AppConfig):
    """No models."""

    name = "patriot.insight"
