"""The portal as a Django application: templates only, no tables."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The citizens' face."""

    name = "patriot.portal"
