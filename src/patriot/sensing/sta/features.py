"""Automatic features of interest: of the thing's place, for observations that name none.

The database keeps each datastream's (migration 0012). One begins with the first observation about it: until
then it is there for nobody, from then on it stays, whatever becomes of its observations.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

_LOOK = """
SELECT d.id, f.id FROM sensing_datastream d LEFT JOIN sensing_featureofinterest f ON f.id = d.feature_id
WHERE d.id = ANY(%s) AND f.begun IS NOT TRUE
"""
# In one order, so that two who begin the same ones do not wait for each other for ever.
_BEGIN = """
UPDATE sensing_featureofinterest f SET begun = true FROM (
    SELECT id FROM sensing_featureofinterest WHERE id = ANY(%s) AND NOT begun ORDER BY id FOR NO KEY UPDATE
) AS n WHERE f.id = n.id RETURNING f.id
"""
# Readings are looked up by index, of datastreams that have any and wait: MATERIALIZED and OFFSET 0 keep the
# planner from joining all readings, or asking for those of datastreams whose features began long ago.
_BEGIN_OBSERVED = """
WITH waiting AS MATERIALIZED (
    SELECT f.id, l.datastream_id FROM sensing_featureofinterest f
    JOIN sensing_datastream d ON d.feature_id = f.id JOIN sensing_latest l ON l.datastream_id = d.id
    WHERE NOT f.begun AND {wanted}
)
UPDATE sensing_featureofinterest f SET begun = true WHERE NOT f.begun AND f.id IN (
    SELECT w.id FROM waiting w WHERE EXISTS (
        SELECT FROM sensing_observation o WHERE o.datastream_id = w.datastream_id AND o.feature_id IS NULL
        OFFSET 0))
RETURNING f.id
"""
_AGAIN = """
SELECT sensing_settle_features(ARRAY(
    SELECT DISTINCT d.thing_id FROM sensing_datastream d JOIN sensing_thing_locations l USING (thing_id)
    WHERE d.feature_id IS NULL ORDER BY d.thing_id))
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be known of datastreams before observations that name no feature are stored in them."""

    without: frozenset[int]  # datastreams that have no feature: their things have no place
    waiting: list[int]  # features that have not begun


def look(streams: Iterable[int]) -> Look:
    """Which of these datastreams have no feature, or one that has not begun."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [list(streams)])
        rows = cursor.fetchall()
    without = frozenset(stream for stream, feature in rows if feature is None)
    return Look(without, sorted({feature for _stream, feature in rows if feature is not None}))


def begin(features: list[int]) -> list[int]:
    """Begin these; those that had not begun before."""
    if not features:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [features])
        return [row[0] for row in cursor.fetchall()]


def begin_observed() -> list[int]:
    """Begin whatever plain readings of devices are about; those that had not begun before."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN_OBSERVED.format(wanted="true"))
        return [row[0] for row in cursor.fetchall()]


def make_again() -> None:
    """Make features for datastreams that lost theirs while their things have places."""
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN)


def beginning(streams: str) -> str:
    """SQL that begins what these datastreams' plain readings are about. `streams`: SQL for their ids."""
    return _BEGIN_OBSERVED.format(wanted=f"d.id IN ({streams})")
