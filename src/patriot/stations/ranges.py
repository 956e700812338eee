"""Which time somebody looks at. Pure but for the words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patriot.kernel.clock import WIB
from patriot.kernel.errors import Invalid

SPANS: dict[str, tuple[timedelta, Promise]] = {
    "jam": (timedelta(hours=1), _("Hour")),
    "hari": (timedelta(days=1), _("Day")),
    "minggu": (timedelta(days=7), _("Week")),
    "bulan": (timedelta(days=31), _("Month")),
    "tahun": (timedelta(days=366), _("Year")),
}
DEFAULT = "hari"
LONGEST = timedelta(days=366 * 20)


@dataclass(frozen=True, slots=True)
class Range:
    """[since, until), aware. `name`: one of SPANS, or "" for a chosen one."""

    since: datetime
    until: datetime
    name: str

    @property
    def table_step(self) -> str | None:
        """How finely a table shows it: readings, five minutes, hours or days."""
        span = self.until - self.since
        if span <= timedelta(hours=3):
            return None
        return "5m" if span <= timedelta(days=2) else "1h" if span <= timedelta(days=40) else "1d"


def read(query: Mapping[str, str], now: datetime) -> Range:
    """The range that an address names: `rentang`, or `dari` and `sampai` in WIB. Raises Invalid."""
    if query.get("dari") or query.get("sampai"):
        return _chosen(query, now)
    name = query.get("rentang") or DEFAULT
    if name not in SPANS:
        raise Invalid({"rentang": _("That range does not exist.")})
    return Range(now - SPANS[name][0], now, name)


def _chosen(query: Mapping[str, str], now: datetime) -> Range:
    until = _moment(query["sampai"]) if query.get("sampai") else now
    since = _moment(query["dari"]) if query.get("dari") else until - SPANS[DEFAULT][0]
    if not since < until:
        raise Invalid({"dari": _("The beginning must lie before the end.")})
    if until - since > LONGEST:
        raise Invalid({"dari": _("At most 20 years at once.")})
    return Range(since, until, "")


def _moment(text: str) -> datetime:
    """A date or a time of WIB, or a time with its own offset."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=WIB)
        moment.astimezone(WIB)
    except (ValueError, OverflowError):
        raise Invalid({"dari": _("Write a time such as 2026-11-22T07:00.")}) from None
    if not 1970 < moment.year < 2200:
        raise Invalid({"dari": _("Write a time such as 2026-11-22T07:00.")})
    return moment
