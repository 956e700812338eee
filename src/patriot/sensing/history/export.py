"""A series as rows of a CSV file or as a Parquet file."""

from collections.abc import Iterator
from datetime import UTC
from math import isnan
from pathlib import Path

from patriot.sensing.history import parquet
from patriot.sensing.history.parquet import moment
from patriot.sensing.history.series import Series
from patriot.sensing.rules import Flag

COLUMNS = ("at", "datastream", "unit", "value", "low", "high", "readings", "fit", "flags")


def csv_rows(key: str, unit: str, series: Series) -> Iterator[list[object]]:
    """Rows under COLUMNS, by time: `value` is the reading, or the mean of the fit ones; `flags` are named."""
    mean = series.last if series.step is None else series.mean
    columns = (series.at, mean, series.low, series.high, series.seen, series.n, series.flags)
    for at, value, low, high, seen, fit, flags in zip(*(one.tolist() for one in columns), strict=True):
        when = moment(at).astimezone(UTC).isoformat().replace("+00:00", "Z")
        figures = ["" if isnan(one) else one for one in (value, low, high)]
        yield [when, key, unit, *figures, seen, fit, flag_names(flags)]


def flag_names(flags: int) -> str:
    """Flags by name, separated by `|`."""
    return "|".join(flag.name.lower() for flag in Flag if flags & flag and flag.name)


def write_parquet(path: Path, series: Series) -> None:
    """The series as a Parquet file: `at` (UTC), `value`, `low`, `high`, `readings`, `fit`, `flags`."""
    mean = series.last if series.step is None else series.mean
    columns = {"us": series.at, "value": mean, "low": series.low, "high": series.high,
               "readings": series.seen, "fit": series.n, "flags": series.flags}  # fmt: skip
    target = str(path).replace("'", "''")
    with parquet.cursor() as own:
        own.register("columns", columns)
        own.execute(
            f"COPY (SELECT make_timestamptz(us) AS \"at\", * EXCLUDE us FROM columns) TO '{target}' "  # noqa: S608
            "(FORMAT parquet, COMPRESSION zstd)"
        )
