"""People as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Accounts and agencies."""

    name = "patriot.people"
    verbose_name = _("People")
