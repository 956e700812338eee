"""What the console's forms and query strings say."""

from django.http import QueryDict


def word(said: QueryDict, name: str, most: int = 80) -> str:
    """A short text from a form or query string, as a database can hold it."""
    return said.get(name, "").replace("\0", "").strip()[:most]
