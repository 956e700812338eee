"""Lists in pages."""

from collections.abc import Sequence

from django.http import QueryDict

from patriot.kernel.paging import Page


def whole(text: str, default: int) -> int:
    """A number from a query string; what is none is the default."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def word(said: QueryDict, name: str, most: int = 80) -> str:
    """A short text from a form or query string, as a database can hold it."""
    return said.get(name, "").replace("\0", "").strip()[:most]


def paged[T](rows: Sequence[T], number: int, size: int) -> Page[T]:
    """One page of all rows. A page beyond the end is the last one."""
    pages = max(1, -(-len(rows) // size))
    number = min(max(1, number), pages)
    return Page(rows[(number - 1) * size : number * size], number, pages, len(rows))
