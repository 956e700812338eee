"""The wall as a Django application."""

from django.apps import AppConfig


class WallConfig(AppConfig):
    """A face: it owns its displays and what they are made to show, nothing else."""

    name = "patriot.wall"
    default_auto_field = "django.db.models.BigAutoField"
