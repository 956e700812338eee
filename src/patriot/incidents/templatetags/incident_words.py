"""How deadlines, money, durations and waits are said on every page."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patriot.funds import rules as funds
from patriot.kernel import clock

register = template.Library()

WAITS = {
    "owner": lambda: _("waits for the owner"),
    "money": lambda: _("waits for money"),
    "crew": lambda: _("waits for a crew"),
    "work": lambda: _("crew at work"),
    "citizen": lambda: _("waits for the citizen"),
    "": lambda: _("done"),
}


@register.filter
def rupiah(amount: int | None) -> str:
    """Rp 1.250.000."""
    return "" if amount is None else funds.rupiah(amount)


@register.filter
def span(length: timedelta | float | None) -> str:
    """A duration in its largest two units at most: 3 days, 2 h 10 min, 45 s. Seconds or a timedelta."""
    if length is None:
        return "–"
    seconds = round(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < 60:
        return _("{n} s").format(n=max(0, seconds))
    if seconds < 3600:
        return _("{n} min").format(n=seconds // 60)
    if seconds < 2 * 86400:
        hours, minutes = divmod(seconds // 60, 60)
        return (
            _("{h} h {m} min").format(h=hours, m=minutes)
            if minutes and hours < 6
            else _("{h} h").format(h=hours)
        )
    days = seconds // 86400
    return ngettext("{n} day", "{n} days", days).format(n=days)


@register.filter
def due_in(due: datetime | None) -> str:
    """In 2 h; 3 h late."""
    if due is None:
        return ""
    left = due - clock.now()
    if left < timedelta(0):
        return _("{span} late").format(span=span(-left))
    return _("in {span}").format(span=span(left))


@register.filter
def since(moment: datetime | None) -> str:
    """How long ago: 12 min."""
    return "" if moment is None else span(clock.now() - moment)


@register.filter
def waits(what: str) -> str:
    """What an incident waits for, in words."""
    return WAITS[what]()


@register.filter
def at_key(values: dict[Any, Any], key: Any) -> Any:
    """A dictionary's value, or nothing."""
    return values.get(key, "")


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: object) -> str:
    """The page's own query string with some values changed."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query[name] = str(value)
    return "?" + str(query.urlencode())
