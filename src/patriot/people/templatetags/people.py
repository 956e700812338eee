"""The demo's people for the sign-in page."""

from itertools import groupby
from typing import NamedTuple

from django import template
from django.utils.translation import gettext as _

from patriot.people.queries import DemoLogin, demo_logins

register = template.Library()


class Group(NamedTuple):
    """Demo logins that belong together."""

    label: str
    logins: list[DemoLogin]


@register.simple_tag
def demo_groups() -> tuple[list[Group], list[Group]]:
    """The demo's logins by agency, the whole city first; apart from them agencies with one person only."""
    logins = sorted(demo_logins(), key=lambda login: login.agency)
    groups = {agency: list(members) for agency, members in groupby(logins, key=lambda login: login.agency)}
    city = Group(_("Whole city"), groups.pop("", []))
    rest = [Group(agency, members) for agency, members in groups.items()]
    return [city, *(group for group in rest if len(group.logins) > 1)], [
        group for group in rest if len(group.logins) == 1
    ]
