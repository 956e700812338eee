"""Queries without end against SensorThings: read and compiled, then asked and sent over the whole view.

PATRIOT_FUZZ: how many for parser and compiler (1,000,000), PATRIOT_FUZZ_WHOLE: for the view (20,000).
Fails at the first crash or 5xx with what caused it; PATRIOT_FUZZ_SEED repeats a run.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

CASES = int(os.environ.get("PATRIOT_FUZZ", "1000000"))
WHOLE = int(os.environ.get("PATRIOT_FUZZ_WHOLE", "20000"))
SEED = int(os.environ.get("PATRIOT_FUZZ_SEED", str(int(time.time()))))
DEPTH = 4
VIEW = """
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies as st
from tests.api.sensorthings import queries, test_fuzz
from tests.api.sensorthings.city import build
from tests.api.sensorthings.conftest import *  # noqa: F403

KINDS = ["application/json", "application/json-patch+json", "multipart/mixed;boundary=b"]


def test_view(sta):
    build(sta)

    @seed({seed})
    @settings(max_examples={whole}, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
              suppress_health_check=list(HealthCheck))
    @given(path=queries.resources | st.sampled_from(queries.PLURALS[:8]), query=queries.queries,
           method=st.sampled_from(["GET", "GET", "GET", "POST", "PATCH", "PUT", "DELETE"]),
           body=queries.bodies,
           kind=st.sampled_from(KINDS))
    def ask(path, query, method, body, kind):
        if method == "GET":
            said = sta.client.get("/sensorthings/v1.1/" + path, query_params=query)
        else:
            raw = orjson.dumps(body, default=str) if test_fuzz._small(body) else b"["
            said = sta.client.generic(method, "/sensorthings/v1.1/" + path, raw, content_type=kind)
        assert said.status_code < 500, said.content

    ask()
"""


class Monkey:
    """Writes queries: some well-formed, some with a word too many, some with a letter changed."""

    def __init__(self, seed: int) -> None:
        from tests.api.sensorthings import queries  # noqa: PLC0415 - Django is set up by then

        self.chance = random.Random(seed)
        self.said = queries

    def expression(self, depth: int = DEPTH) -> str:
        """A filter or an order."""
        pick, said = self.chance.choice, self.said
        kind = self.chance.random()
        if depth == 0 or kind < 0.25:
            return pick(said.PATHS + said.LITERALS)
        if kind < 0.6:
            return f"{self.expression(depth - 1)} {pick(said.OPERATORS)} {self.expression(depth - 1)}"
        if kind < 0.85:
            inner = [self.expression(depth - 1) for _ in range(self.chance.randint(0, 3))]
            return f"{pick(said.FUNCTIONS)}({', '.join(inner)})"
        return f"({self.expression(depth - 1)})" if kind < 0.95 else f"not {self.expression(depth - 1)}"

    def expansion(self, depth: int = 2) -> str:
        """An `$expand`."""
        name = self.chance.choice(self.said.LINKS)
        if depth == 0:
            return name
        inner = [f"$filter={self.expression(2)}", f"$expand={self.expansion(depth - 1)}", "$top=3",
                 "$count=true",
                 f"$orderby={self.expression(1)} desc", "$select=name,id"]  # fmt: skip
        chosen = ";".join(self.chance.sample(inner, self.chance.randint(0, 3)))
        return f"{name}({chosen})" if chosen else f"{name}/{self.expansion(depth - 1)}"

    def spoil(self, text: str) -> str:
        """Half of them stay as they are."""
        if self.chance.random() < 0.5 or not text:
            return text
        at, kind = self.chance.randrange(len(text)), self.chance.random()
        if kind < 0.4:
            return text[:at] + self.chance.choice(self.said.WORDS) + text[at:]
        if kind < 0.7:
            return text[:at] + chr(self.chance.randrange(0x3000)) + text[at + 1 :]
        return text[:at] + text[at + self.chance.randint(1, 5) :]

    def query(self) -> list[tuple[str, str]]:
        """The pairs of one query."""
        kind = self.chance.random()
        if kind < 0.6:
            return [("$filter", self.spoil(self.expression()))]
        if kind < 0.8:
            return [("$orderby", self.spoil(self.expression() + self.chance.choice([" desc", "", ",name"])))]
        return [("$expand", self.spoil(self.expansion()))]


def read_and_compile() -> None:
    """Parser and compiler; a Fault is an answer, anything else ends it."""
    from patriot.sensing.sta.compiler import Compiler, Joins, Scope  # noqa: PLC0415 - needs Django set up
    from patriot.sensing.sta.errors import Fault  # noqa: PLC0415
    from patriot.sensing.sta.model import ENTITIES  # noqa: PLC0415
    from patriot.sensing.sta.parser import parse_options  # noqa: PLC0415

    monkey, taken, began = Monkey(SEED), 0, time.monotonic()
    for n in range(CASES):
        pairs = monkey.query()
        try:
            options, compiler, entity = parse_options(pairs), Compiler(Scope()), ENTITIES[n % len(ENTITIES)]
            if options.filter is not None:
                compiler.condition(entity, "a", options.filter, Joins())
            for order in options.orderby:
                compiler.order(entity, "a", order, Joins())
            taken += 1
        except Fault:
            pass
        except BaseException:
            print(f"seed {SEED}, case {n}: {pairs!r}", flush=True)
            raise
    seconds = time.monotonic() - began
    print(f"parser and compiler: {CASES} queries, {taken} taken, the others refused in words; no crash; "
          f"{CASES / seconds:.0f}/s (seed {SEED})", flush=True)  # fmt: skip


def ask_the_view() -> None:
    """Whole requests, on a throw-away PostgreSQL as the tests have it."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory(prefix="fuzz_", dir=root / "tests" / "api" / "sensorthings") as folder:
        (Path(folder) / "__init__.py").touch()
        module = Path(folder) / "test_endless.py"
        module.write_text(VIEW.replace("{whole}", str(WHOLE)).replace("{seed}", str(SEED)))
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", str(module)], cwd=root, check=True)
    rate = WHOLE / (time.monotonic() - began)
    print(f"the whole view: {WHOLE} requests, no 5xx, {rate:.0f}/s (seed {SEED})", flush=True)


def main() -> None:
    """Both."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    read_and_compile()
    ask_the_view()
