"""Which trees to plant where, how many and why, each with its evidence. Pure.

What is known is little: leaf uptake of NO2 by young plants in a chamber (¹⁵N, IPB), lead on leaves beside
roads, and that two rows of trees leave about a third less lead in the air at 5 m. None of it measured a
street's air before and after planting. CO2 is no ISPU pollutant, its figures in circulation disagree by
orders of magnitude: nothing is ranked by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import floor

ROWS = 2  # what the lead measurements were made with
SPACING_M = 8.0  # between trees in a row: common practice for large crowns
REDUCTION = 0.35  # less airborne lead at 5 m behind two rows
PARTICLES = ("pm10", "pm25", "hc")
GASES = ("no2", "so2", "co", "o3")


class Strength(StrEnum):
    """How far evidence carries."""

    MEASURED = "measured"  # measured for this pollutant, on leaves or in a chamber
    INDIRECT = "indirect"  # measured for another pollutant that behaves alike
    NONE = "none"  # nothing found: no species is better than another


@dataclass(frozen=True)
class Evidence:
    """A measurement: what, of which pollutant, by whom; larger is better."""

    quantity: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Species:
    """A tree and what was measured of it. `advised` False: measured well, and yet not for a street."""

    name: str
    latin: str
    no2: Evidence | None = None
    lead: Evidence | None = None
    advised: bool = True
    caution: str = ""


def _no2(value: float) -> Evidence:
    return Evidence("NO2 uptake", value, "µg/plant/h", "IPB, ¹⁵N in a chamber, young plants")


def _lead(value: float) -> Evidence:
    return Evidence("lead on leaves", value, "ppm", "roadside leaves")


SPECIES = (
    Species("Tanjung", "Mimusops elengi", _no2(271), _lead(7.3)),
    Species("Gmelina", "Gmelina arborea", _no2(259), _lead(11.4)),
    Species("Angsana", "Pterocarpus indicus", _no2(221), _lead(6.0)),
    Species("Bungur", "Lagerstroemia speciosa", None, _lead(7.6)),
    Species("Flamboyan", "Delonix regia", _no2(458), None, advised=False,
            caution="the highest uptake measured, yet not advised for streets"),
)  # fmt: skip
MANADO = "Manado roadside: mahoni above trembesi above angsana in lead held; no figures"


@dataclass(frozen=True)
class Pick:
    """One species for a place, with its number and the measurement that speaks for it."""

    species: Species
    trees: int
    evidence: Evidence
    strength: Strength


@dataclass(frozen=True)
class Advice:
    """What to plant at a place. `reason`, `limits`: codes. No `picks`: planting is not the remedy."""

    pollutant: str
    trees: int
    rows: int
    picks: tuple[Pick, ...]
    reason: str
    limits: tuple[str, ...]


def how_many(length_m: float, rows: int = ROWS, spacing_m: float = SPACING_M) -> int:
    """Trees along a street of that length, on `rows` rows."""
    return rows * (floor(length_m / spacing_m) + 1) if length_m > 0 else 0


def advise(pollutant: str, length_m: float, *, most: int = 3) -> Advice:
    """Species for the pollutant that is critical at a place, with `length_m` metres to plant along.

    NO2: by its own measurement. Particles: by lead on leaves, indirectly. Other gases: nothing was measured,
    so nothing is ranked or named and the lack is said. In equal parts, since one species alone dies of one
    pest.
    """
    trees = how_many(length_m)
    strength, by, reason = _basis(pollutant)
    chosen = _ranked(by, most) if by else ()
    picks = tuple(
        Pick(one, trees // len(chosen) + (place < trees % len(chosen)), _of(one, by), strength)
        for place, one in enumerate(chosen)
    )
    limits = (
        ("chamber_not_street",)
        if by == "no2"
        else ("lead_not_particles", "order_only")
        if by
        else ("nothing_measured",)
    )
    return Advice(pollutant, trees if picks else 0, ROWS if picks else 0, picks, reason, limits)


def _basis(pollutant: str) -> tuple[Strength, str, str]:
    if pollutant == "no2":
        return Strength.MEASURED, "no2", "takes_up_no2"
    if pollutant in PARTICLES:
        return Strength.INDIRECT, "lead", "holds_dust"
    return Strength.NONE, "", "cut_the_source"


def _of(species: Species, by: str) -> Evidence:
    found: Mapping[str, Evidence | None] = {"no2": species.no2, "lead": species.lead}
    evidence = found[by]
    assert evidence is not None  # only those that have it are chosen
    return evidence


def _ranked(by: str, most: int) -> tuple[Species, ...]:
    measured = [one for one in SPECIES if one.advised and getattr(one, by) is not None]
    return tuple(sorted(measured, key=lambda one: -_of(one, by).value)[:most])
