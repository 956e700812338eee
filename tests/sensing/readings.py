"""Readings for tests: straight into the table, as the intake's COPY puts them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from patriot.sensing.models import Datastream, ObservedProperty, Sensor, Thing

START = datetime(2026, 3, 2, tzinfo=UTC)


def datastream(
    key: str = "level", name: str = "Cileungsi", *, public: bool = True, **thing: object
) -> Datastream:
    """A datastream of a thing of that name; the thing is the same one at the second call."""
    station = Thing.objects.get_or_create(name=name, defaults={"public": public, **thing})[0]
    sensor = Sensor.objects.get_or_create(name="x", encoding_type="text/plain", metadata="")[0]
    observed = ObservedProperty.objects.get_or_create(name=key, definition=key)[0]
    return Datastream.objects.create(
        name=key, thing=station, sensor=sensor, observed_property=observed, key=key, unit_symbol="cm",
        public=public, observation_type="OM_Measurement",
    )  # fmt: skip


def put(rows: Iterable[tuple[int, datetime, float | None, int]]) -> None:
    """Store (datastream, at, value, flags)."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO sensing_observation (datastream_id, at, received_at, value, flags) "
            "VALUES (%s, %s, now(), %s, %s)",
            list(rows),
        )


def series(stream: int, start: datetime, count: int, step_s: float = 60) -> None:
    """`count` readings of one stream from `start` on: 0, 1, 2 …"""
    put((stream, start + timedelta(seconds=n * step_s), float(n), 0) for n in range(count))


def rows(statement: str, params: object = None) -> list[tuple[Any, ...]]:
    """What a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
