"""A station as its pages show it: names, ages, what is odd, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from patriot.sensing.queries import Level, StationRow, StreamRow
from patriot.stations import words

SILENT = timedelta(minutes=15)  # at least: what speaks seldom may be silent for three times its usual pause
ASIDE = frozenset({"battery"})
MARKS = {"high": "P1", "medium": "P2", "low": "P3"}


@dataclass(frozen=True)
class Shown:
    """One datastream on a page. `priority`: P1 to P3 of the level reached, "" for normal."""

    row: StreamRow
    name: str
    is_stale: bool
    is_doubtful: bool
    flags: list[str]

    @property
    def level(self) -> Level | None:
        """The level reached; nothing is reached by a reading that is too old or unfit."""
        return None if self.is_stale or self.is_doubtful else self.row.level

    @property
    def priority(self) -> str:
        """P1, P2, P3 of the level reached; "" when there is none."""
        return MARKS.get(self.level.priority, "P3") if self.level else ""


@dataclass(frozen=True)
class Station:
    """A station on a page, with its datastreams: those it is there for first."""

    row: StationRow
    purpose: str
    streams: list[Shown]

    @property
    def main(self) -> list[Shown]:
        """What the list shows of it."""
        return [one for one in self.streams if one.row.key not in ASIDE][:3]

    @property
    def heard_at(self) -> datetime | None:
        """When anything was last heard of it."""
        return max((one.row.latest.at for one in self.streams if one.row.latest), default=None)

    @property
    def is_stale(self) -> bool:
        """Nothing of what it is there for is fresh."""
        return all(one.is_stale for one in self.main)

    @property
    def worst(self) -> Shown | None:
        """The datastream of the most urgent level reached."""
        return min((one for one in self.streams if one.priority), key=lambda one: one.priority, default=None)


def show(station: StationRow, now: datetime, unfit: int) -> Station:
    """A station in words."""
    ordered = sorted(station.streams, key=lambda one: one.key in ASIDE)
    streams = [_show(one, now, unfit) for one in ordered]
    return Station(station, words.purpose(station.purpose), streams)


def _show(stream: StreamRow, now: datetime, unfit: int) -> Shown:
    newest = stream.latest
    patience = max(SILENT, timedelta(seconds=3 * (stream.cadence_s or 0)))
    stale = newest is None or now - newest.at > patience
    flags = newest.flags if newest else 0
    name = words.stream_name(stream.key, stream.name)
    return Shown(stream, name, stale, bool(flags & unfit), words.flags(flags))
