"""What rooms do when something below them was announced. The worker runs these; each sees every event
once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from patriot.kernel.events import Announcement

type React = Callable[[Announcement], None]

_REACTIONS: dict[str, "Reaction"] = {}


@dataclass(frozen=True)
class Reaction:
    """A named subscriber. Its name is its place in the ledger's cursors: renaming it replays everything to
    it.
    """

    name: str
    kinds: frozenset[str]
    react: React


def reacts_to(*kinds: str) -> Callable[[React], React]:
    """Function decorator: call it, inside its own transaction, for each sealed event of these kinds, in
    order.
    """

    def register(react: React) -> React:
        name = f"{react.__module__}.{react.__qualname__}".removeprefix("patriot.")
        _REACTIONS[name] = Reaction(name, frozenset(kinds), react)
        return react

    return register


def reactions() -> dict[str, Reaction]:
    """All reactions by name."""
    return dict(_REACTIONS)
