"""Conditions made of others, as data. Pure.

{"condition": "siaga:12", "level": 2}       that one is at level 2 or worse (1 when not said)
{"all": […]}   {"any": […]}                 of expressions
{"at_least": 2, "of": […]}                  so many of them
"""

from collections.abc import Mapping
from typing import Any

import msgspec

DEEPEST = 8


class Expression(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of the four forms is said; `parse` sees to it."""

    condition: str | None = None
    level: int = 1
    all: "tuple[Expression, ...] | None" = None
    any: "tuple[Expression, ...] | None" = None
    at_least: int | None = None
    of: "tuple[Expression, ...] | None" = None

    @property
    def parts(self) -> "tuple[Expression, ...]":
        """What it is made of; nothing for a single condition."""
        return self.all or self.any or self.of or ()

    @property
    def needed(self) -> int:
        """How many of its parts must hold."""
        if self.at_least is not None:
            return self.at_least
        return len(self.parts) if self.all else 1


def parse(text: str | bytes) -> Expression:
    """From JSON. Raises ValueError, in words, for what is no expression."""
    return _checked(msgspec.json.decode(text, type=Expression))


def of(data: Any) -> Expression:
    """From plain JSON values. Raises ValueError."""
    return _checked(msgspec.convert(data, Expression))


def members(expression: Expression) -> set[str]:
    """The names of all conditions in it."""
    own = {expression.condition} if expression.condition else set()
    return own.union(*(members(part) for part in expression.parts))


def holds(expression: Expression, levels: Mapping[str, int]) -> bool:
    """Whether it is true while the conditions stand at these levels; one that is not named is normal."""
    if expression.condition:
        return levels.get(expression.condition, 0) >= expression.level
    return sum(holds(part, levels) for part in expression.parts) >= expression.needed


def _checked(expression: Expression, depth: int = 0) -> Expression:
    forms = (expression.condition, expression.all, expression.any, expression.of)
    if sum(1 for form in forms if form) != 1:
        raise ValueError("An expression says one of condition, all, any, or at_least with of.")
    if (expression.at_least is None) != (expression.of is None):
        raise ValueError("at_least and of go together.")
    if expression.at_least is not None and not 1 <= expression.at_least <= len(expression.parts):
        raise ValueError(f"at_least must be between 1 and {len(expression.parts)}.")
    if expression.level < 1:
        raise ValueError("A level begins at 1.")
    if depth > DEEPEST:
        raise ValueError("The expression is nested too deep.")
    for part in expression.parts:
        _checked(part, depth + 1)
    return expression
