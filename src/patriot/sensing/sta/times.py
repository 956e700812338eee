"""ISO 8601 as the standard writes it: instants, intervals, dates, durations. Pure.

Instants leave in UTC with milliseconds and a Z; an interval is two of them with a slash between.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

INSTANT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|z|[+-]\d{2}:?\d{2})?"
_INSTANT = re.compile(rf"{INSTANT}\Z")
_DURATION = re.compile(
    r"([+-])?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z"
)
DAYS = (365, 30, 7, 1)  # of a year, month, week, day, where no calendar tells better


@dataclass(frozen=True)
class Period:
    """An instant, or an interval that has not its end in it. Both in UTC."""

    start: datetime
    end: datetime | None = None


def instant(text: str) -> datetime:
    """An aware moment in UTC; without an offset it is taken for UTC. Raises ValueError."""
    if text[4:5] == text[7:8] == "-" and text[10:11] == "T" and text[-1:] == "Z" and text.isascii():
        return datetime.fromisoformat(text)  # as almost all are written
    text = text.strip()
    if not _INSTANT.match(text):
        raise ValueError("not a time")
    try:
        found = datetime.fromisoformat(text.upper())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("not a time that a calendar can say") from None


def period(text: str) -> Period:
    """An instant or `start/end`. Raises ValueError."""
    first, slash, last = text.partition("/")
    if not slash:
        return Period(instant(first))
    start, end = instant(first), instant(last)
    if end < start:
        raise ValueError("the interval ends before it begins")
    return Period(start, end)


def duration(text: str) -> timedelta:
    """`P1DT2H30M`; years and months are 365 and 30 days. Raises ValueError."""
    found = _DURATION.match(text.strip())
    if not found or not any(found.groups()[1:]):
        raise ValueError("not a duration")
    sign, *parts = found.groups()
    days = sum(int(part or 0) * unit for part, unit in zip(parts[:4], DAYS, strict=True))
    hours, minutes, seconds = (float(part or 0) for part in parts[4:])
    try:
        found_time = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ValueError("too long a duration") from None
    return -found_time if sign == "-" else found_time


def say(moment: datetime) -> str:
    """`2026-11-21T03:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def say_period(start: datetime | None, end: datetime | None) -> str | None:
    """An instant when there is no end; None when there is nothing."""
    if start is None:
        return None
    return say(start) if end is None else f"{say(start)}/{say(end)}"
