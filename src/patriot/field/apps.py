"""The field face as a Django application."""

from django.apps import AppConfig


class FieldConfig(AppConfig):
    """Templates only."""

    name = "patriot.field"
