"""Django's admin with our door in front; apart from `apps.py`, which Django searches by itself."""

from django.contrib.admin import apps, site

BY_THEIR_OWNERS = {"account", "mfa", "socialaccount"}  # second factors and addresses: people's own, on /akun/


class PatriotAdmin(apps.AdminConfig):
    """The default admin."""

    default_site = "patriot.site.admin.PatriotAdminSite"

    def ready(self) -> None:
        """Collect every room's admin; leave out what only its owner may touch."""
        super().ready()
        for model in list(site._registry):
            if model._meta.app_label in BY_THEIR_OWNERS:
                site.unregister(model)
