"""Rows → the standard's JSON. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from patriot.sensing.sta import times
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.expressions import Options, Path
from patriot.sensing.sta.model import OF_THE_RESULT, QUALITY_PREFIX, Entity, Kind, Property

INTEGRAL = 2.0**53  # beyond, a float's integers have gaps
ALWAYS = {"Observation": ("result", "resultTime")}  # shown also when they are null
CONTROL = {
    "id": "@iot.id",
    "@iot.id": "@iot.id",
    "@iot.selfLink": "@iot.selfLink",
    "selfLink": "@iot.selfLink",
}
type Record = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """Which parts of an entity are shown. `links`: whose navigation links."""

    entity: Entity
    properties: tuple[Property, ...]
    controls: frozenset[str]
    links: frozenset[str]
    inside: dict[str, tuple[tuple[str | int, ...], ...]] = field(default_factory=dict)
    chosen: bool = False

    @property
    def columns(self) -> list[str]:
        """SQL of what is read for it, alias `a`; the id first, then the links to one, then the properties."""
        keys = [link.key.replace("{a}", "a") for link in self.entity.links if link.key]
        return ["a.id", *keys, *(sql for found in self.properties for sql in _columns(found))]


def _columns(found: Property) -> list[str]:
    if found.kind in (Kind.JSON, Kind.GEO) and len(found.columns) == 1:
        return [f"({found.sql('a')})::text"]
    if found.kind is Kind.RESULT:
        return [found.sql("a"), f"{found.sql('a', 1)}::text"]
    return [found.sql("a", index) for index in range(len(found.columns))]


def shape(entity: Entity, select: Sequence[Path], *, expanded: bool = False) -> Shape:
    """What `$select` leaves of an entity. Raises Fault for a property it has not.

    An `expanded` one leads nowhere by itself, as in the standard's example (18-088, 9.3.2.1).
    """
    plain = tuple(found for found in entity.properties if found.kind is not Kind.ID)
    if not select or any(path.steps == ("*",) for path in select):
        links = frozenset() if expanded else frozenset(link.name for link in entity.links)
        return Shape(entity, plain, frozenset(CONTROL.values()), links)
    wanted: dict[str, list[tuple[str | int, ...]]] = {}
    for path in select:
        wanted.setdefault(str(path.steps[0]), []).append(path.steps[1:])
    known = {found.name for found in plain} | {link.name for link in entity.links} | CONTROL.keys()
    known |= {f"{link.name}@iot.navigationLink" for link in entity.links}
    if unknown := wanted.keys() - known:
        raise Fault(f"{entity.plural} have no property {sorted(unknown)[0][:60]!r}.")
    return Shape(
        entity, tuple(found for found in plain if found.name in wanted),
        frozenset(CONTROL[name] for name in wanted.keys() & CONTROL.keys()),
        frozenset(link.name for link in entity.links if link.name in wanted),
        {name: tuple(paths) for name, paths in wanted.items() if all(paths)}, chosen=True,
    )  # fmt: skip


@dataclass
class Found:
    """One row: its id, the ids it links to, and what is shown of it."""

    key: int
    links: dict[str, int | None]
    record: Record


def found(of: Shape, row: Sequence[Any], base: str) -> Found:
    """A row of `of.columns` as the standard shows it."""
    links = [link.name for link in of.entity.links if link.key]
    at = 1 + len(links)
    record: Record = {}
    self_link = f"{base}/{of.entity.plural}({row[0]})"
    if "@iot.id" in of.controls:
        record["@iot.id"] = row[0]
    if "@iot.selfLink" in of.controls:
        record["@iot.selfLink"] = self_link
    for each in of.properties:
        width = len(each.columns)
        said = value(each, row[at : at + width])
        at += width
        if said is not None or of.chosen or each.name in ALWAYS.get(of.entity.name, ()):
            record[each.name] = _only(said, of.inside.get(each.name, ()))
    for link in of.entity.links:
        if link.name in of.links:
            record[f"{link.name}@iot.navigationLink"] = f"{self_link}/{link.name}"
    return Found(row[0], dict(zip(links, row[1:], strict=False)), record)


def _only(said: Any, paths: Sequence[tuple[str | int, ...]]) -> Any:
    """The parts that `$select=properties/owner` leaves."""
    if not paths or not isinstance(said, dict):
        return said
    return {
        str(path[0]): _only(said.get(str(path[0])), [path[1:]] if path[1:] else []) for path in paths
    }  # fmt: skip


def value(of: Property, columns: Sequence[Any]) -> Any:
    """A property's JSON value."""
    if of.kind is Kind.MOMENT:
        return times.say_period(columns[0], None if of.instant else columns[1])
    if of.kind is Kind.RESULT:
        return result(columns[0], columns[1])
    if of.kind is Kind.UNIT:
        return dict(zip(("name", "symbol", "definition"), columns, strict=True))
    if of.kind in (Kind.JSON, Kind.GEO):
        return None if columns[0] is None else orjson.loads(columns[0])
    return columns[0]


def result(number: float | None, text: str | None) -> Any:
    """A result: whole numbers without a point; those no float can hold as their text has them."""
    if text is not None or number is None:
        return None if text is None else orjson.loads(text)
    return int(number) if abs(number) < INTEGRAL and number == int(number) else number


def quality(flags: int) -> list[Record] | None:
    """What was found odd about a result, one DQ element for each flag; None when nothing was."""
    return [
        {"nameOfMeasure": f"{QUALITY_PREFIX}{str(flag.name).lower()}", "DQ_Result": {"pass": False}}
        for flag in OF_THE_RESULT if flags & flag
    ] or None  # fmt: skip


def encode(said: object) -> bytes:
    """JSON in UTF-8."""
    return orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS)


def query(pairs: Sequence[tuple[str, str]]) -> str:
    """A query string with dollars and brackets left readable."""
    return "&".join(f"{quote(name, safe='$')}={quote(text, safe='$(),/;=:@')}" for name, text in pairs)


def data_array(records: Sequence[tuple[int | None, Record]], options: Options, base: str) -> list[Record]:
    """Observations as arrays, one for each datastream, in the order in which they came."""
    groups: dict[int | None, list[Record]] = {}
    for stream, record in records:
        groups.setdefault(stream, []).append(record)
    names = _components(options)
    return [
        {
            "Datastream@iot.navigationLink": f"{base}/Datastreams({stream})",
            "components": names,
            "dataArray@iot.count": len(rows),
            "dataArray": [[row.get("@iot.id" if name == "id" else name) for name in names] for row in rows],
        }
        for stream, rows in groups.items()
    ]


COMPONENTS = ("id", "phenomenonTime", "resultTime", "result", "resultQuality", "validTime", "parameters")


def _components(options: Options) -> list[str]:
    chosen = [str(path.steps[0]) for path in options.select if path.steps != ("*",)]
    return [("id" if name == "@iot.id" else name) for name in chosen] or list(COMPONENTS)
