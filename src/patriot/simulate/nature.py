"""What simulated sensors would measure at a moment: pure functions of a seed and of time.

The past can be asked for like the present, so that a demo begins with a history that fits what follows.
Times are seconds since 1970. Same seed, same moment: same value.
"""

from dataclasses import dataclass
from math import asin, cos, degrees, exp, floor, pi, radians, sin
from zlib import crc32

HOUR, DAY = 3600.0, 86_400.0
WIB = 7 * HOUR
DUSK = -2.0  # degrees below which the sun no longer lights a street


def chance(*what: object) -> float:
    """A number in [0, 1) that belongs to these words, always the same."""
    return crc32(":".join(map(str, what)).encode()) / 2**32


def noise(seed: str, name: str, at: float, period: float) -> float:
    """Smooth noise in [-1, 1] that has a new direction every `period` seconds."""
    step = at / period
    left = floor(step)
    part = (1 - cos((step - left) * pi)) / 2
    here, there = (2 * chance(seed, name, left + n) - 1 for n in (0, 1))
    return here + (there - here) * part


def hour_of(at: float) -> float:
    """The hour of the day in WIB, 0 ≤ hour < 24."""
    return (at + WIB) % DAY / HOUR


def sun(at: float, lon: float, lat: float) -> float:
    """The sun's height over the horizon in degrees, good to about one (Cooper's declination, no equation
    of time).
    """
    day = at / DAY % 365.25
    declination = radians(23.45) * sin(2 * pi * (day + 284) / 365.25)
    angle = (at % DAY / HOUR - 12) * 15 + lon
    height = sin(radians(lat)) * sin(declination) + cos(radians(lat)) * cos(declination) * cos(radians(angle))
    return degrees(asin(height))


def pulse(at: float, start: float, to_peak: float, sharpness: float = 3.0) -> float:
    """A wave that begins at `start`, is 1 after `to_peak` seconds and falls more slowly than it rose."""
    t = (at - start) / to_peak
    return (t * exp(1 - t)) ** sharpness if t > 0 else 0.0


@dataclass(frozen=True)
class Storm:
    """Rain in the hills: when it begins (seconds since 1970) and how strong it is; 1: a severe night."""

    start: float
    strength: float
    lasts: float = 3 * HOUR

    def rain(self, at: float) -> float:
        """Rain upstream, mm in an hour: a quick rise and two bursts."""
        first, second = (
            pulse(at, self.start, self.lasts / 3),
            pulse(at, self.start + self.lasts / 2, self.lasts / 3),
        )
        return self.strength * (58 * first + 30 * second)


@dataclass(frozen=True)
class Reach:
    """How a gauge answers to rain in the hills: its level in dry weather, the crest of a severe night over
    it (cm), hours from the rain's begin until the water comes, hours from then to the crest.
    """

    dry: float
    crest: float
    delay_h: float
    to_peak_h: float

    def level(self, at: float, storms: tuple[Storm, ...]) -> float:
        """Centimetres, without the small waves."""
        waves = (
            storm.strength * pulse(at, storm.start + self.delay_h * HOUR, self.to_peak_h * HOUR, 2.0)
            for storm in storms
        )
        return self.dry + self.crest * sum(waves)


SPELL = 5 * DAY  # in each there is one storm of the wet season, mostly a small one


def storms_of(seed: str, at: float) -> tuple[Storm, ...]:
    """The storms that may matter at a moment: this spell's and the one before."""
    spell = floor(at / SPELL)
    return tuple(_storm(seed, number) for number in (spell - 1, spell))


def _storm(seed: str, spell: int) -> Storm:
    hour = chance(seed, "hour", spell) * 6 + 13  # in the hills it rains in the afternoon
    day = floor(chance(seed, "day", spell) * 4)
    strength = 0.08 + 0.7 * chance(seed, "strength", spell) ** 2
    return Storm(spell * SPELL + day * DAY + (hour - 7) % 24 * HOUR, strength)


def traffic(at: float) -> float:
    """How much moves on the streets, 0 to 1: peaks at 7.30 and 18.00, little at night and less on Sundays."""
    hour = hour_of(at)
    both = exp(-(((hour - 7.5) / 2.2) ** 2)) + exp(-(((hour - 18) / 2.6) ** 2))
    weekday = floor((at + WIB) / DAY + 3) % 7  # 1970-01-01 was a Thursday; 0: Monday
    return min(1.0, 0.12 + 0.35 * max(0.0, sin((hour - 6) / 15 * pi)) + 0.7 * both) * (
        0.6 if weekday == 6 else 1
    )


def crowd(at: float) -> float:
    """How full a parking lot is, 0 to 1: the late morning and the early evening."""
    hour = hour_of(at)
    return 0.05 + 0.72 * exp(-(((hour - 11) / 3) ** 2)) + 0.62 * exp(-(((hour - 18.5) / 2.2) ** 2))
