"""How much of each day an asset was heard: its moments counted among its own readings, never estimated.

A moment is `every_s` long and counts once however often the asset spoke in it. The first day counts from
the first word; an asset that never spoke has no record. A past day is counted again while gaps are left in
it: readings come late. What was counted once stays when a day's readings move to the archive.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from patriot.kernel import clock
from patriot.sensing.equipment.assets import BATTERY, DAYS

COMPLETE = 0.95  # a past day this full is not looked at again
COUNT_DAY = """
WITH wanted AS (
    SELECT a.id, a.every_s, d.thing_id, EXISTS (
        SELECT FROM sensing_assetday p
        WHERE p.asset_id = a.id AND p.day < %(day)s AND p.heard > 0) AS is_known
    FROM sensing_asset a JOIN sensing_device d ON d.id = a.device_id
    LEFT JOIN sensing_assetday c ON c.asset_id = a.id AND c.day = %(day)s
    WHERE d.thing_id IS NOT NULL
      AND (%(recent)s OR c.id IS NULL OR c.heard < %(complete)s * c.expected)
), counted AS (
    SELECT w.id, w.is_known, w.every_s, count(DISTINCT slot) AS heard, min(slot) AS first
    FROM wanted w LEFT JOIN LATERAL (
        SELECT floor(extract(epoch FROM o.at - %(start)s) / w.every_s)::int AS slot
        FROM sensing_datastream s JOIN sensing_observation o ON o.datastream_id = s.id
        WHERE s.thing_id = w.thing_id AND s.key <> %(battery)s AND o.at >= %(start)s AND o.at < %(end)s
    ) said ON true
    GROUP BY w.id, w.is_known, w.every_s
), judged AS (
    SELECT id, heard, greatest(1, ceil(%(seconds)s / every_s)::int
           - CASE WHEN is_known THEN 0 ELSE coalesce(first, 0) END) AS expected
    FROM counted WHERE heard > 0 OR is_known
)
INSERT INTO sensing_assetday (asset_id, day, expected, heard)
SELECT id, %(day)s, expected, least(heard, expected) FROM judged
ON CONFLICT (asset_id, day) DO UPDATE SET expected = excluded.expected,
    heard = least(excluded.expected, greatest(sensing_assetday.heard, excluded.heard))
"""


def count(now: datetime | None = None) -> int:
    """Count the last 30 days (WIB) that still have gaps, today and yesterday always; rows written."""
    now = now or clock.now()
    today = now.astimezone(clock.WIB).date()
    return sum(_count_day(today - timedelta(days=back), today, now) for back in range(DAYS - 1, -1, -1))


@transaction.atomic
def _count_day(day: date, today: date, now: datetime) -> int:
    start = datetime.combine(day, time(), clock.WIB)
    end = min(start + timedelta(days=1), now)
    told: dict[str, Any] = {
        "day": day, "start": start, "end": end, "seconds": (end - start).total_seconds(), "battery": BATTERY,
        "recent": (today - day).days < 2, "complete": COMPLETE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COUNT_DAY, told)
        return int(cursor.rowcount)
