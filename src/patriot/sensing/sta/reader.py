"""Asking: entities by path, filter and order, with what is expanded in them. Every statement is read-only."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.db import connection

from patriot.sensing.sta import present
from patriot.sensing.sta.compiler import Compiler, Joins, Scope, Sorting, left_joins
from patriot.sensing.sta.errors import Fault, missing
from patriot.sensing.sta.expressions import Options, Order, Path
from patriot.sensing.sta.model import Entity, Link, target
from patriot.sensing.sta.present import Found, Shape

PAGE, LARGEST_PAGE = 100, 10_000
DEEPEST = 10  # expansions in expansions
MOST_ROWS = 100_000  # of one answer with everything expanded in it
USUAL_ORDER = {"Observation": ("a.datastream_id", "a.at")}  # as the index has them


@dataclass(frozen=True)
class Rows:
    """Observations by number, and where the index has them: their datastreams, and from when to when (µs)."""

    ids: list[int]
    streams: list[int]
    first: int
    last: int


WITHIN = (
    "a.id = ANY(%(rows)s::bigint[]) AND a.datastream_id = ANY(%(streams)s::bigint[]) AND a.at BETWEEN "
    "'epoch'::timestamptz + %(first)s::bigint * interval '1 microsecond' AND "
    "'epoch'::timestamptz + %(last)s::bigint * interval '1 microsecond'"
)


@dataclass(frozen=True)
class Source:
    """Where a collection comes from: all of a type, or what entity `key` of `parent` links to."""

    entity: Entity
    link: Link | None = None
    key: int | None = None
    wanted: int | None = None  # only the one with this id
    rows: Rows | None = None  # only these

    @property
    def values(self) -> dict[str, Any]:
        """What its condition needs."""
        found: dict[str, Any] = {"key": self.key, "wanted": self.wanted}
        if self.rows is not None:
            found |= {"rows": self.rows.ids, "streams": self.rows.streams, "first": self.rows.first,
                      "last": self.rows.last}  # fmt: skip
        return found

    def condition(self) -> str:
        """SQL over alias `a`."""
        conditions = ["a.id = %(wanted)s::bigint"] if self.wanted is not None else []
        conditions += [WITHIN] if self.rows is not None else []
        if self.link is not None and self.link.many:
            conditions.append(self.link.many.replace("{key}", "%(key)s::bigint").replace("{b}", "a"))
        return " AND ".join(conditions) or "true"


@dataclass(frozen=True)
class Statement:
    """A compiled question: the FROM and WHERE clauses, the order, and its parameters."""

    tables: str
    where: str
    order: tuple[Sorting, ...]
    values: dict[str, Any]


@dataclass
class Page:
    """Part of a collection. `token`: where the next part begins; "" when this is the last."""

    found: list[Found]
    token: str = ""
    count: int | None = None


@dataclass
class Reader:
    """One request's view of the data."""

    scope: Scope
    base: str  # the service root's address, no slash behind
    rows: int = 0

    def page(self, source: Source, options: Options) -> Page:
        """One page of a collection, expanded. Raises Fault."""
        of = present.shape(source.entity, options.select)
        statement = self._compile(source.entity, source.condition(), options)
        values = statement.values | source.values
        top = _page_size(options)
        count = self._count(statement, values) if options.count else None
        rows = self._select(of, statement, values, options, top) if top else []
        more = len(rows) > top
        token = _token(rows[top - 1], statement) if more else ""
        page = Page([present.found(of, row, self.base) for row in rows[:top]], token, count)
        self._note(len(page.found))
        self.expand(source.entity, page.found, options)
        return page

    def one(self, source: Source, options: Options) -> Found:
        """The one entity. Raises Fault 404 when there is none for this viewer."""
        found = self.page(source, replace(options, top=1, skip=None, count=None, orderby=(), after="")).found
        if not found:
            raise missing(f"{source.entity.name} {source.wanted}")
        return found[0]

    def exists(self, source: Source) -> bool:
        """Whether the viewer may see it."""
        return bool(self.ids(source, 1))

    def ids(self, source: Source, most: int) -> list[int]:
        """Ids of what is there for this viewer."""
        visible = self.scope.condition(source.entity, "a")
        sql = (
            f"SELECT a.id FROM {source.entity.table} a WHERE {source.condition()} AND {visible} LIMIT {most}"  # noqa: S608 - from `model`
        )
        return [row[0] for row in self._run(sql, source.values)]

    def follow(self, entity: Entity, key: int, link: Link) -> int | None:
        """The id that a link to one leads to; None when it leads nowhere for this viewer."""
        sql = f"SELECT {link.key.replace('{a}', 'a')} FROM {entity.table} a WHERE a.id = %(key)s::bigint"  # noqa: S608 - from `model`
        rows = self._run(sql, {"key": key})
        found = rows[0][0] if rows else None
        if found is None or not self.exists(Source(target(link), wanted=found)):
            return None
        return int(found)

    def _compile(self, entity: Entity, where: str, options: Options) -> Statement:
        compiler, joins = Compiler(self.scope), Joins()
        conditions = [where, self.scope.condition(entity, "a")]
        if options.filter is not None:
            conditions.append(compiler.condition(entity, "a", options.filter, joins))
        orders = options.orderby or ()
        sorting = [compiler.order(entity, "a", order, joins) for order in orders]
        if not orders:
            kinds = ("bigint", "timestamptz")
            usual = USUAL_ORDER.get(entity.name, ())
            sorting = [Sorting(sql, False, kind, True) for sql, kind in zip(usual, kinds, strict=False)]
        if not _by_id(orders):
            sorting.append(Sorting("a.id", False, "bigint", True))
        values = compiler.parameters.values
        for task in compiler.tasks:
            values |= task.settle(self._run)
        tables = f"{entity.table} a{left_joins(joins)}"
        return Statement(tables, " AND ".join(conditions), tuple(sorting), values)

    def _select(
        self, of: Shape, statement: Statement, values: dict[str, Any], options: Options, top: int
    ) -> list[tuple[Any, ...]]:
        where, skip = statement.where, options.skip or 0
        if options.after:
            after, more = _after(options.after, statement.order)
            where, values, skip = f"{where} AND {after}", values | more, 0
        sql = f"{_select_sql(of, statement, where)} LIMIT {top + 1} OFFSET {skip}"
        return self._run(sql, values)

    def _count(self, statement: Statement, values: dict[str, Any]) -> int:
        sql = f"SELECT count(*) FROM {statement.tables} WHERE {statement.where}"  # noqa: S608 - compiled
        return int(self._run(sql, values)[0][0])

    def _run(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, self.scope.parameters | dict(values or {}))
            return list(cursor.fetchall())

    def _note(self, rows: int) -> None:
        self.rows += rows
        if self.rows > MOST_ROWS:
            raise Fault(
                f"The answer would hold more than {MOST_ROWS} entities: expand less, or smaller pages."
            )

    def expand(self, entity: Entity, parents: Sequence[Found], options: Options, depth: int = 0) -> None:
        """Put what `$expand` names into the parents' records, one statement for all of them."""
        if depth > DEEPEST:
            raise Fault("The expansion is nested too deeply.")
        for name, inner in options.expand:
            link = entity.link(name)
            if link is None:
                raise Fault(f"{entity.plural} link to no {name[:60]!r}.")
            if inner.data_array and link.target != "Observation":
                raise Fault("Only Observations come as data arrays.")
            if not parents:
                self._compile(target(link), "true", inner)  # a fault in it is told all the same
                continue
            (self._expand_one if link.key else self._expand_many)(link, parents, inner, depth)

    def _expand_one(self, link: Link, parents: Sequence[Found], inner: Options, depth: int) -> None:
        entity = target(link)
        keys = sorted({key for parent in parents if (key := parent.links[link.name]) is not None})
        of = present.shape(entity, inner.select, expanded=True)
        statement = self._compile(entity, "a.id = ANY(%(keys)s::bigint[])", replace(inner, orderby=()))
        rows = self._run(_select_sql(of, statement, statement.where), statement.values | {"keys": keys})
        children = [present.found(of, row, self.base) for row in rows]
        self._note(len(children))
        self.expand(entity, children, inner, depth + 1)
        by_key = {child.key: child.record for child in children}
        for parent in parents:
            parent.record[link.name] = by_key.get(parent.links[link.name] or 0)

    def _expand_many(self, link: Link, parents: Sequence[Found], inner: Options, depth: int) -> None:
        entity, top = target(link), _page_size(inner)
        of = present.shape(entity, inner.select, expanded=True)
        where = link.many.replace("{key}", "p.id").replace("{b}", "a")
        statement = self._compile(entity, where, inner)
        values = statement.values | {"parents": [parent.key for parent in parents]}
        sql = (
            "SELECT x.*, p.id FROM unnest(%(parents)s::bigint[]) AS p(id) CROSS JOIN LATERAL "  # noqa: S608 - compiled
            f"({_select_sql(of, statement, statement.where)} LIMIT {top + 1} OFFSET {inner.skip or 0}) AS x"
        )
        groups: dict[int, list[tuple[Any, ...]]] = {parent.key: [] for parent in parents}
        for row in self._run(sql, values) if top else []:
            groups[row[-1]].append(row[:-1])
        counts = self._counts(statement, values) if inner.count else {}
        children: list[Found] = []
        for parent in parents:
            rows = groups[parent.key]
            part = [present.found(of, row, self.base) for row in rows[:top]]
            _put(parent, link, part, inner, self.base, counts.get(parent.key, 0))
            if len(rows) > top:
                parent.record[f"{link.name}@iot.nextLink"] = self._next(parent, entity, link, inner, top)
            children += part
        self._note(len(children))
        self.expand(entity, children, inner, depth + 1)
        if inner.data_array:
            for parent in parents:
                _to_arrays(parent, link, inner, self.base)

    def _counts(self, statement: Statement, values: dict[str, Any]) -> dict[int, int]:
        sql = (
            "SELECT p.id, (SELECT count(*) FROM "  # noqa: S608 - compiled
            f"{statement.tables} WHERE {statement.where}) FROM unnest(%(parents)s::bigint[]) AS p(id)"
        )
        return dict(self._run(sql, values))

    def _next(self, parent: Found, entity: Entity, link: Link, inner: Options, top: int) -> str:
        inverse = entity.link(link.inverse)
        assert inverse is not None
        owner = target(inverse).plural
        pairs = [("$top", str(top)), ("$skip", str((inner.skip or 0) + top)), *inner_text(inner)]
        return f"{self.base}/{owner}({parent.key})/{link.name}?{present.query(pairs)}"


