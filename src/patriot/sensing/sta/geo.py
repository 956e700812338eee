"""Geometry in queries. PostgreSQL here knows none: shapely answers for every row of one table beforehand.

Coordinates are degrees, WGS 84, longitude first, and so are distances and lengths, as other servers have it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from shapely import GeometryType
from shapely.geometry.base import BaseGeometry

from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.model import Entity, Kind, Property
from patriot.sensing.sta.values import ABSENT, Parameters, Value

PATTERN = frozenset("TF*012")
MOST_PAIRS = 200_000  # of stored geometries, compared with each other by one function
MOST_CORNERS = 100_000_000  # so much work at most: for each pair the product of their numbers of corners

type Run = Callable[[str, dict[str, Any]], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class GeoFunction:
    """`work(shapes, other)` answers for an array of shapes; `near`: true only where bounds meet."""

    kind: Kind
    work: Callable[..., Any]
    geometries: int = 2
    near: bool = False
    turned: Callable[..., Any] | None = None  # with the arguments the other way round


def _relate(shapes: Any, other: Any, pattern: str) -> Any:
    return shapely.relate_pattern(shapes, other, pattern)


def _length(shapes: Any) -> Any:
    """Of lines, in degrees; points and areas have none."""
    return np.where(np.isin(shapely.get_type_id(shapes), LINES), shapely.length(shapes), 0.0)


LINES = [GeometryType[name].value for name in ("LINESTRING", "LINEARRING", "MULTILINESTRING")]
FUNCTIONS = {
    "geo.distance": GeoFunction(Kind.NUMBER, shapely.distance),
    "geo.length": GeoFunction(Kind.NUMBER, _length, 1),
    "geo.intersects": GeoFunction(Kind.BOOL, shapely.intersects, near=True),
    "st_equals": GeoFunction(Kind.BOOL, shapely.equals, near=True),
    "st_disjoint": GeoFunction(Kind.BOOL, shapely.disjoint),
    "st_touches": GeoFunction(Kind.BOOL, shapely.touches, near=True),
    "st_within": GeoFunction(Kind.BOOL, shapely.within, near=True, turned=shapely.contains),
    "st_overlaps": GeoFunction(Kind.BOOL, shapely.overlaps, near=True),
    "st_crosses": GeoFunction(Kind.BOOL, shapely.crosses, near=True),
    "st_intersects": GeoFunction(Kind.BOOL, shapely.intersects, near=True),
    "st_contains": GeoFunction(Kind.BOOL, shapely.contains, near=True, turned=shapely.within),
    "st_relate": GeoFunction(Kind.BOOL, _relate),
}


@dataclass(frozen=True)
class GeoTask:
    """To be answered before the statement: the parameter `answers` is filled for the table's rows."""

    entity: Entity
    property: Property
    function: GeoFunction
    constants: tuple[Any, ...]
    turned: bool
    answers: str

    def settle(self, run: Run) -> dict[str, Any]:
        """The parameters' values. `run`: asks the database."""
        return self._answer(run(*self._question()))

    def _question(self) -> tuple[str, dict[str, float]]:
        """SQL for (id, GeoJSON text) of the rows that may matter."""
        sql = f"SELECT a.id, ({self.property.sql('a')})::text FROM {self.entity.table} a"  # noqa: S608 - from `model`
        if not self.function.near or self.entity.name == "Datastream":
            return sql, {}
        west, south, east, north = (float(edge) for edge in self.constants[0].bounds)
        sql += (
            " WHERE (lon BETWEEN %(west)s AND %(east)s AND lat BETWEEN %(south)s AND %(north)s)"
            f" OR lon IS NULL OR {self.property.columns[0]} ->> 'type' <> 'Point'"
        )
        return sql, {"west": west, "south": south, "east": east, "north": north}

    def _answer(self, rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
        """A row without a geometry that can be read has no answer."""
        known = [(key, shape) for key, text in rows if (shape := from_geojson(text)) is not None]
        if not known:
            return {}
        found = self._work()([shape for _, shape in known], *self.constants)
        if self.function.kind is Kind.BOOL:
            return {self.answers: [key for (key, _), holds in zip(known, found, strict=True) if holds]}
        return {self.answers: _numbers((str(key) for key, _ in known), found)}

    def _work(self) -> Callable[..., Any]:
        if not self.turned:
            return self.function.work
        if self.function.work is _relate:
            return lambda shapes, other, pattern: shapely.relate_pattern(other, shapes, pattern)
        return self.function.turned or self.function.work


@dataclass(frozen=True)
class PairTask:
    """The same of two stored geometries: for each pair that the question's paths bring together.

    `pairs`: SQL for their ids. `ids`, `others`, `answers`: parameters; numbers are all in `answers`.
    """

    sides: tuple[tuple[Entity, Property], tuple[Entity, Property]]
    function: GeoFunction
    more: tuple[str, ...]
    pairs: str
    ids: str
    others: str
    answers: str

    def settle(self, run: Run) -> dict[str, Any]:
        """The parameters' values. Raises Fault when there is too much to compare."""
        pairs = run(f"{self.pairs} LIMIT {MOST_PAIRS + 1}", {})
        if len(pairs) > MOST_PAIRS:
            raise Fault(
                f"More than {MOST_PAIRS} pairs of geometries would be compared: write one of them out."
            )
        left, right = (self._shapes(n, {pair[n] for pair in pairs}, run) for n in (0, 1))
        known = [(i, j) for i, j in pairs if i in left and j in right]
        if not known:
            return {}
        shapes = [left[i] for i, _ in known], [right[j] for _, j in known]
        corners = [shapely.get_num_coordinates(side).astype(np.float64) for side in shapes]
        if float(corners[0] @ corners[1]) > MOST_CORNERS:
            raise Fault("The geometries have too many corners to be compared: write one of them out.")
        found = self.function.work(*shapes, *self.more)
        if self.function.kind is not Kind.BOOL:
            return {self.answers: _numbers((f"{i} {j}" for i, j in known), found)}
        holds = [pair for pair, one in zip(known, found, strict=True) if one]
        return {self.ids: [i for i, _ in holds], self.others: [j for _, j in holds]}

    def _shapes(self, side: int, ids: set[int], run: Run) -> dict[int, BaseGeometry]:
        entity, of = self.sides[side]
        sql = f"SELECT a.id, ({of.sql('a')})::text FROM {entity.table} a WHERE a.id = ANY(%(ids)s::bigint[])"  # noqa: S608 - from `model`
        rows = run(sql, {"ids": sorted(ids)})
        return {key: shape for key, text in rows if (shape := from_geojson(text)) is not None}


def _numbers(keys: Iterable[str], found: Iterable[float]) -> str:
    """Answers by key, as JSON: looked up there by each row of the statement."""
    return orjson.dumps(dict(zip(keys, map(float, found), strict=True))).decode()


def from_geojson(text: str | None) -> BaseGeometry | None:
    """A GeoJSON geometry or feature; None for what is neither."""
    if not text:
        return None
    try:
        said = orjson.loads(text)
        if isinstance(said, dict) and said.get("type") == "Feature":
            said = said.get("geometry")
        if not isinstance(said, dict):
            return None
        found = shapely.from_geojson(orjson.dumps(said).decode(), on_invalid="ignore")
        return found if found is not None and not found.is_empty else None
    except (ValueError, TypeError, shapely.errors.ShapelyError):
        return None


def call(
    name: str, arguments: list[Value], parameters: Parameters, tasks: list[GeoTask | PairTask],
    pairs: Callable[[str, str], str],
) -> Value:  # fmt: skip
    """A geometry function's operand; a task is noted unless all of it is constant. Raises Fault.

    `pairs`: SQL for the ids that rows under two aliases have together.
    """
    function = FUNCTIONS[name]
    wanted = function.geometries + (name == "st_relate")
    if len(arguments) != wanted:
        raise Fault(f"{name}() takes {wanted} arguments, not {len(arguments)}.")
    shapes = arguments[: function.geometries]
    for shape in shapes:
        if shape.kind is not Kind.GEO:
            raise Fault(f"{name}() takes a geometry: a location, a feature or geography'POINT(106.9 -6.2)'.")
    more = tuple(_pattern(argument) for argument in arguments[function.geometries :])
    kept = [shape for shape in shapes if shape.constant is ABSENT]
    if not kept:
        found = function.work(*(shape.constant for shape in shapes), *more)
        return _constant(function, found, parameters)
    if len(kept) > 1:
        return _asked_twice(function, kept, more, parameters, tasks, pairs)
    return _asked(function, kept[0], shapes, more, parameters, tasks)


def _asked(
    function: GeoFunction, kept: Value, shapes: list[Value], more: tuple[str, ...],
    parameters: Parameters, tasks: list[GeoTask | PairTask],
) -> Value:  # fmt: skip
    assert kept.place is not None
    entity, alias, found = kept.place
    constants = (*(shape.constant for shape in shapes if shape is not kept), *more)
    is_bool = function.kind is Kind.BOOL
    answers = parameters.bind([], "bigint[]") if is_bool else parameters.bind("{}", "jsonb")
    turned = shapes[0] is not kept
    tasks.append(GeoTask(entity, found, function, constants, turned, _name(answers)))
    if is_bool:
        return Value(Kind.BOOL, f"({alias}.id = ANY({answers}))")
    return Value(Kind.NUMBER, f"(({answers} ->> ({alias}.id)::text)::float8)")


def _asked_twice(
    function: GeoFunction, kept: list[Value], more: tuple[str, ...], parameters: Parameters,
    tasks: list[GeoTask | PairTask], pairs: Callable[[str, str], str],
) -> Value:  # fmt: skip
    (left, one, its), (right, other, others) = (shape.place for shape in kept if shape.place is not None)
    ids, seconds = parameters.bind([], "bigint[]"), parameters.bind([], "bigint[]")
    answers = parameters.bind("{}", "jsonb")
    names = [_name(placeholder) for placeholder in (ids, seconds, answers)]
    tasks.append(PairTask(((left, its), (right, others)), function, more, pairs(one, other), *names))
    if function.kind is Kind.BOOL:
        both = f"SELECT g.i, g.j FROM unnest({ids}, {seconds}) AS g(i, j)"  # noqa: S608 - placeholders
        there = f"{one}.id IS NOT NULL AND {other}.id IS NOT NULL"  # else it is not known
        return Value(Kind.BOOL, f"(CASE WHEN {there} THEN ({one}.id, {other}.id) IN ({both}) END)")
    return Value(Kind.NUMBER, f"(({answers} ->> ({one}.id || ' ' || {other}.id))::float8)")


def _name(placeholder: str) -> str:
    return placeholder[2 : placeholder.index(")")]


def _constant(function: GeoFunction, found: Any, parameters: Parameters) -> Value:
    if function.kind is Kind.BOOL:
        return Value(Kind.BOOL, "true" if found else "false")
    return Value(Kind.NUMBER, parameters.bind(float(found), "float8"))


def _pattern(argument: Value) -> str:
    pattern = argument.constant
    if not isinstance(pattern, str) or len(pattern) != 9 or not set(pattern.upper()) <= PATTERN:
        raise Fault("st_relate() takes a pattern such as 'T********' as its third argument.")
    return pattern.upper()
