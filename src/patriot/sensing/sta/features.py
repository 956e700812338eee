"""Automatic features of interest: of the thing's place, for observations that name none.

The database keeps each datastream's (migration 0012). One begins with the first observation about it: until
then it is there for nobody, from then on it stays, whatever becomes of its observations.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from patriot.sensing.sta.model import OBSERVED, column

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
_BEGIN_OBSERVED = (
    f"UPDATE sensing_featureofinterest f SET begun = true WHERE NOT f.begun AND {column(OBSERVED, 'f')}"  # noqa: S608 - constants only
)
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
        cursor.execute(f"{_BEGIN_OBSERVED} RETURNING f.id")
        return [row[0] for row in cursor.fetchall()]


def make_again() -> None:
    """Make features for datastreams that lost theirs while their things have places."""
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN)


def beginning(streams: str) -> str:
    """SQL that begins what these datastreams' plain readings are about. `streams`: SQL for their ids."""
    about = f"SELECT feature_id FROM sensing_datastream WHERE id IN ({streams})"  # noqa: S608 - from `write`
    return f"{_BEGIN_OBSERVED} AND f.id IN ({about})"
