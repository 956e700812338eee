"""Strategies for queries, bodies and paths: well-formed ones, nearly well-formed ones, and noise."""

from typing import Any

from hypothesis import strategies as st

PLURALS = ["Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties",
           "Observations", "FeaturesOfInterest", "CreateObservations", "$batch", "Nothing"]  # fmt: skip
PATHS = ["name", "id", "@iot.id", "description", "result", "phenomenonTime", "resultTime", "validTime",
         "properties/a",
         "properties/a/0", "properties/a[1]/b", "Locations/location", "Datastreams/Observations/result",
         "Thing/name",
         "Datastream/Thing/Locations/name", "FeatureOfInterest/feature", "unitOfMeasurement/symbol",
         "parameters/x",
         "HistoricalLocations/time", "location", "feature", "observedArea", "Datastreams/id", "nosuch",
         "result/x",
         "resultQuality", "metadata", "definition", "encodingType", "time", "unitOfMeasurement"]  # fmt: skip
LITERALS = ["1", "-2.5", "1e300", "99999999999999999999999", "'x'", "'it''s'", "''", "true", "false", "null",
            "2026-11-21T03:00:00Z", "2026-11-21T03:00:00+07:00", "2026-01-01T00:00:00Z/2026-02-01T00:00:00Z",
            "2026-11-21", "12:30:00", "duration'PT1H'", "geography'POINT(107 -6)'", "0001-01-01T00:00:00Z",
            "geography'POLYGON((106 -7, 108 -7, 108 -6, 106 -6, 106 -7))'", "geometry'LINESTRING(0 0, 1 1)'",
            "geography'POINT EMPTY'", "9999-12-31T23:59:59.999999Z", "duration'P99999999D'", "0"]  # fmt: skip
OPERATORS = ["eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "mul", "div", "mod", "and", "or"]
FUNCTIONS = ["substringof", "contains", "startswith", "endswith", "length", "indexof", "substring", "tolower",
             "toupper", "trim", "concat", "year", "month", "day", "hour", "minute", "second",
             "fractionalseconds",
             "date", "time", "totaloffsetminutes", "now", "mindatetime", "maxdatetime", "round", "floor",
             "ceiling",
             "geo.distance", "geo.length", "geo.intersects", "st_equals", "st_disjoint", "st_touches",
             "st_within",
             "st_overlaps", "st_crosses", "st_intersects", "st_contains", "st_relate", "before", "after",
             "meets",
             "during", "overlaps", "starts", "finishes", "nosuch"]  # fmt: skip
WORDS = [
    *PATHS,
    *LITERALS,
    *OPERATORS,
    *FUNCTIONS,
    "(",
    ")",
    ",",
    "/",
    "not",
    "-",
    " ",
    "$top=1",
    ";",
    "'",
    "[",
    "§",
]

SHAPES = ["location", "feature", "observedArea", "Locations/location", "Things/Locations/location",
          "x/location", "Datastreams/observedArea", "Thing/Locations/location", "FeatureOfInterest/feature",
          "Datastream/Thing/Locations/location", "Observations/FeatureOfInterest/feature", "d/observedArea",
          "HistoricalLocations/Locations/location", "Datastream/observedArea"]  # fmt: skip
both = st.builds(lambda name, one, other: f"{name}({one}, {other})",
                 st.sampled_from([name for name in FUNCTIONS if name[:3] in ("geo", "st_")]),
                 st.sampled_from(SHAPES), st.sampled_from(SHAPES))  # fmt: skip
atoms = st.sampled_from(PATHS + LITERALS + ["x/name", "d/result", "x/Thing/name", "x"]) | both


def _bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    calls = st.builds(lambda name, more: f"{name}({', '.join(more)})", st.sampled_from(FUNCTIONS),
                      st.lists(inner, max_size=3))  # fmt: skip
    pairs = st.builds(lambda a, sign, b: f"{a} {sign} {b}", inner, st.sampled_from(OPERATORS), inner)
    some = st.builds(lambda link, name, text: f"{link}/any({name}:{text})",
                     st.sampled_from(["Datastreams", "x/Things", "Observations", "Sensor", "name"]),
                     st.sampled_from(["x", "d", "", "1"]), inner)  # fmt: skip
    return calls | pairs | some | inner.map(lambda text: f"({text})") | inner.map(lambda text: f"not {text}")


expressions = st.recursive(atoms, _bigger, max_leaves=12)
noise = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=60)
filters = expressions | noise
numbers = st.sampled_from(["0", "1", "5", "-1", "x", "1.5", "", "99999999999999", "9" * 30])
orders = st.lists(st.builds(lambda by, way: f"{by}{way}", expressions,
                            st.sampled_from(["", " asc", " desc", " up"])),
                  min_size=1, max_size=3).map(",".join)  # fmt: skip
