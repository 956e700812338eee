"""Lists in pages."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Page[T]:
    """A page of a list: its rows, its number from 1, how many pages there are, how many rows in all."""

    rows: Sequence[T]
    number: int
    pages: int
    total: int

    @property
    def before(self) -> int:
        """The page before this one."""
        return self.number - 1

    @property
    def after(self) -> int:
        """The page after this one."""
        return self.number + 1
