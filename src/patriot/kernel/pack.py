"""Reading a city pack: a folder of tables and maps. Every fault is told, with its file and line."""

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, dataclass, fields
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

FEATURE = re.compile(r'"type"\s*:\s*"Feature"')
TOML_LINE = re.compile(r"\(at line (\d+)")
SEPARATOR = "|"  # between the items of a list in one cell

type Row = tuple[int, dict[str, str]]  # line number, column → text


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong, and where. `line` counts from 1; 0 when it is the file as a whole."""

    file: str
    line: int
    words: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.words}"


class PackError(Exception):
    """A pack cannot be used. Its text has one line for each fault."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class MapView:
    """How a map of the city opens."""

    centre: tuple[float, float]
    zoom: float
    min_zoom: float = 8
    max_zoom: float = 19


@dataclass(frozen=True)
class Outline:
    """The city's border as one ring of (lon, lat); indicative when drawn by hand."""

    ring: list[tuple[float, float]]
    indicative: bool = True


@dataclass(frozen=True)
class NetworkNote:
    """Where the pack's streets come from; indicative when they are not surveyed."""

    source: str
    indicative: bool = True


@dataclass(frozen=True)
class City:
    """city.toml."""

    name: str
    code: str
    timezone: str
    languages: list[str]
    bbox: tuple[float, float, float, float]
    centre: tuple[float, float]
    map: MapView
    emergency: dict[str, str]
    outline: Outline
    network: NetworkNote
    short_name: str = ""
    province: str = ""
    country: str = ""
    center_name: str = ""
    population: int | None = None
    area_km2: float | None = None


