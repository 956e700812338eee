"""People as a Django application."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Accounts and agencies."""

    name = "patriot.people"
