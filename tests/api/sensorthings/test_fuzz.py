"""Whatever is sent, the answer is the standard's, never a 5xx. bench/fuzz_sensorthings.py goes on."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from patriot.sensing.sta.compiler import Compiler, Joins, Scope
from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.expressions import Options
from patriot.sensing.sta.model import ENTITIES, Entity
from patriot.sensing.sta.parser import parse_filter, parse_options, parse_path
from patriot.sensing.sta.topics import topics
from tests.api.sensorthings import queries
from tests.api.sensorthings.city import build
from tests.api.sensorthings.conftest import Sta

UNHURRIED = settings(
    deadline=None, max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # fmt: skip


def compile_all(options: Options, entity: Entity) -> None:
    """Compile a query's filter and order; a Fault is an answer."""
    compiler = Compiler(Scope())
    try:
        if options.filter is not None:
            compiler.condition(entity, "a", options.filter, Joins())
        for order in options.orderby:
            compiler.order(entity, "a", order, Joins())
    except Fault:
        pass


@given(pairs=st.lists(st.tuples(st.sampled_from(["$filter", "$orderby", "$expand", "$select"]),
                                queries.filters)),
       entity=st.sampled_from(ENTITIES))  # fmt: skip
@settings(deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@example(pairs=[("$filter", "(" * 5000)], entity=ENTITIES[0])
@example(pairs=[("$filter", "not " * 5000)], entity=ENTITIES[0])
@example(pairs=[("$filter", "-" * 5000)], entity=ENTITIES[0])
@example(pairs=[("$filter", "a/" * 5000)], entity=ENTITIES[0])
@example(pairs=[("$expand", "Things/" * 2000 + "Things")], entity=ENTITIES[0])
@example(pairs=[("$expand", "Things($expand=" * 2000)], entity=ENTITIES[0])
def test_it_reads_or_refuses_any_query(pairs: list[tuple[str, str]], entity: Entity) -> None:
    try:
        options = parse_options(pairs)
    except Fault:
        return
    compile_all(options, entity)


@given(text=st.text(max_size=80) | queries.resources)
@settings(deadline=None)
def test_it_reads_or_refuses_any_path_and_topic(text: str) -> None:
    topics("v1//1." + text)
    try:
        parse_path(text)
    except Fault as fault:
        if fault.status != 404:
            raise


@given(text=queries.expressions)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_binds_every_constant_and_writes_none_into_the_sql(text: str) -> None:
    compiler = Compiler(Scope())
    try:
        sql = compiler.condition(ENTITIES[0], "a", parse_filter(text), Joins())
    except Fault:
        return
    assert "it's" not in sql
    assert "'x'" not in sql


@pytest.fixture
def furnished(sta: Sta) -> Sta:
    build(sta)
    return sta


def test_it_answers_any_get_without_a_5xx(furnished: Sta) -> None:
    @given(path=queries.resources | st.sampled_from(queries.PLURALS[:8]), query=queries.queries)
    @UNHURRIED
    def ask(path: str, query: list[tuple[str, str]]) -> None:
        said = furnished.client.get(f"/sensorthings/v1.1/{path}", query_params=query)  # type: ignore[arg-type]
        assert said.status_code < 500, said.content

    ask()


def test_it_answers_any_body_without_a_5xx(furnished: Sta) -> None:
    @given(
        method=st.sampled_from(["POST", "PATCH", "PUT", "DELETE"]), path=queries.resources,
        body=queries.bodies,
        kind=st.sampled_from(["application/json", "application/json-patch+json",
                              "multipart/mixed;boundary=b"]),
    )  # fmt: skip
    @UNHURRIED
    def send(method: str, path: str, body: Any, kind: str) -> None:
        raw = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS) if _small(body) else b"{"
        said = furnished.client.generic(method, f"/sensorthings/v1.1/{path}", raw, content_type=kind)
        assert said.status_code < 500, said.content

    send()


def _small(body: Any) -> bool:
    """Whether orjson can write it: its integers have 64 bits."""
    if isinstance(body, list):
        return all(map(_small, body))
    if isinstance(body, dict):
        return all(map(_small, body.values()))
    return not isinstance(body, int) or abs(body) < 2**63