def _put(
    parent: Found, link: Link, part: Sequence[Found], inner: Options, base: str, count: int
) -> None:  # fmt: skip
    if inner.count:
        parent.record[f"{link.name}@iot.count"] = count
    parent.record[link.name] = part if inner.data_array else [child.record for child in part]


def _to_arrays(parent: Found, link: Link, inner: Options, base: str) -> None:
    part: Sequence[Found] = parent.record[link.name]
    pairs = [(child.links["Datastream"], child.record) for child in part]
    parent.record[link.name] = present.data_array(pairs, inner, base)


def _page_size(options: Options) -> int:
    return PAGE if options.top is None else min(options.top, LARGEST_PAGE)


def _by_id(orders: Sequence[Order]) -> bool:
    return any(isinstance(order.by, Path) and order.by.steps in (("id",), ("@iot.id",)) for order in orders)


def _select_sql(of: Shape, statement: Statement, where: str) -> str:
    keys = ", ".join(f"({each.sql})::text" for each in statement.order)
    order = ", ".join(str(each) for each in statement.order)
    columns = ", ".join(of.columns)
    return f"SELECT {columns}, {keys} FROM {statement.tables} WHERE {where} ORDER BY {order}"  # noqa: S608 - compiled


def _token(row: Sequence[Any], statement: Statement) -> str:
    """Where a page ended: the order's values of its last row."""
    return base64.urlsafe_b64encode(orjson.dumps(row[-len(statement.order) :])).decode().rstrip("=")


