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


def paged[T](rows: Sequence[T], number: int, size: int) -> Page[T]:
    """One page of all rows. A page beyond the end is the last one."""
    pages = max(1, -(-len(rows) // size))
    number = min(max(1, number), pages)
    return Page(rows[(number - 1) * size : number * size], number, pages, len(rows))


def whole(text: str, default: int) -> int:
    """A number from a query string; what is none is the default."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
