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
    """To be answered before the statement: parameters `ids` and `answers` are filled for the table's rows."""

    entity: Entity
    property: Property
    function: GeoFunction
    constants: tuple[Any, ...]
    turned: bool
    ids: str
    answers: str

    def question(self) -> tuple[str, dict[str, float]]:
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

    def answer(self, rows: Iterable[tuple[int, str | None]]) -> dict[str, list[Any]]:
        """The parameters' values. A row without a geometry that can be read has no answer."""
        known = [(key, shape) for key, text in rows if (shape := from_geojson(text)) is not None]
        shapes = [shape for _, shape in known]
        if not known:
            return {self.ids: [], self.answers: []}
        found = self._work()(shapes, *self.constants)
        if self.function.kind is Kind.BOOL:
            return {self.ids: [key for (key, _), holds in zip(known, found, strict=True) if holds]}
        return {
            self.ids: [key for key, _ in known], self.answers: [float(number) for number in found],
        }  # fmt: skip

    def _work(self) -> Callable[..., Any]:
        if not self.turned:
            return self.function.work
        if self.function.work is _relate:
            return lambda shapes, other, pattern: shapely.relate_pattern(other, shapes, pattern)
        return self.function.turned or self.function.work


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


def call(name: str, arguments: list[Value], parameters: Parameters, tasks: list[GeoTask]) -> Value:
    """A geometry function's operand; a task is noted unless all of it is constant. Raises Fault."""
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
        raise Fault(f"One of the geometries of {name}() must be written out.")
    return _asked(function, kept[0], shapes, more, parameters, tasks)


def _asked(
    function: GeoFunction, kept: Value, shapes: list[Value], more: tuple[str, ...],
    parameters: Parameters, tasks: list[GeoTask],
) -> Value:  # fmt: skip
    assert kept.place is not None
    entity, alias, found = kept.place
    constants = (*(shape.constant for shape in shapes if shape is not kept), *more)
    ids = parameters.bind([], "bigint[]")
    answers = parameters.bind([], "float8[]")
    names = [placeholder[2 : placeholder.index(")")] for placeholder in (ids, answers)]
    turned = shapes[0] is not kept
    tasks.append(GeoTask(entity, found, function, constants, turned, names[0], names[1]))
    if function.kind is Kind.BOOL:
        return Value(Kind.BOOL, f"({alias}.id = ANY({ids}))")
    return Value(
        Kind.NUMBER, f"(SELECT g.v FROM unnest({ids}, {answers}) AS g(i, v) WHERE g.i = {alias}.id)"  # noqa: S608 - compiled
    )  # fmt: skip


def _constant(function: GeoFunction, found: Any, parameters: Parameters) -> Value:
    if function.kind is Kind.BOOL:
        return Value(Kind.BOOL, "true" if found else "false")
    return Value(Kind.NUMBER, parameters.bind(float(found), "float8"))


def _pattern(argument: Value) -> str:
    pattern = argument.constant
    if not isinstance(pattern, str) or len(pattern) != 9 or not set(pattern.upper()) <= PATTERN:
        raise Fault("st_relate() takes a pattern such as 'T********' as its third argument.")
    return pattern.upper()
