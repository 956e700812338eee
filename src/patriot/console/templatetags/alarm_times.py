"""Durations and shares on the alarm pages."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def in_minutes(minutes: int) -> str:
    """5 min; 2 h."""
    if minutes < 60 or minutes % 60:
        return _("{n} min").format(n=minutes)
    return _("{h} h").format(h=minutes // 60)


@register.filter
def percent(share: float) -> int:
    """A share of 0 to 1 in whole percent."""
    return round(100 * share)