selects = st.lists(
    st.sampled_from([*PATHS, "*", "Datastreams", "@iot.selfLink"]), min_size=1, max_size=4
).map(",".join)
LINKS = ["Things", "Locations", "HistoricalLocations", "Datastreams", "Sensor", "ObservedProperty",
         "Observations",
         "FeatureOfInterest", "Thing", "Datastream", "Nothing"]  # fmt: skip


def _options(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return values.map(lambda text: f"{name}={text}")


def _expand(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    options = st.lists(
        _options("$filter", expressions) | _options("$top", numbers) | _options("$expand", inner)
        | _options("$orderby", orders) | _options("$select", selects) | _options("$count", st.just("true")),
        max_size=3,
    ).map(";".join)  # fmt: skip
    named = st.builds(lambda name, text: f"{name}({text})" if text else name, st.sampled_from(LINKS), options)
    return st.builds(lambda a, b: f"{a}/{b}", st.sampled_from(LINKS), inner) | named


expands = st.recursive(st.sampled_from(LINKS), _expand, max_leaves=5)
queries = st.lists(
    st.tuples(st.just("$filter"), filters) | st.tuples(st.just("$orderby"), orders)
    | st.tuples(st.just("$expand"), expands | noise) | st.tuples(st.just("$select"), selects)
    | st.tuples(st.sampled_from(["$top", "$skip"]), numbers)
    | st.tuples(st.just("$count"), st.sampled_from(["true", "false", "yes"]))
    | st.tuples(st.just("$resultFormat"), st.sampled_from(["dataArray", "csv"]))
    | st.tuples(st.just("$skiptoken"), st.sampled_from(["WyIxIl0", "W251bGxd", "x", "WyJhIiwiYiJd"]))
    | st.tuples(st.text(max_size=8), st.text(max_size=8)),
    max_size=4,
)  # fmt: skip
keys = st.sampled_from(["", "(1)", "(2)", "(0)", "(x)", "('1')", "(-1)", "(99999999999999999999)", "("])
resources = st.lists(
    st.builds(lambda name, key: name + key,
              st.sampled_from([*PLURALS, *LINKS, "name", "properties", "result"]), keys)
    | st.sampled_from(["$ref", "$value", "%00", ".."]),
    max_size=5,
).map("/".join)  # fmt: skip
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["2026-11-21T03:00:00Z", "x", "", "\x00", "POINT", "application/geo+json", "$1"])
    | st.text(max_size=10)
)  # fmt: skip
KEYS = ["@iot.id", "name", "description", "properties", "Locations", "Datastreams", "Thing", "Sensor",
        "result",
        "ObservedProperty", "Datastream", "FeatureOfInterest", "phenomenonTime", "location", "feature",
        "encodingType",
        "metadata", "definition", "type", "coordinates", "unitOfMeasurement", "observationType", "time",
        "components",
        "dataArray", "requests", "id", "method", "url", "body", "Observations", "validTime", "parameters",
        "resultQuality", "op", "path", "value", "observedArea", "symbol"]  # fmt: skip
bodies: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip
