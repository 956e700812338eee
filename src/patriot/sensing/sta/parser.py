"""Words → the tree of `expressions`. Recursive descent over OData 4.0's grammar, as the standard uses it.

Precedence, weakest first: or, and, not, comparison, add/sub, mul/div/mod, unary minus, primary.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time

import shapely
from shapely.geometry.base import BaseGeometry

from patriot.sensing.sta import times
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.expressions import (
    Binary,
    Call,
    Constant,
    Expression,
    Literal,
    Options,
    Order,
    Path,
    Some,
    Step,
    Unary,
)
from patriot.sensing.sta.lexer import Word, words

DEEPEST = 60  # brackets in brackets
MOST_TERMS = 300
LARGEST = 2**63 - 1
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_COMMA = re.compile(
    r"POINT\s*\(\s*([^\s,()]+)\s*,\s*([^\s,()]+)\s*\)", re.IGNORECASE
)  # as the standard's examples
CONSTANTS: dict[str, Constant] = {"true": True, "false": False, "null": None}


class Parser:
    """One option's words and the place in them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lexed, self._words = words(text)
        self._at = 0
        self._depth = 0
        self._terms = 0

    @property
    def next(self) -> Word:
        """The word that comes."""
        return self._words[self._at]

    def take(self) -> Word:
        """The word that comes, and go on."""
        word = self._words[self._at]
        self._at = min(self._at + 1, len(self._words) - 1)
        return word

    def accept(self, *texts: str) -> str:
        """The next word's text when it is one of these, and go on; else ""."""
        if self.next.kind in ("name", "mark") and self.next.text in texts:
            return self.take().text
        return ""

    def expect(self, text: str) -> None:
        """Go past a mark that must stand here."""
        if not self.accept(text):
            raise self.fault(f"Here should stand {text!r}")

    def fault(self, words: str) -> Fault:
        """What is wrong, and where."""
        place = f"at character {self.next.at + 1}" if self.next.kind != "end" else "at its end"
        return Fault(f"{words}, {place} of {self._text[:200]!r}.")

    def end(self) -> None:
        """Nothing may follow."""
        if self.next.kind != "end":
            raise self.fault(f"{self.next.text[:40]!r} was not expected")

    def expression(self) -> Expression:
        """A whole expression."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Fault("The expression is nested too deeply.")
        found = self._chain(lambda: self._chain(self._negation, "and"), "or")
        self._depth -= 1
        return found

    def _chain(self, part: Callable[[], Expression], *operators: str) -> Expression:
        found = part()
        while operator := self.accept(*operators):
            self._count()
            found = Binary(operator, found, part())
        return found

    def _count(self) -> None:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise Fault("The expression has too many parts.")

    def _negation(self) -> Expression:
        self._count()
        if self.next == Word("name", "not", self.next.at):
            self.take()
            return Unary("not", self._negation())
        return self._comparison()

    def _comparison(self) -> Expression:
        return self._chain(self._sum, *COMPARISONS)

    def _sum(self) -> Expression:
        return self._chain(self._product, "add", "sub")

    def _product(self) -> Expression:
        return self._chain(self._signed, "mul", "div", "mod")

    def _signed(self) -> Expression:
        self._count()
        if self.accept("-"):
            inner = self._signed()
            plain = isinstance(inner, Literal) and isinstance(inner.value, int | float)
            if plain and not isinstance(inner.value, bool):  # type: ignore[union-attr]
                return Literal(-inner.value)  # type: ignore[union-attr, operator]
            return Unary("-", inner)
        return self._primary()

    def _primary(self) -> Expression:
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        word = self.next
        if word.kind == "name":
            return self._named()
        if word.kind in LITERALS:
            self.take()
            return Literal(self._constant(word))
        raise self.fault("Here should stand a value")

    def _constant(self, word: Word) -> Constant:
        try:
            return LITERALS[word.kind](word.text)
        except (ValueError, OverflowError, shapely.errors.GEOSException) as fault:
            raise Fault(f"{word.text[:80]!r} is no {word.kind}: {fault}") from None

    def _named(self) -> Expression:
        word = self.take()
        if word.text in CONSTANTS and self.next.text not in ("/", "("):
            return Literal(CONSTANTS[word.text])
        if self.accept("("):
            return self._call(word.text)
        path = self._path_from(word.text)
        if len(path.steps) > 1 and path.steps[-1] == "any" and self.accept("("):
            return self._some(Path(path.steps[:-1]))
        return path

    def _some(self, path: Path) -> Expression:
        if self.accept(")"):
            return Some(path, "", Literal(True))
        if self.next.kind != "name":
            raise self.fault("Here should stand a name, as in any(x:x/name eq 'a')")
        variable = self.take().text
        self.expect(":")
        condition = self.expression()
        self.expect(")")
        return Some(path, variable, condition)

    def _call(self, name: str) -> Expression:
        arguments: list[Expression] = []
        while not self.accept(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.expression())
        return Call(name, tuple(arguments))

    def path(self) -> Path:
        """A path that must stand here."""
        if self.next.kind != "name":
            raise self.fault("Here should stand a property's name")
        return self._path_from(self.take().text)

    def _path_from(self, first: str) -> Path:
        steps: list[str | int] = [first]
        while mark := self.accept("/", "["):
            word = self.take()
            if word.kind == "number" and word.text.isascii() and word.text.isdigit():
                steps.append(int(word.text[:9]))
            elif word.kind in ("name", "text") and mark == "/":
                steps.append(_unquoted(word.text))
            else:
                raise self.fault("A path ends too early")
            if mark == "[":
                self.expect("]")
        return Path(tuple(steps))

    def orders(self) -> tuple[Order, ...]:
        """`$orderby`'s terms."""
        found: list[Order] = []
        while not found or self.accept(","):
            by = self.expression()
            found.append(Order(by, self.accept("asc", "desc") == "desc"))
        return tuple(found)

    def selection(self) -> tuple[Path, ...]:
        """`$select`'s paths."""
        found: list[Path] = []
        while not found or self.accept(","):
            found.append(Path(("*",)) if self.accept("*") else self.path())
        return tuple(found)

    def expansions(self) -> tuple[tuple[str, Options], ...]:
        """`$expand`'s items, those with the same first step joined."""
        found: dict[str, Options] = {}
        while not found or self.accept(","):
            name, inner = self._expansion()
            found[name] = join(found[name], inner) if name in found else inner
        return tuple(found.items())

    def _expansion(self) -> tuple[str, Options]:
        self._count()
        if self.next.kind != "name":
            raise self.fault("Here should stand the name of what is to be expanded")
        name = self.take().text
        if self.accept("/"):
            return name, Options(expand=(self._expansion(),))
        return name, self._inner_options() if self.accept("(") else Options()

    def _inner_options(self) -> Options:
        said: dict[str, object] = {}
        source: list[tuple[str, str]] = []
        self._depth += 1
        if self._depth > DEEPEST:
            raise Fault("The expansion is nested too deeply.")
        while not self.accept(")"):
            name = self.take().text
            self.expect("=")
            if name not in INNER:
                raise self.fault(f"{name[:40]!r} is no option of an expansion")
            if name in said:
                raise self.fault(f"{name} stands twice")
            begin = self.next.at
            said[name] = INNER[name](self)
            source.append((name, self._lexed[begin : self.next.at].strip()))
            if self.next.text != ")":
                self.expect(";")
        self._depth -= 1
        return options_of({**said, "source": tuple(source)})

    def number(self) -> int:
        """`$top`'s and `$skip`'s value."""
        return whole(self.take().text)

    def flag(self) -> bool:
        """`$count`'s value."""
        return truth(self.take().text)

    def form(self) -> bool:
        """`$resultFormat`'s value."""
        return data_array(self.take().text)


def _number(text: str) -> int | float:
    found = float(text) if any(mark in text for mark in ".eE") else int(text)
    if abs(found) > LARGEST and isinstance(found, int):
        return float(text)
    if found in (float("inf"), float("-inf")):
        raise ValueError("too large")
    return found


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _text(text: str) -> str:
    found = _unquoted(text)
    if "\x00" in found:
        raise ValueError("a text cannot hold a zero byte")
    return found


def geometry(text: str) -> BaseGeometry:
    """`geography'POINT(106.9 -6.2)'`, an SRID in front is passed over. Raises ValueError."""
    inner = _unquoted(text[text.index("'") :]).strip()
    if inner.upper().startswith("SRID="):
        inner = inner.partition(";")[2]
    found = shapely.from_wkt(_COMMA.sub(r"POINT (\1 \2)", inner))
    if found is None:
        raise ValueError("no geometry")
    return found


LITERALS: dict[str, Callable[[str], Constant]] = {
    "text": _text,
    "number": _number,
    "instant": lambda text: times.Period(times.instant(text)),
    "interval": times.period,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "duration": lambda text: times.duration(text[text.index("'") + 1 : -1]),
    "geo": geometry,
}


def join(one: Options, other: Options) -> Options:
    """Two expansions of the same name: their expansions together, the options of whichever has any."""
    main = one if one != Options(expand=one.expand) else other
    merged = dict(one.expand)
    for name, inner in other.expand:
        merged[name] = join(merged[name], inner) if name in merged else inner
    return replace(main, expand=tuple(merged.items()))


def whole(text: str) -> int:
    """A number from 0 on. Raises Fault."""
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise Fault(f"{text[:40]!r} is no number from 0 on.")
    return int(text)


def truth(text: str) -> bool:
    """`true` or `false`. Raises Fault."""
    if text not in ("true", "false"):
        raise Fault(f"$count is true or false, not {text[:40]!r}.")
    return text == "true"


def data_array(text: str) -> bool:
    """The one format there is besides the plain one. Raises Fault."""
    if text != "dataArray":
        raise Fault(f"$resultFormat is dataArray, not {text[:40]!r}.")
    return True


INNER: dict[str, Callable[[Parser], object]] = {
    "$filter": Parser.expression,
    "$orderby": Parser.orders,
    "$select": Parser.selection,
    "$expand": Parser.expansions,
    "$top": Parser.number,
    "$skip": Parser.number,
    "$count": Parser.flag,
    "$resultFormat": Parser.form,
}
FIELD = {"$resultFormat": "data_array", "$skiptoken": "after"}


def options_of(said: dict[str, object]) -> Options:
    """Options by their names in the query."""
    return Options(**{FIELD.get(name, name.removeprefix("$")): value for name, value in said.items()})  # type: ignore[arg-type]


def parse_options(pairs: list[tuple[str, str]]) -> Options:
    """A query string's pairs, decoded. Raises Fault for what is unknown, twice or unreadable.

    Names that do not begin with a dollar are nobody's business here and passed over. Upper and lower case are
    the same, as in OData 4.01 and for FROST's `$orderBy`.
    """
    said: dict[str, object] = {}
    known = {name.lower(): name for name in INNER}
    for written, text in pairs:
        if not written.startswith("$"):
            continue
        name = known.get(written.lower(), written)
        if name in said:
            raise Fault(f"{name} stands twice.")
        said[name] = _option(name, text)
    return options_of(said)


def _option(name: str, text: str) -> object:
    if name == "$skiptoken":
        return text
    if name not in INNER:
        raise Fault(f"{name[:40]!r} is no option here.")
    if name in ("$top", "$skip"):
        return whole(text.strip())
    parser = Parser(text)
    found = INNER[name](parser)
    parser.end()
    return found


def parse_filter(text: str) -> Expression:
    """One `$filter`."""
    parser = Parser(text)
    found = parser.expression()
    parser.end()
    return found


def parse_path(path: str) -> list[Step]:
    """`Things(1)/Datastreams(2)/name/$value`, decoded, without slashes around. Raises Fault 404."""
    if not path:
        return []
    return [_step(part) for part in path.split("/")]


def _step(part: str) -> Step:
    name, bracket, rest = part.partition("(")
    if not bracket:
        return Step(name)
    inner = rest[:-1].strip("'") if rest.endswith(")") else ""
    inner = inner.removeprefix("@iot.id=").removeprefix("id=")
    negative = inner.startswith("-")
    digits = inner[1:] if negative else inner
    if not (digits.isascii() and digits.isdigit()):
        raise Fault(f"{part[:60]!r} is no entity: ids are whole numbers.", 404)
    return Step(name, max(-1, int(inner)) if len(digits) < 19 else -1)
