"""NumPy columns as PostgreSQL's binary array parameters: no Python an element."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.adapt import Dumper
from psycopg.pq import Format

INT4, INT8, FLOAT8 = 23, 20, 701
FORMATS = {INT4: ">i4", INT8: ">i8", FLOAT8: ">f8"}


@dataclass(frozen=True, slots=True)
class Array:
    """A one-dimensional array for a query; no NULLs. Cast its placeholder: `%b::bigint[]`."""

    oid: int
    values: NDArray[Any]

    def dump(self) -> bytes:
        """PostgreSQL's binary form: dimensions, no NULLs, element type, length, first index; items."""
        form = FORMATS[self.oid]
        items = np.empty(len(self.values), np.dtype([("length", ">i4"), ("value", form)]))
        items["length"] = np.dtype(form).itemsize
        items["value"] = self.values
        return np.array([1, 0, self.oid, len(self.values), 1], ">i4").tobytes() + items.tobytes()


class _Dumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.dump()


def register(connection: "psycopg.AsyncConnection[Any]") -> None:
    """Let the connection's queries take `Array`."""
    connection.adapters.register_dumper(Array, _Dumper)
