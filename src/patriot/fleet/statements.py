"""The SQL of positions, shared by Django's side (`actions.py`) and the intake process, which has no ORM."""

from typing import Any

from patriot.fleet.rules import STAYS, Draft

COLUMNS = (
    "device_id",
    "claimed_at",
    "day",
    "fixed_at",
    "received_at",
    "vehicle_id",
    "lon",
    "lat",
    "speed_kmh",
    "heading",
    "altitude_m",
    "accuracy_m",
    "battery_pct",
    "hdop",
    "flags",
)
TYPES = (
    "int8",
    "timestamptz",
    "date",
    "timestamptz",
    "timestamptz",
    "int8",
    "float8",
    "float8",
    "float4",
    "float4",
    "float4",
    "float4",
    "float4",
    "float4",
    "int4",
)
_LIST = ", ".join(COLUMNS)
_LATEST = (
    "device_id, claimed_at, fixed_at, received_at, lon, lat, speed_kmh, heading, accuracy_m, battery_pct"
)

ENSURE_DAY = "SELECT fleet_ensure_day(%s)"
STAGE = "CREATE TEMP TABLE IF NOT EXISTS fleet_incoming (LIKE fleet_position) ON COMMIT DELETE ROWS"
COPY = f"COPY fleet_incoming ({_LIST}) FROM STDIN (FORMAT BINARY)"
STORE = f"INSERT INTO fleet_position ({_LIST}) SELECT {_LIST} FROM fleet_incoming ON CONFLICT DO NOTHING"  # noqa: S608
STORE_ONE = (
    f"INSERT INTO fleet_position ({_LIST}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) "  # noqa: S608
    "ON CONFLICT DO NOTHING"
)
_UPSERT = """
ON CONFLICT (device_id) DO UPDATE SET
    claimed_at = excluded.claimed_at, fixed_at = excluded.fixed_at, received_at = excluded.received_at,
    lon = excluded.lon, lat = excluded.lat, speed_kmh = excluded.speed_kmh, heading = excluded.heading,
    accuracy_m = excluded.accuracy_m, battery_pct = excluded.battery_pct
WHERE excluded.fixed_at > fleet_latest.fixed_at
"""
# In the order of device_id: two writers then lock the rows in the same order and never wait in a circle.
MOVE = f"""
INSERT INTO fleet_latest ({_LATEST})
SELECT DISTINCT ON (device_id) {_LATEST} FROM fleet_incoming WHERE flags & {STAYS.value} = 0
ORDER BY device_id, fixed_at DESC {_UPSERT}
"""  # noqa: S608
MOVE_ONE = f"INSERT INTO fleet_latest ({_LATEST}) VALUES ({', '.join(['%s'] * 10)}) {_UPSERT}"  # noqa: S608
QUARANTINE = "INSERT INTO fleet_quarantined (at, source, uid, reason, frame) VALUES (%s, %s, %s, %s, %s)"
DEVICES = """
SELECT d.uid, d.id, d.vehicle_id, d.secret_digest, l.claimed_at, l.fixed_at, l.lon, l.lat
FROM fleet_device d LEFT JOIN fleet_latest l ON l.device_id = d.id
"""


def row(draft: Draft) -> tuple[Any, ...]:
    """A judged draft as the values of COLUMNS. Its device must be known."""
    fix, known = draft.fix, draft.known
    assert known is not None
    return (
        known.device_id,
        fix.claimed_at,
        draft.day,
        draft.fixed_at,
        draft.received_at,
        known.vehicle_id,
        fix.lon,
        fix.lat,
        fix.speed_kmh,
        fix.heading,
        fix.altitude_m,
        fix.accuracy_m,
        fix.battery_pct,
        fix.hdop,
        draft.flags.value,
    )


def latest_row(draft: Draft) -> tuple[Any, ...]:
    """A judged draft as the values of MOVE_ONE."""
    fix, known = draft.fix, draft.known
    assert known is not None
    return (
        known.device_id,
        fix.claimed_at,
        draft.fixed_at,
        draft.received_at,
        fix.lon,
        fix.lat,
        fix.speed_kmh,
        fix.heading,
        fix.accuracy_m,
        fix.battery_pct,
    )
