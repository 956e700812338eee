"""Columns out of PostgreSQL: one binary array a column, read by NumPy. A row object each would cost more than
the query.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

HEADER_BYTES = 20  # of a one-dimensional array: dimensions, has nulls, element type, length, lower bound
EPOCH_2000_US = 946_684_800_000_000  # PostgreSQL counts µs from 2000, everybody else from 1970
WIRE = {
    "id": np.dtype([("length", ">i4"), ("value", ">i8")]),
    "at": np.dtype([("length", ">i4"), ("value", ">i8")]),
    "number": np.dtype([("length", ">i4"), ("value", ">f8")]),
    "small": np.dtype([("length", ">i4"), ("value", ">i4")]),
}
NATIVE: dict[str, type] = {"id": np.int64, "at": np.int64, "number": np.float64, "small": np.int32}

type Column = NDArray[Any]


def column(blob: bytes | None, kind: str) -> Column:
    """One `array_send(array_agg(…))`, without NULL, as a native array. `at` is µs since 1970."""
    if not blob:
        return np.empty(0, NATIVE[kind])
    values: Column = np.frombuffer(blob, WIRE[kind], offset=HEADER_BYTES)["value"].astype(NATIVE[kind])
    if kind == "at":
        values += EPOCH_2000_US
    return values


def columns(kinds: dict[str, str], rows: str, params: Sequence[object] = ()) -> dict[str, Column]:
    """Columns of a query. `kinds`: the query's columns, each `id`, `at`, `number` or `small`, none of them
    NULL; `rows`: the SELECT that gives them, in the order wanted. Part of the caller's transaction.
    """
    arrays = ", ".join(f"array_send(array_agg({name}))" for name in kinds)
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:  # Django's own cursor cannot speak binary
        row = cursor.execute(f"SELECT {arrays} FROM ({rows}) AS row", params, binary=True).fetchone()  # noqa: S608
    assert row is not None
    return {name: column(blob, kind) for blob, (name, kind) in zip(row, kinds.items(), strict=True)}
