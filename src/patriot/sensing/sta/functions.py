"""The standard's operators and functions, each as SQL over its operands. Pure.

Times are compared as periods: an interval lacks its end, so what ends at 8:00 is before what begins at 8:00.
"""

from collections.abc import Callable
from dataclasses import dataclass

from patriot.sensing.sta import values
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.model import Kind
from patriot.sensing.sta.values import Value

SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
TURNED = {"gt": "lt", "ge": "le"}
# Which kinds two operands are compared as: the first that either of them is.
ORDER: tuple[tuple[Kind, Callable[[Value], str]], ...] = (
    (Kind.DURATION, values.span),
    (Kind.TIME, values.clock),
    (Kind.BOOL, values.truth),
)
DYNAMIC = (Kind.JSON, Kind.RESULT)


def compare(operator: str, left: Value, right: Value) -> Value:
    """`eq ne lt le gt ge`. Raises Fault for what cannot be compared."""
    return Value(Kind.BOOL, f"({_comparison(operator, left, right)})")


def _comparison(operator: str, left: Value, right: Value) -> str:
    kinds = (left.kind, right.kind)
    if Kind.NULL in kinds:
        return _with_null(operator, left, right)
    if Kind.DATE in kinds and Kind.MOMENT not in kinds:
        return f"{values.day(left)} {SIGNS[operator]} {values.day(right)}"
    for kind, read in ORDER:
        if kind in kinds:
            return f"{read(left)} {SIGNS[operator]} {read(right)}"
    if Kind.MOMENT in kinds:
        return _moments(operator, values.moment(left), values.moment(right))
    if Kind.GEO in kinds or Kind.UNIT in kinds:
        raise Fault("A geometry or unit is compared by its functions or parts, not as a whole.")
    if set(kinds) <= set(DYNAMIC):
        return f"{values.json_of(left)} {SIGNS[operator]} {values.json_of(right)}"
    read = values.number if {Kind.NUMBER, Kind.ID} & set(kinds) else values.text
    return f"{read(left)} {SIGNS[operator]} {read(right)}"


def _with_null(operator: str, left: Value, right: Value) -> str:
    other = right if left.kind is Kind.NULL else left
    if operator not in ("eq", "ne"):
        return "NULL::boolean"
    if other.kind is Kind.NULL:
        return "true" if operator == "eq" else "false"
    sql = values.json_of(other) if other.kind in DYNAMIC else other.sql
    return f"{sql} IS {'NOT ' if operator == 'ne' else ''}NULL"


def _moments(operator: str, left: Value, right: Value) -> str:
    if operator in TURNED:
        operator, left, right = TURNED[operator], right, left
    if not left.end and not right.end:
        return f"{left.sql} {SIGNS[operator]} {right.sql}"
    if operator == "lt":
        return before(left, right)
    if operator == "le":
        return f"({left.sql} <= {right.sql} AND {_end(left)} <= {_end(right)})"
    same = f"({left.sql} = {right.sql} AND {_end(left)} = {_end(right)})"
    return same if operator == "eq" else f"(NOT {same})"


def _end(value: Value) -> str:
    return f"coalesce({value.end}, {value.sql})" if value.end else value.sql


def _is_interval(value: Value) -> str:
    return f"{value.end} IS NOT NULL" if value.end else "false"


def before(left: Value, right: Value) -> str:
    """The left one is over when the right one begins."""
    end = _end(left)
    return f"({end} < {right.sql} OR ({_is_interval(left)} AND {end} <= {right.sql}))"


def _during(left: Value, right: Value) -> str:
    if not right.end:
        raise Fault("during() needs an interval as its second argument.")
    end = _end(left)
    inside = f"({end} < {right.end} OR ({_is_interval(left)} AND {end} <= {right.end}))"
    return f"({right.sql} <= {left.sql} AND {inside})"


def _overlaps(left: Value, right: Value) -> str:
    def reaches(one: Value, other: Value) -> str:
        return f"({one.sql} < {_end(other)} OR (NOT ({_is_interval(other)}) AND {one.sql} <= {other.sql}))"

    return f"({reaches(left, right)} AND {reaches(right, left)})"


def arithmetic(operator: str, left: Value, right: Value) -> Value:
    """`add sub mul div mod`, of numbers, and of times and durations where it makes sense. Raises Fault."""
    kinds = (left.kind, right.kind)
    if operator in ("add", "sub") and {Kind.MOMENT, Kind.DURATION} & set(kinds):
        return _time_arithmetic(operator, left, right)
    if operator == "mul" and Kind.DURATION in kinds:
        length, factor = (left, right) if left.kind is Kind.DURATION else (right, left)
        return Value(Kind.DURATION, f"({values.span(length)} * {values.number(factor)})")
    if operator == "div" and left.kind is Kind.DURATION:
        return Value(Kind.DURATION, f"({left.sql} / NULLIF({values.number(right)}::float8, 0))")
    one, other = values.number(left), values.number(right)
    return Value(Kind.NUMBER, NUMBERS[operator].format(f"({one})::float8", f"({other})::float8"))


NUMBERS = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / NULLIF({1}, 0))",
    "mod": "mod(({0})::numeric, NULLIF({1}, 0)::numeric)::float8",
}


