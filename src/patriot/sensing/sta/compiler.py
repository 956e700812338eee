"""The tree of a query → SQL with named parameters. Pure: geometry is left as `GeoTask`s for `geo` to answer.

What is linked to one is joined; what is linked to many is looked for by EXISTS, all conditions upon the same
path meeting the same row. A hidden row is as if it were not there, wherever a path comes upon it.
"""

from dataclasses import dataclass, field
from typing import Any

from patriot.sensing.sta import functions, geo, values
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.expressions import Binary, Call, Expression, Literal, Order, Path, Some, Unary
from patriot.sensing.sta.model import ID, OBSERVATION, Entity, Kind, Link, Property, column, target
from patriot.sensing.sta.values import Parameters, Value

LONGEST_PATH = 12
UNIT_PARTS = {"name": 0, "symbol": 1, "definition": 2}


@dataclass(frozen=True)
class Scope:
    """Who asks: `everything` for those who see the whole city, else the agencies whose things are theirs."""

    everything: bool = False
    agencies: tuple[str, ...] = ()
    writes: bool = False

    def condition(self, entity: Entity, alias: str) -> str:
        """SQL that holds for the rows this viewer may see."""
        parts = [entity.there] if entity.there else []
        parts += [] if self.everything else [entity.visible]
        return f"({' AND '.join(parts).replace('{a}', alias)})" if parts else "true"

    @property
    def parameters(self) -> dict[str, Any]:
        """What its conditions need."""
        return {"agencies": list(self.agencies), "writes": self.writes}


@dataclass
class Joins:
    """Tables joined to the entity's own, by the path that leads to them."""

    aliases: dict[tuple[str, ...], tuple[Entity, str]] = field(default_factory=dict)
    steps: list[tuple[str, str, str]] = field(default_factory=list)  # (table, alias, condition)
    many: bool = False


@dataclass
class Compiler:
    """One statement: its parameters, its geometry tasks, its aliases."""

    scope: Scope
    parameters: Parameters = field(default_factory=Parameters)
    tasks: list["geo.GeoTask | geo.PairTask"] = field(default_factory=list)
    ways: dict[str, "Way"] = field(default_factory=dict)  # by alias
    _aliases: int = 0

    def alias(self) -> str:
        """A new one."""
        self._aliases += 1
        return f"t{self._aliases}"

    def condition(self, entity: Entity, alias: str, tree: Expression, joins: Joins) -> str:
        """A filter's SQL. What is linked to one is added to `joins`, for the caller's FROM."""
        own = Joins()
        self.ways.setdefault(alias, Way(entity))
        sql = values.truth(Expressions(self, entity, alias, own).value(tree))
        if not own.many:
            _adopt(joins, own)
            return f"({sql})"
        return _exists(own, sql, strict=is_strict(tree))

    def order(self, entity: Entity, alias: str, order: Order, joins: Joins) -> "Sorting":
        """A term of `$orderby`."""
        own = Joins()
        self.ways.setdefault(alias, Way(entity))
        value = Expressions(self, entity, alias, own).value(order.by)
        kind, sql = _sortable(value)
        if not own.many:
            _adopt(joins, own)
        else:
            pick = "max" if order.descending else "min"
            if kind in (Kind.BOOL, Kind.JSON):
                raise Fault("What is linked to many can be sorted by numbers, texts and times only.")
            sql = f"(SELECT {pick}({sql}) FROM (VALUES (0)) AS one{_left_joins(own)})"  # noqa: S608 - compiled
        return Sorting(sql, order.descending, values.CASTS[kind], _sure(value))

    def pairs(self, one: str, other: str) -> str:
        """SQL for the ids that rows under these aliases have together: from where their ways part.

        Where that way leads over observations, all of either table: there are more observations than pairs.
        """
        up, down = self._way(one), self._way(other)
        root = next(alias for alias in up if alias in down)
        steps = [*reversed(up[: up.index(root)]), *reversed(down[: down.index(root)])]
        if any(self.ways[alias].entity is OBSERVATION for alias in (root, *steps)):
            ends = [(self.ways[alias].entity, alias) for alias in dict.fromkeys((one, other))]
            tables = ", ".join(f"{entity.table} {alias}" for entity, alias in ends)
            seen = " AND ".join(self.scope.condition(entity, alias) for entity, alias in ends)
        else:
            start = self.ways[root].entity
            joins = (
                f" JOIN {self.ways[alias].entity.table} {alias} ON {self.ways[alias].on}" for alias in steps
            )
            tables, seen = f"{start.table} {root}{''.join(joins)}", self.scope.condition(start, root)
        return f"SELECT DISTINCT {one}.id, {other}.id AS other FROM {tables} WHERE {seen}"  # noqa: S608 - compiled

    def _way(self, alias: str) -> list[str]:
        """From an alias up to where the question begins."""
        found = [alias]
        while self.ways[found[-1]].parent:
            found.append(self.ways[found[-1]].parent)
        return found


