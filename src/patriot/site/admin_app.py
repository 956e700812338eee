"""Django's admin with our door in front; apart from `apps.py`, which Django searches by itself."""

from django.contrib.admin import apps


class PatriotAdmin(apps.AdminConfig):
    """The default admin."""

    default_site = "patriot.site.admin.PatriotAdminSite"
