"""Automatic features of interest: of the thing's place, for observations that name none. And where a
datastream observed, its area.

The database keeps each datastream's (migrations 0012, 0013). One begins with the first observation about it:
until then it is there for nobody, from then on it stays, whatever becomes of its observations. What was read
before the thing moved stays with the old one: a row of `PastFeature`, however much was read.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

_LOOK = """
SELECT id, feature_id IS NULL FROM sensing_datastream
WHERE id = ANY(%s) AND (feature_id IS NULL OR NOT begun)
"""
_BEGIN = "SELECT * FROM sensing_begin(%s)"
_READ = "d.feature_id IS NOT NULL AND NOT d.begun AND sensing_read_plainly(d.id, d.feature_since)"
_BEGIN_OBSERVED = (
    f"SELECT * FROM sensing_begin(ARRAY(SELECT d.id FROM sensing_datastream d WHERE {_READ} AND {{wanted}}))"  # noqa: S608 - constants only
)
_AGAIN = """
SELECT sensing_settle_features(ARRAY(
    SELECT DISTINCT d.thing_id FROM sensing_datastream d JOIN sensing_thing_locations l USING (thing_id)
    WHERE d.feature_id IS NULL ORDER BY d.thing_id))
"""
# Datastreams whose observations are, or were, about a feature.
STREAMS_ABOUT = (
    "SELECT so.datastream_id FROM sensing_observation so WHERE so.feature_id = {key} "
    "UNION SELECT sd.id FROM sensing_datastream sd WHERE sd.feature_id = {key} "
    "UNION SELECT sp.datastream_id FROM sensing_pastfeature sp WHERE sp.feature_id = {key}"
)


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be known of datastreams before observations that name no feature are stored in them."""

    without: frozenset[int]  # datastreams that have no feature: their things have no place
    waiting: list[int]  # datastreams about whose features nothing was observed yet


def look(streams: Iterable[int]) -> Look:
    """Which of these datastreams have no feature, or one that has not begun for them."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [list(streams)])
        rows = cursor.fetchall()
    without = frozenset(stream for stream, missing in rows if missing)
    return Look(without, sorted(stream for stream, missing in rows if not missing))


def begin(streams: list[int]) -> list[int]:
    """Begin the features of these datastreams; those features that had not begun before."""
    if not streams:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [streams])
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


def widen(pairs: Iterable[tuple[int, int]]) -> None:
    """Observations of these datastreams are about these features: their areas hold them."""
    found = list(set(pairs))
    if found:
        columns = [list(column) for column in zip(*found, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute("SELECT sensing_widen_areas(%s, %s)", columns)


def measure(streams: Iterable[int]) -> None:
    """Work out these datastreams' areas anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sensing_measure_areas(%s)", [sorted(set(streams))])


def measure_about(feature: int) -> None:
    """The same for every datastream that observed about a feature."""
    with connection.cursor() as cursor:
        cursor.execute(STREAMS_ABOUT.format(key="%(key)s"), {"key": feature})
        streams = [row[0] for row in cursor.fetchall()]
    measure(streams)