class Pack:
    """One city's folder. Reading raises PackError with every fault of the file that was read."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Pack({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The folder's name, by which the city is chosen."""
        return self.path.name

    def has(self, file: str) -> bool:
        """Whether the pack has this file; a table that is not needed may be absent."""
        return (self.path / file).is_file()

    def toml(self) -> dict[str, Any]:
        """city.toml as it stands."""
        try:
            return tomllib.loads(self._text("city.toml"))
        except tomllib.TOMLDecodeError as fault:
            found = TOML_LINE.search(str(fault))
            raise PackError(Fault("city.toml", int(found[1]) if found else 0, str(fault))) from fault

    @cached_property
    def city(self) -> City:
        """city.toml, typed. Keys nobody knows are faults."""
        said = self.toml()
        unknown = set(said) - {item.name for item in fields(City)}
        if unknown:
            raise PackError(
                *(Fault("city.toml", self._line_of(key), f"unknown key {key!r}") for key in sorted(unknown))
            )
        try:
            return msgspec.convert(said, City)
        except msgspec.ValidationError as fault:
            key = str(fault).rpartition("`$.")[2].split(".")[0].split("[")[0].strip("`")
            raise PackError(Fault("city.toml", self._line_of(key), str(fault))) from fault

    def table[R](self, file: str, record: type[R], *, also: Iterable[str] = ()) -> list[R]:
        """The rows of a CSV file as `record`, a dataclass whose fields are columns.

        A field with a default may be absent. Fields may be str, int, float, bool (yes/no), date, an enum,
        `list[str]` (items between bars) or `… | None`. Columns that are neither the record's, nor in `also`,
        nor in the schema of that file are faults.
        """
        return [entry for _line, entry in self.rows(file, record, also=also)]

    def rows[R](self, file: str, record: type[R], *, also: Iterable[str] = ()) -> list[tuple[int, R]]:
        """As `table`, each record with its line."""
        hints = get_type_hints(record, include_extras=True)
        wanted = {item.name: (hints[item.name], _is_required(item)) for item in fields(record)}  # type: ignore[arg-type]
        header, lines = self._lines(file)
        known = {*wanted, *also, *SCHEMA.get(file, ())}
        faults = [Fault(file, 1, f"unknown column {name!r}") for name in header if name not in known]
        faults += [
            Fault(file, 1, f"column {name!r} is missing")
            for name, (_type, required) in wanted.items()
            if required and name not in header
        ]
        if faults:
            raise PackError(*faults)
        found: list[tuple[int, R]] = []
        for line, row in lines:
            values = {}
            for name, (kind, _required) in wanted.items():
                if name in row:
                    try:
                        values[name] = read_cell(row[name], kind)
                    except ValueError as fault:
                        faults.append(Fault(file, line, f"column {name!r}: {fault}"))
            if not faults:
                found.append((line, record(**values)))
        if faults:
            raise PackError(*faults)
        return found

    def geojson(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        """The features of `<name>.geojson`, each with the line it stands on."""
        file = f"{name}.geojson"
        text = self._text(file)
        try:
            body = msgspec.json.decode(text)
        except msgspec.DecodeError as fault:
            byte = re.search(r"\(byte (\d+)\)", str(fault))
            line = text.encode()[: int(byte[1])].count(b"\n") + 1 if byte else 0
            raise PackError(Fault(file, line, str(fault))) from fault
        if not isinstance(body, dict) or not isinstance(body.get("features"), list):
            raise PackError(Fault(file, 1, "this is no FeatureCollection"))
        return list(zip(_lines_of(FEATURE, text), body["features"], strict=False))

    def _text(self, file: str) -> str:
        try:
            return (self.path / file).read_text(encoding="utf-8")
        except FileNotFoundError as fault:
            raise PackError(Fault(file, 0, f"the file is missing from {self.path}")) from fault
        except UnicodeDecodeError as fault:
            raise PackError(Fault(file, 0, "the file is not UTF-8")) from fault

    def _line_of(self, key: str) -> int:
        pattern = re.compile(rf"^\s*\[?{re.escape(key)}\b")
        lines = self._text("city.toml").splitlines()
        return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 0)

    def _lines(self, file: str) -> tuple[list[str], list[Row]]:
        reader = csv.reader(self._text(file).splitlines(keepends=True), strict=True)
        rows: list[Row] = []
        faults: list[Fault] = []
        header = next(reader, [])
        start = reader.line_num + 1
        try:
            for cells in reader:
                if cells and len(cells) != len(header):
                    faults.append(
                        Fault(file, start, f"{len(cells)} cells where the header has {len(header)}")
                    )
                elif any(cells):
                    rows.append((start, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
                start = reader.line_num + 1
        except csv.Error as fault:
            faults.append(Fault(file, start, str(fault)))
        if not header:
            faults.append(Fault(file, 0, "the file is empty"))
        if faults:
            raise PackError(*faults)
        return header, rows


SCHEMA: dict[
    str, frozenset[str]
] = {}  # file → every column it may have, whoever reads which; see city_pack.py

NO_SUCH = {int: "a whole number", float: "a number", bool: "yes or no"}


def read_cell(text: str, kind: Any) -> Any:
    """One cell as `kind`. Raises ValueError, in words."""
    options = [part for part in get_args(kind) if part is not type(None)]
    if get_origin(kind) in (Union, UnionType):
        return None if text == "" else read_cell(text, options[0])
    if get_origin(kind) is list:
        return [item.strip() for item in text.split(SEPARATOR) if item.strip()]
    if kind is bool:
        if text.lower() not in ("yes", "no", ""):
            raise ValueError(f"{text!r} is not yes or no")
        return text.lower() == "yes"
    if text == "" and kind is not str:
        raise ValueError("is empty")
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as fault:
        base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        words = f" is not {NO_SUCH[base]}" if base in NO_SUCH and not _is_number(text, base) else f": {fault}"
        raise ValueError(repr(text) + words) from None


def _is_number(text: str, base: Any) -> bool:
    try:
        base(text)
    except ValueError:
        return False
    return True


def _is_required(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _lines_of(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    line, start = 1, 0
    for match in pattern.finditer(text):
        line += text.count("\n", start, match.start())
        start = match.start()
        yield line


def gather(*readings: Callable[[], object]) -> list[Fault]:
    """Do every reading, whatever fails; all the faults."""
    faults: list[Fault] = []
    for read in readings:
        try:
            read()
        except PackError as error:
            faults += error.faults
    return faults
