"""Devices as the console shows them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

COLUMNS = """
    d.id, d.uid, d.thing_id, coalesce(t.name, ''), coalesce(t.agency, ''), d.enabled, d.secret_digest <> '',
    d.online, d.online_since, d.battery_pct, d.simulated, heard.at
"""
ROWS = f"""
SELECT {COLUMNS} FROM sensing_device d LEFT JOIN sensing_thing t ON t.id = d.thing_id
LEFT JOIN LATERAL (
    SELECT max(l.received_at) AS at FROM sensing_datastream s JOIN sensing_latest l ON l.datastream_id = s.id
    WHERE s.thing_id = d.thing_id
) heard ON true
WHERE (%(words)s = '' OR d.uid ILIKE %(like)s OR t.name ILIKE %(like)s)
  AND (%(state)s = '' OR CASE %(state)s
        WHEN 'off' THEN NOT d.enabled WHEN 'untied' THEN d.thing_id IS NULL
        WHEN 'offline' THEN d.online IS FALSE WHEN 'secretless' THEN d.secret_digest = '' ELSE true END)
ORDER BY d.uid
"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class DeviceRow:
    """A device, what it speaks for, and when it was heard last. `online` None: it never said."""

    id: int
    uid: str
    thing: int | None
    thing_name: str
    agency: str
    enabled: bool
    may_sign_in: bool
    online: bool | None
    online_since: datetime | None
    battery_pct: float | None
    simulated: bool
    heard_at: datetime | None


def devices(words: str = "", state: str = "") -> list[DeviceRow]:
    """All devices by identifier. `state`: off, untied, offline, secretless, or empty for all."""
    like = "%" + words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"words": words, "like": like, "state": state})
        return [DeviceRow(*row) for row in cursor.fetchall()]


def things() -> list[tuple[int, str]]:
    """Every thing that a device may be tied to, by name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM sensing_thing ORDER BY name, id")
        return list(cursor.fetchall())


def streams_of(thing_id: int) -> list[str]:
    """The keys of a thing's datastreams."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM sensing_datastream WHERE thing_id = %s ORDER BY key", [thing_id])
        return [key for (key,) in cursor.fetchall()]


def things_by_word() -> dict[str, tuple[int, str]]:
    """Things by what a person may call them: code, number, name (in lower case) → id, name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, coalesce(properties ->> 'code', '') FROM sensing_thing ORDER BY id DESC"
        )
        rows = cursor.fetchall()
    said = [(word.lower(), (thing, name)) for thing, name, code in rows for word in (name, str(thing), code)]
    return {word: found for word, found in said if word}
