"""From a citizen's words to the category they mean. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST = 3
_WORD = re.compile(r"[a-z0-9]+")
_ENDINGS = ("nya", "kan", "lah")


@dataclass(frozen=True)
class Choice:
    """A category as people choose it. `keywords` are in both languages."""

    code: str
    name: str
    group: str
    icon: str
    urgent: bool
    keywords: tuple[str, ...]


def suggest(words: str, choices: Iterable[Choice], most: int = MOST) -> list[Choice]:
    """The categories whose name or keywords stand in the words, best first; long keywords weigh more."""
    said = _plain(words)
    scored = [(score(said, choice), choice) for choice in choices]
    fitting = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].name))
    return [choice for _score, choice in fitting[:most]]


def score(said: str, choice: Choice) -> float:
    """How well a category fits words made plain: the letters of all its keywords that stand in them."""
    keywords = {_plain(keyword) for keyword in (*choice.keywords, choice.name)} - {" "}
    return float(sum(len(keyword) for keyword in keywords if keyword in said))


def groups(choices: Sequence[Choice]) -> list[tuple[str, list[Choice]]]:
    """The choices by group, in their own order."""
    found: dict[str, list[Choice]] = {}
    for choice in choices:
        found.setdefault(choice.group, []).append(choice)
    return list(found.items())


def _plain(text: str) -> str:
    """Small letters and single blanks around whole words, endings such as -nya taken off."""
    return f" {' '.join(_stem(word) for word in _WORD.findall(text.lower()))} "


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word
