"""Data arrays the short way: times and numbers, from JSON straight into columns."""

from datetime import datetime
from typing import Annotated

import msgspec
import numpy as np

from patriot.api.sensorthings.gather import Columns
from patriot.sensing.sta.present import INTEGRAL

COMPONENTS = ["phenomenonTime", "result"]
MOST = 100_000  # as `sta.arrays`
LARGEST = INTEGRAL  # beyond, the long way keeps every digit

type Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Reference(msgspec.Struct, forbid_unknown_fields=True):
    """`{"@iot.id": 5}`."""

    key: Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)] = msgspec.field(name="@iot.id")


class Group(msgspec.Struct, forbid_unknown_fields=True):
    """Rows of one datastream."""

    stream: Reference = msgspec.field(name="Datastream")
    components: list[str]
    rows: list[tuple[Moment, float]] = msgspec.field(name="dataArray")
    count: int = msgspec.field(default=0, name="dataArray@iot.count")


DECODER = msgspec.json.Decoder(list[Group])


def decode(body: bytes) -> Columns | None:
    """The body of `CreateObservations`; None when anything in it is not plain, or wrong."""
    try:
        groups = DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    rows = [row for group in groups for row in group.rows]
    if not 0 < len(rows) <= MOST or any(group.components != COMPONENTS for group in groups):
        return None
    value = np.array([number for _moment, number in rows], np.float64)
    if not (np.abs(value) < LARGEST).all():
        return None
    seconds = np.array([moment.timestamp() for moment, _number in rows], np.float64)
    streams = np.repeat([group.stream.key for group in groups], [len(group.rows) for group in groups])
    return Columns(streams.astype(np.int64), np.rint(seconds * 1e6).astype(np.int64), value)
