"""Times as people say them."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def moment(at: datetime) -> str:
    """Day and time in the city's zone, such as "Selasa, 24 November 2026, 16.00 WIB"."""
    local = timezone.localtime(at)
    return f"{date_format(local, 'l, j F Y')}, {local:%H.%M} WIB"


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit."""
    if length >= DAY:
        days = length // DAY
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if length >= HOUR:
        hours = length // HOUR
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    minutes = max(1, length // MINUTE)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def left(due: datetime, now: datetime) -> str:
    """How long until a deadline, or since it passed."""
    if due >= now:
        return _("%(span)s left") % {"span": span(due - now)}
    return _("%(span)s late") % {"span": span(now - due)}
