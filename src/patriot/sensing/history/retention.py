"""How long what is kept where: readings in tables, then in files; five-minute rollups; hourly ones for good.

`PATRIOT_RAW_DAYS` (35) and `PATRIOT_ROLLUP_DAYS` (400) say so. Nothing is ever dropped that is not in a file.
"""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

RAW_DAYS, ROLLUP_DAYS = 35, 400


def _days(name: str, default: int) -> int:
    text = settings.CONFIG.env.get(name, "")
    return max(1, int(text)) if text.isdigit() else default


def raw_days() -> int:
    """Days for which readings stay in tables."""
    return _days("PATRIOT_RAW_DAYS", RAW_DAYS)


def rollup_days() -> int:
    """Days for which five-minute rollups are kept. Older ones are made from the files, when asked for."""
    return max(raw_days() + 2, _days("PATRIOT_ROLLUP_DAYS", ROLLUP_DAYS))


def raw_since(now: datetime) -> date:
    """The first day whose readings are to stay in tables."""
    return (now.astimezone(UTC) - timedelta(days=raw_days())).date()


def fives_since(now: datetime) -> datetime:
    """The first moment, a midnight in UTC, from which five-minute rollups are kept."""
    first = now.astimezone(UTC) - timedelta(days=rollup_days())
    return first.replace(hour=0, minute=0, second=0, microsecond=0)


def drop_old_fives(now: datetime) -> list[str]:
    """Drop the five-minute rollups of days that are no longer kept; returns their tables' names."""
    last = f"sensing_rollup_5m_{fives_since(now):%Y%m%d}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'sensing_rollup_5m'::regclass AND c.relname < %s ORDER BY 1",
            [last],
        )
        names = [str(name) for (name,) in cursor.fetchall()]
    for name in names:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(name)}")
    return names
