"""How readings are written."""

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def figure(value: float | str | None) -> str:
    """A reading in the page's language with about three digits that matter; a dash for none."""
    if value is None or isinstance(value, str):  # a template hands on "" for what is not there
        return "–"
    size = abs(value)
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
    return str(number_format(round(value, digits), digits, use_l10n=True, force_grouping=size >= 10_000))
