"""Operands of a compiled expression, and how each is read as a number, a text, a moment … in SQL. Pure."""

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from shapely.geometry.base import BaseGeometry

from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.expressions import Constant
from patriot.sensing.sta.model import Entity, Kind, Property
from patriot.sensing.sta.times import Period, instant

ABSENT = object()
IS_TIME = "pg_input_is_valid({0}, 'timestamptz')"
CASTS = {
    Kind.ID: "bigint", Kind.NUMBER: "float8", Kind.TEXT: "text", Kind.BOOL: "boolean",
    Kind.MOMENT: "timestamptz", Kind.DATE: "date", Kind.TIME: "time", Kind.DURATION: "interval",
    Kind.JSON: "jsonb",
}  # fmt: skip
NAMES = {
    Kind.ID: "an id", Kind.NUMBER: "a number", Kind.TEXT: "a text", Kind.BOOL: "true or false",
    Kind.MOMENT: "a time", Kind.DATE: "a date", Kind.TIME: "a time of day", Kind.DURATION: "a duration",
    Kind.JSON: "a JSON value", Kind.RESULT: "a result", Kind.UNIT: "a unit", Kind.GEO: "a geometry",
    Kind.NULL: "null",
}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """`end`: a MOMENT's end (NULL or "" for an instant), a RESULT's JSON. `constant`: a literal's value."""

    kind: Kind
    sql: str
    end: str = ""
    constant: Any = ABSENT
    place: "tuple[Entity, str, Property] | None" = None  # where a geometry is kept, and under which alias


@dataclass
class Parameters:
    """The values of one statement by name."""

    values: dict[str, Any] = field(default_factory=dict)
    prefix: str = "p"

    def bind(self, value: object, cast: str = "") -> str:
        """A placeholder for the value."""
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f"%({name})s::{cast}" if cast else f"%({name})s"


def literal(value: Constant, parameters: Parameters) -> Value:
    """A constant as an operand."""
    if value is None:
        return Value(Kind.NULL, "NULL", constant=None)
    if isinstance(value, bool):
        return Value(Kind.BOOL, "true" if value else "false", constant=value)
    if isinstance(value, int | float):
        cast = "bigint" if isinstance(value, int) else "float8"
        return Value(Kind.NUMBER, f"({parameters.bind(value, cast)})", constant=value)
    if isinstance(value, str):
        return Value(Kind.TEXT, parameters.bind(value, "text"), constant=value)
    if isinstance(value, Period):
        end = parameters.bind(value.end, "timestamptz") if value.end else ""
        return Value(Kind.MOMENT, parameters.bind(value.start, "timestamptz"), end, constant=value)
    if isinstance(value, BaseGeometry):
        return Value(Kind.GEO, "NULL", constant=value)
    kinds = {date: Kind.DATE, time: Kind.TIME, timedelta: Kind.DURATION}
    kind = next(kind for type_, kind in kinds.items() if isinstance(value, type_))
    return Value(kind, parameters.bind(value, CASTS[kind]), constant=value)


def json_of(value: Value) -> str:
    """The operand as jsonb; JSON's null is SQL's."""
    if value.kind is Kind.RESULT:
        return f"coalesce(to_jsonb({value.sql}), {value.end})"
    return f"NULLIF({value.sql}, 'null'::jsonb)"


def number(value: Value) -> str:
    """The operand as a number. Raises Fault."""
    if value.kind in (Kind.NUMBER, Kind.ID):
        return value.sql
    if value.kind is Kind.RESULT:
        return value.sql
    if value.kind is Kind.JSON:
        return f"(CASE WHEN jsonb_typeof({value.sql}) = 'number' THEN ({value.sql})::numeric::float8 END)"
    if value.kind is Kind.NULL:
        return "NULL::float8"
    if isinstance(value.constant, str):
        return f"({_parsed(value.constant)!r}::float8)"
    raise wrong(value, Kind.NUMBER)


def _parsed(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise Fault(f"{text[:60]!r} is compared with a number and is none.") from None
    if found - found != 0:
        raise Fault(f"{text[:60]!r} is no number to compare with.")
    return found


def text(value: Value) -> str:
    """The operand as a text. Raises Fault."""
    if value.kind is Kind.TEXT:
        return value.sql
    if value.kind is Kind.JSON:
        return f"({value.sql} #>> '{{}}')"
    if value.kind is Kind.RESULT:
        return f"coalesce({value.sql}::text, {value.end} #>> '{{}}')"
    if value.kind is Kind.NULL:
        return "NULL::text"
    if value.kind in (Kind.NUMBER, Kind.ID, Kind.BOOL):
        return f"({value.sql})::text"
    raise wrong(value, Kind.TEXT)


def truth(value: Value) -> str:
    """The operand as a condition. Raises Fault."""
    if value.kind is Kind.BOOL:
        return value.sql
    if value.kind is Kind.NULL:
        return "NULL::boolean"
    if value.kind in (Kind.JSON, Kind.RESULT):
        inner = value.end if value.kind is Kind.RESULT else value.sql
        return f"(CASE WHEN jsonb_typeof({inner}) = 'boolean' THEN ({inner})::boolean END)"
    raise wrong(value, Kind.BOOL)


def moment(value: Value) -> Value:
    """The operand as an instant or interval. Raises Fault."""
    if value.kind is Kind.MOMENT:
        return value
    if value.kind is Kind.NULL:
        return Value(Kind.MOMENT, "NULL::timestamptz")
    if value.kind is Kind.DATE:
        return Value(Kind.MOMENT, f"(({value.sql})::timestamp AT TIME ZONE 'UTC')")
    if isinstance(value.constant, str):
        return Value(Kind.MOMENT, f"'{_instant(value.constant)}'::timestamptz")
    if value.kind in (Kind.JSON, Kind.RESULT):
        words = text(value)
        valid = IS_TIME.format(words)
        return Value(Kind.MOMENT, f"(CASE WHEN {valid} THEN ({words})::timestamptz END)")
    raise wrong(value, Kind.MOMENT)


def _instant(words: str) -> str:
    try:
        return instant(words).isoformat()
    except ValueError:
        raise Fault(f"{words[:60]!r} is compared with a time and is none.") from None


def day(value: Value) -> str:
    """The operand as a date in UTC. Raises Fault."""
    if value.kind is Kind.DATE:
        return value.sql
    return f"({moment(value).sql} AT TIME ZONE 'UTC')::date"


def clock(value: Value) -> str:
    """The operand as a time of day in UTC. Raises Fault."""
    if value.kind is Kind.TIME:
        return value.sql
    return f"({moment(value).sql} AT TIME ZONE 'UTC')::time"


def span(value: Value) -> str:
    """The operand as a duration. Raises Fault."""
    if value.kind is Kind.DURATION:
        return value.sql
    if value.kind is Kind.NULL:
        return "NULL::interval"
    raise wrong(value, Kind.DURATION)


def wrong(value: Value, wanted: Kind) -> Fault:
    """The operand cannot be read so."""
    return Fault(f"Here should stand {NAMES[wanted]}, not {NAMES[value.kind]}.")
