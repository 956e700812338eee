"""Times as people say them, in templates."""

from datetime import timedelta

from django import template

from patriot.portal import words

register = template.Library()


@register.filter
def span(length: timedelta) -> str:
    """A length of time in its largest whole unit."""
    return words.span(length)
