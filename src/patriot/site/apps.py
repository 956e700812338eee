"""The site as a Django application: templates, static files and the catalogue of words."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Holds what the installation knows about itself."""

    name = "patriot.site"
    label = "patriot_site"

    def ready(self) -> None:
        """Know the connectors: their modules need the models, which are loaded now."""
        from patriot.site.connectors import register  # noqa: PLC0415 - models are loaded only now

        register()
