"""Characters → words of a query. Pure."""

import re
from typing import NamedTuple

from patriot.sensing.sta.errors import Fault
from patriot.sensing.sta.times import INSTANT

LONGEST = 20_000  # characters of one option
WORDS = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<geo>(?:geography|geometry)'(?:[^']|'')*')
  | (?P<duration>duration'[^']*')
  | (?P<interval>{INSTANT}/{INSTANT})
  | (?P<instant>{INSTANT})
  | (?P<date>\d{{4}}-\d{{2}}-\d{{2}}(?![\w:.]))
  | (?P<time>\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?![\w:]))
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<text>'(?:[^']|'')*')
  | (?P<name>(?:\$|@iot\.)?[^\W\d][\w.\-]*)
  | (?P<mark>[()/,;=\-\[\]*:])
    """,
    re.VERBOSE,
)
_LOST_PLUS = re.compile(r"(T\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?) (\d{2}:?\d{2})(?!\w)")


class Word(NamedTuple):
    """`kind` is a group of `WORDS`, or "end"."""

    kind: str
    text: str
    at: int


def words(text: str) -> tuple[str, list[Word]]:
    """The text as it was read, and its words without the spaces, with an end. Raises Fault."""
    if len(text) > LONGEST:
        raise Fault(f"An option is longer than {LONGEST} characters.")
    text = _LOST_PLUS.sub(r"\1+\2", text)  # a "+07:00" that nobody escaped arrives with a space
    found, at = [], 0
    while at < len(text):
        match = WORDS.match(text, at)
        if match is None:
            raise Fault(f"Cannot read {text[at : at + 20]!r} at character {at + 1} of {text[:200]!r}.")
        if match.lastgroup != "space":
            found.append(Word(str(match.lastgroup), match.group(), at))
        at = match.end()
    return text, [*found, Word("end", "", at)]
