"""What a query says, as a small tree. Pure, immutable."""

from dataclasses import dataclass, field
from datetime import date, time, timedelta

from shapely.geometry.base import BaseGeometry

from patriot.sensing.sta.times import Period

type Constant = str | int | float | bool | Period | date | time | timedelta | BaseGeometry | None


@dataclass(frozen=True)
class Literal:
    """A constant."""

    value: Constant


@dataclass(frozen=True)
class Path:
    """`Datastream/Thing/properties/owner`: names, and numbers where an array is entered."""

    steps: tuple[str | int, ...]

    def __str__(self) -> str:
        return "/".join(str(step) for step in self.steps)


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True)
class Unary:
    """`not` or `-`."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True)
class Binary:
    """`and or eq ne lt le gt ge add sub mul div mod`."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Some:
    """`Locations/any(l:l/name eq 'x')`: the condition holds for one that is linked, its `variable`."""

    path: Path
    variable: str
    condition: "Expression"


type Expression = Literal | Path | Call | Unary | Binary | Some


@dataclass(frozen=True)
class Order:
    """One term of `$orderby`."""

    by: Expression
    descending: bool = False


@dataclass(frozen=True)
class Options:
    """A query's options; None where it does not say. `expand`: by navigation name, in order."""

    filter: Expression | None = None
    orderby: tuple[Order, ...] = ()
    select: tuple[Path, ...] = ()
    expand: tuple[tuple[str, "Options"], ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool | None = None
    data_array: bool = False
    after: str = ""  # where the page before ended, as `reader` writes it
    source: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # as they were written


@dataclass(frozen=True)
class Step:
    """One step of a resource path: `Things`, `Datastreams(2)`, `name`."""

    name: str
    key: int | None = None
