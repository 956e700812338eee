"""The load of alarms on operators: figures of EEMUA 191 and ISA-18.2. Pure; times are aware.

EEMUA publication 191, for one operator position in steady operation: up to one alarm in 10 minutes is very
likely acceptable, up to one in 5 manageable, up to one in 2 likely over-demanding, more very likely
unacceptable; a peak of 15 an hour. ISA-18.2, performance metrics: a flood begins with 10 alarms in 10
minutes and ends below 5; a chattering alarm calls three times within a minute; a stale one is active for more
than 24 hours; priorities about 80 % low, 15 % medium, 5 % high.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil
from typing import NamedTuple

DAY = timedelta(days=1)
SHIFT = timedelta(hours=8)
WINDOW = timedelta(minutes=10)
HOUR = timedelta(hours=1)
FLOOD_BEGINS = 10  # alarms in WINDOW, for one operator
FLOOD_ENDS = 5
CHATTER_CALLS = 3
CHATTER_WITHIN = timedelta(minutes=1)
STALE_AFTER = timedelta(hours=24)
PEAK_HOUR = 15
TARGET = {"low": 0.80, "medium": 0.15, "high": 0.05}
TOLERANCE = 0.10  # of a share; EEMUA says "about"
SMALLEST_SAMPLE = 20  # calls; below it shares of priorities say nothing
MOST_OFTEN = 10


class Called(NamedTuple):
    """One call of an alarm, and how it ended: somebody saw it, or its condition was over before."""

    alarm: int
    at: datetime
    priority: str
    acknowledged_at: datetime | None = None
    cleared_at: datetime | None = None


class Lasting(NamedTuple):
    """An active condition."""

    alarm: int
    since: datetime


class Flood(NamedTuple):
    """A flood; `until` None: it is on."""

    since: datetime
    until: datetime | None
    calls: int


@dataclass(frozen=True)
class Figures:
    """The load of the last 24 hours. Rates are of one operator; verdicts are codes, faces have the words."""

    operators: int
    calls: int
    last_ten: float  # per operator, in the last 10 minutes
    steady: float  # mean per operator and 10 minutes, over the last 8 hours
    steady_verdict: str
    peak_hour: float  # the worst 60 minutes of the day, per operator
    peak_verdict: str
    hours: list[int]  # calls of all operators in each of the last 24 hours, oldest first
    floods: list[Flood]
    in_flood: float  # share of the day
    chattering: list[tuple[int, int]]  # alarm, its most calls within a minute
    stale: list[tuple[int, datetime]]
    shares: dict[str, float]  # of each priority; empty when the sample is too small
    shares_verdict: str
    most_often: list[tuple[int, int]]
    most_often_share: float
    acknowledge_p50: timedelta | None
    acknowledge_p90: timedelta | None
    hidden: int

    @property
    def is_flood(self) -> bool:
        """True while a flood is on."""
        return bool(self.floods) and self.floods[-1].until is None

    @property
    def verdict(self) -> str:
        """The whole in one word: `good`, `watch` or `bad`."""
        verdicts = (self.steady_verdict, self.peak_verdict)
        if self.is_flood or "unacceptable" in verdicts or "over_demanding" in verdicts:
            return "bad"
        return "watch" if "manageable" in verdicts or self.chattering or self.stale else "good"


def figures(
    calls: Sequence[Called], lasting: Sequence[Lasting], hidden: int, operators: int, now: datetime
) -> Figures:
    """All figures at `now` from the day's calls, oldest first."""
    times = [one.at for one in calls]
    steady = per_ten_minutes([at for at in times if at > now - SHIFT], SHIFT, operators)
    peak = peak_hour(times) / operators
    shares = priority_shares(calls)
    found = floods(times, operators, now)
    often = Counter(one.alarm for one in calls).most_common(MOST_OFTEN)
    waits = waits_of(calls, now)
    return Figures(
        operators=operators,
        calls=len(calls),
        last_ten=sum(at > now - WINDOW for at in times) / operators,
        steady=steady,
        steady_verdict=steady_verdict(steady),
        peak_hour=peak,
        peak_verdict="acceptable" if peak <= PEAK_HOUR else "over_demanding",
        hours=by_hour(times, now),
        floods=found,
        in_flood=share_in_flood(found, now),
        chattering=chattering(calls),
        stale=[(one.alarm, one.since) for one in lasting if is_stale(one.since, now)],
        shares=shares,
        shares_verdict=shares_verdict(shares),
        most_often=often,
        most_often_share=sum(count for _alarm, count in often) / len(calls) if calls else 0.0,
        acknowledge_p50=percentile(waits, 0.5),
        acknowledge_p90=percentile(waits, 0.9),
        hidden=hidden,
    )