def _after(token: str, order: Sequence[Sorting]) -> tuple[str, dict[str, Any]]:
    """SQL for the rows that come after a token. Raises Fault when it is not one of ours."""
    try:
        marks = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        raise Fault("$skiptoken is not one of ours.") from None
    plain = isinstance(marks, list) and all(mark is None or isinstance(mark, str) for mark in marks)
    if not plain or len(marks) != len(order):
        raise Fault("$skiptoken belongs to another question.")
    values = {f"k{n}": mark for n, mark in enumerate(marks)}
    parts: list[str] = []
    for n, each in enumerate(order):
        same = [f"{o.sql} IS NOT DISTINCT FROM %(k{i})s::{o.cast}" for i, o in enumerate(order[:n])]
        parts.append("(" + " AND ".join([*same, _beyond(each, f"%(k{n})s", marks[n])]) + ")")
    return f"({' OR '.join(parts)})", values


def _beyond(each: Sorting, placeholder: str, mark: str | None) -> str:
    """Nulls come first, going up, and last, going down."""
    if mark is None:
        return "false" if each.descending else f"{each.sql} IS NOT NULL"
    if each.descending:
        return f"({each.sql} < {placeholder}::{each.cast} OR {each.sql} IS NULL)"
    return f"{each.sql} > {placeholder}::{each.cast}"


def inner_text(inner: Options) -> list[tuple[str, str]]:
    """An expansion's options as a query's, for the link to its next page."""
    return [(name, text) for name, text in inner.source if name not in ("$top", "$skip")]