def _time_arithmetic(operator: str, left: Value, right: Value) -> Value:
    sign = "+" if operator == "add" else "-"
    if left.kind is Kind.DURATION and right.kind is Kind.DURATION:
        return Value(Kind.DURATION, f"({left.sql} {sign} {right.sql})")
    if right.kind is Kind.DURATION:
        moved = values.moment(left)
        end = f"({moved.end} {sign} {right.sql})" if moved.end else ""
        return Value(Kind.MOMENT, f"({moved.sql} {sign} {right.sql})", end)
    if left.kind is Kind.DURATION and operator == "add":
        return _time_arithmetic("add", right, left)
    if operator == "sub":
        return Value(Kind.DURATION, f"({values.moment(left).sql} - {values.moment(right).sql})")
    raise Fault("Two times cannot be added.")


@dataclass(frozen=True)
class Function:
    """`least` and `most` arguments; `write` makes the operand of them."""

    least: int
    most: int
    write: Callable[..., Value]


def _texts(template: str, kind: Kind, least: int = 1) -> Function:
    def write(*arguments: Value) -> Value:
        return Value(kind, template.format(*(values.text(argument) for argument in arguments)))

    return Function(least, least, write)


def _part(unit: str) -> Function:
    def write(of: Value) -> Value:
        local = f"{of.sql}" if of.kind in (Kind.DATE, Kind.TIME) else _utc(of)
        return Value(Kind.NUMBER, f"floor(extract({unit} FROM {local}))::int")

    return Function(1, 1, write)


def _utc(of: Value) -> str:
    return f"({values.moment(of).sql} AT TIME ZONE 'UTC')"


def _fraction(of: Value) -> Value:
    return Value(Kind.NUMBER, f"mod(extract(second FROM {_utc(of)}), 1)::float8")


def _offset(of: Value) -> Value:
    return Value(Kind.NUMBER, f"(CASE WHEN {values.moment(of).sql} IS NOT NULL THEN 0 END)")


def _rounded(template: str) -> Function:
    return Function(1, 1, lambda of: Value(Kind.NUMBER, template.format(values.number(of))))


def _substring(of: Value, start: Value, length: Value | None = None) -> Value:
    first = f"greatest({values.number(start)}, 0)::int + 1"
    inner = f"substr({values.text(of)}, {first}"
    if length is not None:
        inner += f", greatest({values.number(length)}, 0)::int"
    return Value(Kind.TEXT, f"{inner})")


def _temporal(write: Callable[[Value, Value], str]) -> Function:
    def call(left: Value, right: Value) -> Value:
        return Value(Kind.BOOL, write(values.moment(left), values.moment(right)))

    return Function(2, 2, call)


def _starts(left: Value, right: Value) -> str:
    return f"({left.sql} = {right.sql})"


def _meets(left: Value, right: Value) -> str:
    return f"({_end(left)} = {right.sql} OR {_end(right)} = {left.sql})"


FUNCTIONS = {
    "substringof": _texts("(strpos({1}, {0}) > 0)", Kind.BOOL, 2),
    "contains": _texts("(strpos({0}, {1}) > 0)", Kind.BOOL, 2),
    "startswith": _texts("starts_with({0}, {1})", Kind.BOOL, 2),
    "endswith": _texts("(right({0}, length({1})) = {1})", Kind.BOOL, 2),
    "length": _texts("length({0})", Kind.NUMBER),
    "indexof": _texts("strpos({0}, {1})", Kind.NUMBER, 2),  # from 1; 0: not in it. As the standard's example
    "substring": Function(2, 3, _substring),
    "tolower": _texts("lower({0})", Kind.TEXT),
    "toupper": _texts("upper({0})", Kind.TEXT),
    "trim": _texts("btrim({0}, E' \\t\\r\\n')", Kind.TEXT),
    "concat": _texts("({0} || {1})", Kind.TEXT, 2),
    "year": _part("year"),
    "month": _part("month"),
    "day": _part("day"),
    "hour": _part("hour"),
    "minute": _part("minute"),
    "second": _part("second"),
    "fractionalseconds": Function(1, 1, _fraction),
    "date": Function(1, 1, lambda of: Value(Kind.DATE, values.day(of))),
    "time": Function(1, 1, lambda of: Value(Kind.TIME, values.clock(of))),
    "totaloffsetminutes": Function(1, 1, _offset),  # times are kept in UTC
    "now": Function(0, 0, lambda: Value(Kind.MOMENT, "now()")),
    "mindatetime": Function(0, 0, lambda: Value(Kind.MOMENT, "'-infinity'::timestamptz")),
    "maxdatetime": Function(0, 0, lambda: Value(Kind.MOMENT, "'infinity'::timestamptz")),
    "round": _rounded("round(({0})::numeric)::float8"),  # halves away from zero, as OData says
    "floor": _rounded("floor(({0})::float8)"),
    "ceiling": _rounded("ceil(({0})::float8)"),
    # not in the standard; its reference implementation has them
    "before": _temporal(before),
    "after": _temporal(lambda left, right: before(right, left)),
    "meets": _temporal(_meets),
    "during": _temporal(_during),
    "overlaps": _temporal(_overlaps),
    "starts": _temporal(_starts),
    "finishes": _temporal(lambda left, right: f"({_end(left)} = {_end(right)})"),
}