def per_ten_minutes(times: Sequence[datetime], over: timedelta, operators: int) -> float:
    """The mean number of calls per operator in 10 minutes."""
    return len(times) * (WINDOW / over) / operators


def steady_verdict(rate: float) -> str:
    """EEMUA 191's word for a mean rate per 10 minutes and operator."""
    if rate <= 1:
        return "acceptable"
    if rate <= 2:
        return "manageable"
    return "over_demanding" if rate <= 5 else "unacceptable"


def peak_hour(times: Sequence[datetime]) -> int:
    """The most calls in any 60 minutes. `times` in order."""
    return _most_within(times, HOUR)


def _most_within(times: Sequence[datetime], span: timedelta) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


def floods(times: Sequence[datetime], operators: int, now: datetime) -> list[Flood]:
    """Floods, oldest first: from the call that makes 10 per operator in 10 minutes to fewer than 5.

    `times` in order, none after `now`.
    """
    found: list[Flood] = []
    since: datetime | None = None
    moments = sorted({*times, *(at + WINDOW for at in times if at + WINDOW <= now), now})
    for at in moments:
        rate = sum(at - WINDOW < one <= at for one in _near(times, at)) / operators
        if since is None and rate >= FLOOD_BEGINS:
            since = at
        elif since is not None and rate < FLOOD_ENDS:
            found.append(_flood(times, since, at))
            since = None
    return [*found, _flood(times, since, None)] if since else found


def _near(times: Sequence[datetime], at: datetime) -> Sequence[datetime]:
    """The calls of the window before `at`, by bisection: a flood has thousands."""
    return times[_after(times, at - WINDOW) : _after(times, at)]


def _after(times: Sequence[datetime], at: datetime) -> int:
    low, high = 0, len(times)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if times[middle] <= at else (low, middle)
    return low


def _flood(times: Sequence[datetime], since: datetime, until: datetime | None) -> Flood:
    calls = [at for at in times if at > since - WINDOW and (until is None or at <= until)]
    return Flood(since, until, len(calls))


def share_in_flood(found: Sequence[Flood], now: datetime) -> float:
    """The share of the last 24 hours that was flood, 0 to 1."""
    spent = sum(((one.until or now) - max(one.since, now - DAY) for one in found), timedelta(0))
    return max(0.0, min(1.0, spent / DAY))


def chattering(calls: Sequence[Called]) -> list[tuple[int, int]]:
    """(alarm, most calls within a minute) of those that called three times within one, worst first."""
    by_alarm = groupby(sorted(calls, key=lambda one: (one.alarm, one.at)), lambda one: one.alarm)
    counted = [(alarm, _most_within([one.at for one in own], CHATTER_WITHIN)) for alarm, own in by_alarm]
    return sorted((one for one in counted if one[1] >= CHATTER_CALLS), key=lambda one: (-one[1], one[0]))


def is_stale(since: datetime | None, now: datetime) -> bool:
    """True for a condition that has been active for more than 24 hours."""
    return since is not None and now - since > STALE_AFTER


def by_hour(times: Sequence[datetime], now: datetime) -> list[int]:
    """Calls in each of the last 24 hours, oldest first."""
    counts = [0] * 24
    for at in times:
        hours = int((now - at) / HOUR)
        if 0 <= hours < 24:
            counts[23 - hours] += 1
    return counts


def priority_shares(calls: Sequence[Called]) -> dict[str, float]:
    """The share of each priority, 0 to 1; empty below 20 calls."""
    if len(calls) < SMALLEST_SAMPLE:
        return {}
    counted = Counter(one.priority for one in calls)
    return {priority: counted[priority] / len(calls) for priority in TARGET}


def shares_verdict(shares: dict[str, float]) -> str:
    """`about` when each share is within 10 points of 80/15/5, `too_urgent` when high ones are too many."""
    if not shares:
        return ""
    if shares["high"] > TARGET["high"] + TOLERANCE:
        return "too_urgent"
    off = any(abs(shares[priority] - share) > TOLERANCE for priority, share in TARGET.items())
    return "uneven" if off else "about"


def waits_of(calls: Iterable[Called], now: datetime) -> list[timedelta]:
    """How long calls waited to be seen, those that still do until now; not those that were over unseen."""
    ends = [(one.acknowledged_at or (None if one.cleared_at else now), one.at) for one in calls]
    return sorted(end - at for end, at in ends if end is not None)


def percentile(waits: Sequence[timedelta], share: float) -> timedelta | None:
    """The nearest-rank percentile of sorted durations; None without any."""
    if not waits:
        return None
    return waits[max(0, ceil(share * len(waits)) - 1)]
