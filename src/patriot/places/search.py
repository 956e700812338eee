"""Finding a place by what people write: joined or apart, abbreviated, with slips. Pure."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

STREET_WORDS = {"jl", "jln", "jalan", "gg", "gang", "raya", "bulevar", "boulevard"}
NOISE = {
    *("depan", "dekat", "seberang", "sebelah", "belakang", "samping", "di", "sekitar", "near", "the"),
    *("kel", "kec", "kelurahan", "kecamatan", "rt", "rw", "perum", "perumahan", "komplek"),
}
ROMAN = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "x": "10",
}
STREET_SAID = re.compile(r"\s*(jl|jln|jalan|gg|gang)\b", re.IGNORECASE)
LEAST = 0.42  # of likeness, below which a place is not meant


@dataclass(frozen=True)
class Entry:
    """Something that can be found, under one of its names."""

    name: str
    label: str
    kind: str
    lon: float
    lat: float
    weight: float = 0.0  # how much sooner it is meant than another of the same likeness


@dataclass(frozen=True)
class PlaceHit:
    """A place that the words may mean."""

    label: str
    kind: str
    lon: float
    lat: float


@dataclass
class PlaceIndex:
    """Names by their three-letter pieces."""

    entries: list[Entry] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    pieces: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "PlaceIndex":
        """Of all entries."""
        index = cls()
        for entry in entries:
            key = key_of(entry.name)
            parts = trigrams(key)
            for part in parts:
                index.pieces[part].append(len(index.entries))
            index.entries.append(entry)
            index.keys.append(key)
            index.sizes.append(len(parts))
        return index

    def find(self, text: str, limit: int) -> list[PlaceHit]:
        """The most alike, best first, each label once; nothing when nothing is like it."""
        key = key_of(text)
        if len(key) < 2:
            return []
        parts = trigrams(key)
        street_meant = bool(STREET_SAID.match(text))
        shared = Counter(number for part in parts for number in self.pieces.get(part, ()))
        scored = [
            (
                score
                + self.entries[number].weight
                + 0.1 * (street_meant and self.entries[number].kind == "street"),
                -number,
            )
            for number, common in shared.items()
            if (score := self._likeness(number, key, common, len(parts))) >= LEAST
        ]
        hits: dict[str, PlaceHit] = {}
        for _score, number in sorted(scored, reverse=True):
            found = self.entries[-number]
            hits.setdefault(found.label, PlaceHit(found.label, found.kind, found.lon, found.lat))
        return list(hits.values())[:limit]

    def _likeness(self, number: int, key: str, common: int, size: int) -> float:
        """0 to 1: pieces shared, and whether one is the beginning of, or inside, the other."""
        name = self.keys[number]
        if name == key:
            return 1.0
        dice = 2 * common / (size + self.sizes[number])
        inside = common / min(size, self.sizes[number])
        begins = 0.12 if name.startswith(key) or key.startswith(name) else 0.0
        return min(0.98, 0.55 * dice + 0.35 * inside + begins)


def key_of(text: str) -> str:
    """What is compared: no accents, no punctuation, no spaces, no "Jl.", Roman numbers as digits."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    kept = [word for word in words if word not in STREET_WORDS and word not in NOISE] or words
    return "".join([kept[0], *(ROMAN.get(word, word) for word in kept[1:])]) if kept else ""


def trigrams(key: str) -> set[str]:
    """Pieces of three letters, the ends marked."""
    padded = f"^{key}$"
    return {padded[i : i + 3] for i in range(max(1, len(padded) - 2))}
