"""Working time and calendar time. Pure. Offices in WIB, Monday to Friday, but not on holidays."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil

from patriot.kernel.clock import WIB

OPENS, CLOSES = time(7, 30), time(16, 0)
NEAR_SHARE = 0.25  # of the whole span
type Holidays = Collection[date]


@dataclass(frozen=True)
class Span:
    """How long something may take: `unit` hours or days, `calendar` working or calendar."""

    amount: float
    unit: str
    calendar: str


def is_working_day(day: date, holidays: Holidays) -> bool:
    """True from Monday to Friday when it is no holiday."""
    return day.weekday() < 5 and day not in holidays


def next_working_day(day: date, holidays: Holidays) -> date:
    """The first working day after `day`."""
    day += timedelta(days=1)
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    return day


def due(start: datetime, span: Span, holidays: Holidays) -> datetime:
    """When `span` is over, counted from `start` (aware); UTC-comparable, never before `start`.

    Working days end at the close of office: the day of the start does not count, and what comes in after the
    close or on a free day counts as come in on the next working day. Working hours run only in office hours.
    """
    if span.calendar == "calendar":
        return start + timedelta(**{span.unit: span.amount})
    if span.unit == "days":
        return _working_days(start.astimezone(WIB), ceil(span.amount), holidays)
    return _working_time(start.astimezone(WIB), timedelta(hours=span.amount), holidays)


def _working_days(start: datetime, days: int, holidays: Holidays) -> datetime:
    day = start.date()
    if not is_working_day(day, holidays) or start.time() >= CLOSES:
        day = next_working_day(day, holidays)
    for _day in range(days):
        day = next_working_day(day, holidays)
    return datetime.combine(day, CLOSES, WIB)


def _working_time(start: datetime, left: timedelta, holidays: Holidays) -> datetime:
    moment = _open_moment(start, holidays)
    while moment + left > (closing := datetime.combine(moment.date(), CLOSES, WIB)):
        left -= closing - moment
        moment = datetime.combine(next_working_day(moment.date(), holidays), OPENS, WIB)
    return moment + left


def _open_moment(moment: datetime, holidays: Holidays) -> datetime:
    """The moment itself while offices are open, else the next opening."""
    if not is_working_day(moment.date(), holidays) or moment.time() >= CLOSES:
        return datetime.combine(next_working_day(moment.date(), holidays), OPENS, WIB)
    return max(moment, datetime.combine(moment.date(), OPENS, WIB))


def is_near(opened: datetime, ends: datetime, now: datetime) -> bool:
    """True in the last quarter of the time given, until it is over."""
    return ends - (ends - opened) * NEAR_SHARE <= now <= ends
