"""The strip of alarms at the top of every console page."""

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from patriot.console.alarms import strip_context
from patriot.console.views import OPERATORS
from patriot.people.rules import ANONYMOUS

register = template.Library()
CONSOLE = "/console/"


@register.simple_tag(takes_context=True)
def alarm_strip(context: dict[str, Any]) -> SafeString:
    """The strip, on the console's pages and for those who work there; nothing elsewhere."""
    request = context.get("request")
    viewer = getattr(request, "viewer", ANONYMOUS)
    if request is None or not request.path.startswith(CONSOLE) or not viewer.has(*OPERATORS):
        return mark_safe("")
    return mark_safe(  # noqa: S308 - a template of ours
        render_to_string("console/alarms/strip.html", strip_context(viewer), request)
    )
