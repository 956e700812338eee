"""Readings out of CSV files as people have them: columns found or declared, faults by line. Pure.

One line is one record: a fault in one cannot swallow the next. Times without an offset are of the plan's
zone.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from math import isfinite

from patriot.kernel.clock import WIB

DELIMITERS = ",;\t|"
TIME_NAMES = (
    "time",
    "at",
    "timestamp",
    "datetime",
    "phenomenontime",
    "waktu",
    "tanggal",
    "date",
    "date_time",
)
VALUE_NAMES = ("value", "result", "nilai", "v", "reading")
STREAM_NAMES = ("datastream", "stream", "device", "sensor", "stasiun", "station", "alat")
KEY_NAMES = ("key", "property", "parameter", "kunci")
NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "--", "---"})
FORMS = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y %H:%M",
)  # fmt: skip
DAY_FIRST = re.compile(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{2,4}")
LONGEST_LINE = 100_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 1e11  # a number of seconds that large lies beyond the year 5000


class Unreadable(ValueError):  # noqa: N818 - an answer
    """The file cannot be understood; its text says why, for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read a file. Either `values`: columns and whose readings they hold; or `value` with the column
    that names the datastream, `stream`, and perhaps a second that names its key.
    """

    header: tuple[str, ...]
    delimiter: str
    time: str
    values: Mapping[str, str] = field(default_factory=dict)
    value: str = ""
    stream: str = ""
    key: str = ""
    zone: tzinfo = WIB


@dataclass(frozen=True, slots=True)
class Row:
    """One reading of a line. `stream`: as the file or the plan names it. `value` None: it has none."""

    line: int
    stream: str
    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be used of a line, as it stands there, and why: columns, time, value or stream."""

    line: int
    reason: str
    text: str


def plan(
    first: str, *, time: str = "", values: Mapping[str, str] | None = None, stream: str = "",
    zone: tzinfo = WIB,
) -> Plan:  # fmt: skip
    """Understand a file by its header line. `time`, `values` (column → datastream) and `stream` (whose the
    one value column is) are what somebody declared. Raises Unreadable.
    """
    delimiter = max(DELIMITERS, key=first.count)
    header = tuple(name.strip() for name in _split(first.lstrip("\ufeff").rstrip("\r\n"), delimiter))
    found_time = _declared(time, header) or _named(header, TIME_NAMES)
    if not found_time:
        raise Unreadable(f"No column is a time. Columns: {', '.join(header)}. Say which with --time.")
    common = {"header": header, "delimiter": delimiter, "time": found_time, "zone": zone}
    if values:
        declared = {_declared(name, header): whose for name, whose in values.items()}
        return Plan(**common, values=declared)  # type: ignore[arg-type]
    value = _named(header, VALUE_NAMES)
    if not value:
        raise Unreadable(f"No column is the value. Columns: {', '.join(header)}. Say whose with --column.")
    if stream:
        return Plan(**common, values={value: stream})  # type: ignore[arg-type]
    whose = _named(header, STREAM_NAMES)
    if not whose:
        raise Unreadable("No column names the datastream. Say whose readings these are with --stream.")
    return Plan(**common, value=value, stream=whose, key=_named(header, KEY_NAMES))  # type: ignore[arg-type]


def _declared(name: str, header: tuple[str, ...]) -> str:
    if name and name not in header:
        raise Unreadable(f"There is no column {name!r}. Columns: {', '.join(header)}.")
    return name


def _named(header: tuple[str, ...], names: tuple[str, ...]) -> str:
    """The column that has the first of these names, whatever its case."""
    by_name = {name.lower().replace(" ", "_"): name for name in reversed(header)}
    return next((by_name[name] for name in names if name in by_name), "")


def decoded(line: bytes) -> str:
    """A line's text: UTF-8, or what any byte is in Latin-1."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def read(lines: Iterable[bytes], how: Plan, first: int = 2) -> Iterator[Row | Fault]:
    """Readings and faults of the lines behind the header, the first of which has that number. Empty lines are
    passed over; a line with several values gives several rows, the bad ones of them as faults.
    """
    place = {name: n for n, name in enumerate(how.header)}
    when = place[how.time]
    columns = [(place[name], whose) for name, whose in how.values.items()]
    for number, line in enumerate(lines, first):
        text = decoded(line).rstrip("\r\n")
        if not text.strip():
            continue
        cells = _split(text, how.delimiter) if len(text) <= LONGEST_LINE else []
        if len(cells) < len(how.header):
            yield Fault(number, "columns", text)
            continue
        at = moment(cells[when], how.zone)
        if at is None:
            yield Fault(number, "time", text)
        elif columns:
            for column, whose in columns:
                yield _row(number, whose, at, cells[column], text)
        else:
            key = cells[place[how.key]].strip() if how.key else ""
            whose = "/".join(filter(None, (cells[place[how.stream]].strip(), key)))
            value = _row(number, whose, at, cells[place[how.value]], text)
            yield value if whose else Fault(number, "stream", text)


def _row(number: int, whose: str, at: datetime, cell: str, text: str) -> Row | Fault:
    try:
        return Row(number, whose, at, figure(cell))
    except ValueError:
        return Fault(number, "value", text)


def _split(text: str, delimiter: str) -> list[str]:
    """A line's cells; none when its quotes cannot be understood."""
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def figure(cell: str) -> float | None:
    """A number with a point or a comma, as people write it; None where there is none. Raises ValueError."""
    text = cell.strip()
    if text.lower() in NOTHING:
        return None
    if "," in text:
        dots_are_thousands = text.rfind(",") > text.rfind(".")
        text = text.replace(".", "").replace(",", ".") if dots_are_thousands else text.replace(",", "")
    value = float(text)
    if not isfinite(value):
        raise ValueError(cell)
    return value


def moment(cell: str, zone: tzinfo) -> datetime | None:
    """A time: ISO 8601, day first, or seconds or milliseconds since 1970. None: it is none to believe."""
    text = cell.strip()
    found = _iso(text) or _number(text) or _form(text)
    if found is None:
        return None
    try:
        aware = found if found.tzinfo else found.replace(tzinfo=zone)
        return aware.astimezone(UTC) if 1900 <= aware.year <= 2200 else None
    except (OverflowError, ValueError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "-" in text[:5] else None
    except ValueError:
        return None


def _number(text: str) -> datetime | None:
    try:
        seconds = float(text)
        return EPOCH + timedelta(seconds=seconds / 1000 if abs(seconds) >= MILLISECONDS_FROM else seconds)
    except (ValueError, OverflowError):
        return None


def _form(text: str) -> datetime | None:
    for form in FORMS if DAY_FIRST.match(text) else ():  # `strptime` is slow
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the plan's zone comes later
        except ValueError:
            continue
    return None
