"""What every page shows of warnings: those in force, and to those who may decide, what waits for them."""

from typing import Any

from django import template
from django.db import DatabaseError

from patriot.people.rules import Viewer
from patriot.warnings import queries

register = template.Library()
MOST = 3


@register.inclusion_tag("warnings/strip.html", takes_context=True)
def warnings_now(context: dict[str, Any]) -> dict[str, Any]:
    """A strip for each warning in force. Without the database a page goes without it."""
    try:
        shown = getattr(context.get("row"), "identifier", "")  # the page's own subject needs no strip
        rows = [row for row in queries.active() if not row.is_good_news and row.identifier != shown]
        viewer = getattr(context.get("request"), "viewer", None)
        waiting = queries.waiting_for(viewer) if isinstance(viewer, Viewer) else []
    except DatabaseError:
        return {}
    return {"rows": rows[:MOST], "more": max(0, len(rows) - MOST), "waiting": waiting}