@dataclass(frozen=True)
class Way:
    """How an alias came about: the type of its rows, the alias it hangs on, the condition."""

    entity: Entity
    parent: str = ""
    on: str = ""


@dataclass(frozen=True)
class Sorting:
    """One ORDER BY term. `sure`: it is never null."""

    sql: str
    descending: bool
    cast: str
    sure: bool

    def __str__(self) -> str:
        nulls = "" if self.sure else " NULLS LAST" if self.descending else " NULLS FIRST"
        return f"{self.sql}{' DESC' if self.descending else ''}{nulls}"


def _sure(value: Value) -> bool:
    return value.place is not None and not value.place[2].nullable and value.place[1] == "a"


def _sortable(value: Value) -> tuple[Kind, str]:
    if value.place is not None and value.kind in (Kind.GEO, Kind.JSON):
        return Kind.TEXT, f"({value.sql})::text"  # a whole one has no order but its text's
    if value.kind is Kind.RESULT or value.kind is Kind.JSON:
        return Kind.JSON, values.json_of(value)
    if value.kind is Kind.BOOL:
        return Kind.BOOL, f"({value.sql})::boolean"  # a mere `true` is no order to PostgreSQL
    if value.kind in values.CASTS:
        return value.kind, value.sql
    raise Fault(f"Nothing can be sorted by {values.NAMES[value.kind]}.")


def _adopt(joins: Joins, own: Joins) -> None:
    joins.aliases |= own.aliases
    joins.steps += own.steps


def left_joins(joins: Joins) -> str:
    """The FROM clause's further part."""
    return _left_joins(joins)


def _left_joins(joins: Joins) -> str:
    return "".join(f" LEFT JOIN {table} {alias} ON {on}" for table, alias, on in joins.steps)


def _exists(joins: Joins, sql: str, *, strict: bool) -> str:
    """Some combination of linked rows for which the condition holds."""
    if not strict:
        return f"EXISTS (SELECT FROM (VALUES (0)) AS one{_left_joins(joins)} WHERE {sql})"
    tables = ", ".join(f"{table} {alias}" for table, alias, _ in joins.steps)
    conditions = " AND ".join(on for _, _, on in joins.steps)
    return f"EXISTS (SELECT FROM {tables} WHERE {conditions} AND {sql})"


def is_strict(tree: Expression) -> bool:
    """True when a missing linked row can only make the condition fail."""
    if isinstance(tree, Binary):
        return tree.operator != "or" and is_strict(tree.left) and is_strict(tree.right)
    if isinstance(tree, Unary):
        return tree.operator != "not" and is_strict(tree.operand)
    if isinstance(tree, Call):
        return all(is_strict(argument) for argument in tree.arguments)
    return not (isinstance(tree, Literal) and tree.value is None)


