"""The site as a Django application: templates, static files and the catalogue of words."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Holds what the installation knows about itself."""

    name = "patriot.site"
    label = "patriot_site"
