"""Conditions made of others."""

from typing import Any

import pytest

from patriot.sensing.judging import combos

BOTH = {"all": [{"condition": "siaga:1", "level": 2}, {"condition": "siaga:2"}]}
TWO = {"at_least": 2, "of": [{"condition": f"rain:{n}"} for n in range(3)]}


@pytest.mark.parametrize(
    ("expression", "levels", "holds"),
    [
        (BOTH, {"siaga:1": 2, "siaga:2": 1}, True),
        (BOTH, {"siaga:1": 1, "siaga:2": 3}, False),
        (BOTH, {}, False),
        (TWO, {"rain:0": 1, "rain:2": 1}, True),
        (TWO, {"rain:0": 1}, False),
        ({"any": [BOTH, TWO]}, {"rain:0": 1, "rain:1": 2}, True),
    ],
)
def test_it_holds(expression: Any, levels: dict[str, int], holds: bool) -> None:
    assert combos.holds(combos.of(expression), levels) is holds


def test_it_names_its_members() -> None:
    assert combos.members(combos.of({"any": [BOTH, TWO]})) == {
        "siaga:1",
        "siaga:2",
        "rain:0",
        "rain:1",
        "rain:2",
    }


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"all": []},
        {"condition": "a", "all": [{"condition": "b"}]},
        {"at_least": 2, "of": [{"condition": "a"}]},
        {"of": [{"condition": "a"}]},
        {"condition": "a", "level": 0},
        {"each": []},
    ],
)
def test_it_refuses_what_is_no_expression(expression: Any) -> None:
    with pytest.raises(ValueError):
        combos.of(expression)