@dataclass
class Expressions:
    """Expressions about one entity under one alias; what their paths come upon goes into `joins`."""

    compiler: Compiler
    entity: Entity
    alias: str
    joins: Joins
    variables: dict[str, tuple[Entity, str]] = field(default_factory=dict)  # of any()

    def value(self, tree: Expression) -> Value:
        """The operand a tree stands for. Raises Fault."""
        if isinstance(tree, Literal):
            return values.literal(tree.value, self.compiler.parameters)
        if isinstance(tree, Path):
            return self._path(tree)
        if isinstance(tree, Call):
            return self._call(tree)
        if isinstance(tree, Unary):
            return self._unary(tree)
        if isinstance(tree, Some):
            return self._some(tree)
        return self._binary(tree)

    def _some(self, tree: Some) -> Value:
        outer, inner = Joins(), Joins()
        way = Expressions(self.compiler, self.entity, self.alias, outer, self.variables)
        known = self.variables | {tree.variable: way.follow(tree.path)}
        within = Expressions(self.compiler, self.entity, self.alias, inner, known)
        sql = values.truth(within.value(tree.condition))
        if inner.steps:
            sql = _exists(inner, sql, strict=is_strict(tree.condition))
        return Value(Kind.BOOL, _exists(outer, sql, strict=True))

    def follow(self, path: Path) -> tuple[Entity, str]:
        """The entity type that a path of links leads to, joined, and its alias. Raises Fault."""
        entity, alias, at = self._start(path)
        for n in range(at, len(path.steps)):
            link = entity.link(str(path.steps[n]))
            if link is None:
                raise Fault(f"{entity.plural} link to no {str(path.steps[n])[:60]!r}.")
            entity, alias = self._join(entity, alias, link, tuple(map(str, path.steps[: n + 1])))
        return entity, alias

    def _start(self, path: Path) -> tuple[Entity, str, int]:
        """Where a path begins: at the entity that is asked about, or at a variable of any()."""
        if len(path.steps) > LONGEST_PATH:
            raise Fault(f"The path {str(path)[:80]!r} is too long.")
        if len(path.steps) > 1 and path.steps[0] in self.variables:
            return *self.variables[str(path.steps[0])], 1
        return self.entity, self.alias, 0

    def _unary(self, tree: Unary) -> Value:
        inner = self.value(tree.operand)
        if tree.operator == "not":
            return Value(Kind.BOOL, f"(NOT {values.truth(inner)})")
        if inner.kind is Kind.DURATION:
            return Value(Kind.DURATION, f"(- {inner.sql})")
        return Value(Kind.NUMBER, f"(- ({values.number(inner)})::float8)")

    def _binary(self, tree: Binary) -> Value:
        left, right = self.value(tree.left), self.value(tree.right)
        if tree.operator in ("and", "or"):
            return Value(
                Kind.BOOL, f"({values.truth(left)} {tree.operator.upper()} {values.truth(right)})"
            )  # fmt: skip
        if tree.operator in functions.SIGNS:
            return functions.compare(tree.operator, left, right)
        return functions.arithmetic(tree.operator, left, right)

    def _call(self, tree: Call) -> Value:
        arguments = [self.value(argument) for argument in tree.arguments]
        if tree.name in geo.FUNCTIONS:
            compiler = self.compiler
            return geo.call(tree.name, arguments, compiler.parameters, compiler.tasks, compiler.pairs)
        function = functions.FUNCTIONS.get(tree.name)
        if function is None:
            raise Fault(f"There is no function {tree.name[:60]!r}.")
        if not function.least <= len(arguments) <= function.most:
            raise Fault(f"{tree.name}() does not take {len(arguments)} arguments.")
        return function.write(*arguments)

    def _path(self, path: Path) -> Value:
        entity, alias, at = self._start(path)
        while at < len(path.steps) - 1 and (link := entity.link(str(path.steps[at]))):
            if at == len(path.steps) - 2 and link.key and path.steps[-1] in ("id", "@iot.id"):
                return Value(Kind.ID, column(link.key, alias))
            entity, alias = self._join(entity, alias, link, tuple(map(str, path.steps[: at + 1])))
            at += 1
        return property_value(entity, alias, path, at, self.compiler.parameters)

    def _join(self, entity: Entity, alias: str, link: Link, path: tuple[str, ...]) -> tuple[Entity, str]:
        if path in self.joins.aliases:
            return self.joins.aliases[path]
        to, new = target(link), self.compiler.alias()
        if link.key:
            on = f"{new}.id = {column(link.key, alias)}"
        else:
            self.joins.many = True
            visible = self.compiler.scope.condition(to, new)
            on = f"{link.many.replace('{key}', f'{alias}.id').replace('{b}', new)} AND {visible}"
        self.joins.steps.append((to.table, new, on))
        self.compiler.ways[new] = Way(to, alias, on)
        self.joins.aliases[path] = (to, new)
        return to, new


def property_value(entity: Entity, alias: str, path: Path, at: int, parameters: Parameters) -> Value:
    """The operand of the property at `path.steps[at]` and what follows it. Raises Fault."""
    name = str(path.steps[at])
    found = ID if name in ("id", "@iot.id") else entity.property(name)
    if found is None:
        raise Fault(f"{entity.plural} have no property {name[:60]!r}.")
    inside = path.steps[at + 1 :]
    if inside:
        return _inside(found, alias, inside, parameters)
    end = found.sql(alias, 1) if found.kind in (Kind.MOMENT, Kind.RESULT) and not found.instant else ""
    return Value(found.kind, found.sql(alias), end, place=(entity, alias, found))


def _inside(found: Property, alias: str, inside: tuple[str | int, ...], parameters: Parameters) -> Value:
    if found.kind is Kind.UNIT and len(inside) == 1 and inside[0] in UNIT_PARTS:
        return Value(Kind.TEXT, found.sql(alias, UNIT_PARTS[str(inside[0])]))
    if found.kind not in (Kind.JSON, Kind.GEO, Kind.RESULT):
        raise Fault(f"{found.name} has no part {str(inside[0])[:60]!r}.")
    whole = found.sql(alias, 1 if found.kind is Kind.RESULT else 0)
    return Value(Kind.JSON, f"({whole} #> {parameters.bind([str(step) for step in inside], 'text[]')})")
