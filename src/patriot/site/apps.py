"""The site as a Django application: templates, static files and the catalogue of words."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Holds no tables."""

    name = "patriot.site"
    label = "patriot_site"
