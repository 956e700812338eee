"""Places as a Django application."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Areas, streets, facilities, routing."""

    name = "patriot.places"
