"""From upper gauges to a lower one: the level to expect, when, and how sure that is. Pure, NumPy only.

All series lie on one grid of `STEP_S` seconds, oldest first, NaN where nothing fit was read. For each horizon
a ridge regression says how far the level will move from what the upper gauges showed one travel time before:
nothing later than the moment of speaking enters. Travel times are where the rises agree best. Intervals come
from errors on periods that came after those learned from (rolling origin); those of moving water are taken
in proportion to the move foretold, so that quiet weeks do not make floods look sure. Their coverage is
measured the same way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Span = tuple[float, float]

STEP_S = 600
HOUR = 3600 // STEP_S
LONGEST_LAG = 9 * HOUR
FOLDS = 6
LEAST_EVENTS = 4
LEAST_DAYS = 7
RISE_CM = 30.0  # a wave: a rise at least so high
APART = 6 * HOUR  # maxima nearer than this belong to one wave
FLOOR_CM = 8.0  # an error is judged in proportion to the move, but never finer than this
RIDGE = 1e-3
LEAST_MOMENTS = 30  # for a quantile
BETWEEN = HOUR // 2  # steps from one horizon to the next
HALF_STEP_H = BETWEEN / 2 / HOUR
INSIDE = 0.90  # of the cases lie in the interval


@dataclass(frozen=True)
class Horizon:
    """How the level moves within `steps`: weights of the features, and how far off that was."""

    steps: int
    weights: list[float]
    moving: tuple[float, float]  # quantiles of error / scale, moving water
    still: tuple[float, float]  # quantiles of error in cm, still water

    def around(self, move: float) -> tuple[float, float]:
        """The interval, cm from the value: never narrower than still water needs."""
        scale = FLOOR_CM + abs(move)
        return min(self.moving[0] * scale, self.still[0]), max(self.moving[1] * scale, self.still[1])


@dataclass(frozen=True)
class Card:
    """How wrong the model was on waves it had not seen. `hours`: errors of the hour, 5th and 95th centile."""

    days: float
    events: int
    tested: int  # waves held out
    mae_cm: float
    mae_hours: float
    coverage: float
    hours: tuple[float, float]
    plain_cm: float  # what "it stays as it is" would have erred by


@dataclass(frozen=True)
class Model:
    """`lags`: travel times in steps, of the upper gauges in their order."""

    lags: list[int]
    horizons: list[Horizon]
    card: Card

    def as_json(self) -> dict[str, Any]:
        """For a table; `from_json` reads it."""
        return asdict(self)


def from_json(body: dict[str, Any]) -> Model:
    """The model again."""
    card = Card(**{**body["card"], "hours": tuple(body["card"]["hours"])})
    horizons = [
        Horizon(one["steps"], one["weights"], tuple(one["moving"]), tuple(one["still"]))
        for one in body["horizons"]
    ]
    return Model(body["lags"], horizons, card)


@dataclass(frozen=True)
class Step:
    """The level to expect `hours` from now, cm."""

    hours: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Outlook:
    """What to expect: the way there, and its highest point with the hours between which it comes.

    `peak_to` None: it rises still where the view ends, and may rise on.
    """

    steps: list[Step]
    peak: Step
    peak_from: float
    peak_to: float | None


def travel_time(upper: Floats, lower: Floats, most: int = LONGEST_LAG) -> int | None:
    """Steps after which the lower gauge rises as the upper did: where their hourly rises correlate best.

    None when they never do (below 0.3). Falls are slow and alike everywhere: only rises are compared.
    """
    a, b = (np.clip(_rise(series), 0, None) for series in (upper, lower))
    scores = [_correlation(a[: len(a) - lag], b[lag:]) for lag in range(most + 1)]
    best = int(np.argmax(scores))
    return best if scores[best] >= 0.3 else None


def _rise(series: Floats, over: int = HOUR) -> Floats:
    out = np.full(len(series), np.nan)
    out[over:] = series[over:] - series[:-over]
    return out


def _correlation(a: Floats, b: Floats) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 2 * HOUR:
        return -1.0
    x, y = a[both] - a[both].mean(), b[both] - b[both].mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else -1.0


def waves(level: Floats, rise: float = RISE_CM) -> list[int]:
    """Where waves are highest: `rise` above the lowest of the half day before, `APART` from a higher one."""
    known = np.where(np.isfinite(level), level, -np.inf)
    peaks: list[int] = []
    for at in np.argsort(known)[::-1]:
        if not np.isfinite(known[at]):
            break
        before = level[max(0, at - 12 * HOUR) : at + 1]
        if known[at] - np.nanmin(before) >= rise and all(abs(at - other) >= APART for other in peaks):
            peaks.append(int(at))
    return sorted(peaks)


def features(lower: Floats, uppers: Sequence[Floats], lags: Sequence[int], steps: int) -> Floats:
    """One row a moment: what is known then of where the level goes within `steps`.

    Of each upper gauge: its level that arrives by then (or the newest, when that is still to come), and how
    far that is from the one that arrives now.
    """
    columns = [np.ones(len(lower)), lower / 100, _rise(lower) / 100]
    for upper, lag in zip(uppers, lags, strict=True):
        back = max(0, lag - steps)  # never ahead of now
        coming, arriving = _late(upper, back), _late(upper, lag)
        columns += [coming / 100, (coming - arriving) / 100]
    return np.column_stack(columns)


def _late(series: Floats, steps: int) -> Floats:
    return np.concatenate([np.full(steps, np.nan), series[: len(series) - steps]]) if steps else series


def _moves(lower: Floats, steps: int) -> Floats:
    out = np.full(len(lower), np.nan)
    out[:-steps] = lower[steps:] - lower[:-steps]
    return out


def _fit(x: Floats, y: Floats) -> Floats | None:
    rows = np.isfinite(x).all(axis=1) & np.isfinite(y)
    if rows.sum() < 20 * x.shape[1]:
        return None
    a, b = x[rows], y[rows]
    heavy = 1 + np.abs(b) / 10  # a wave's rows count more than a quiet night's
    weighted = a * heavy[:, None]
    solved: Floats = np.linalg.solve(weighted.T @ a + RIDGE * len(b) * np.eye(a.shape[1]), weighted.T @ b)
    return solved


def train(lower: Floats, uppers: Sequence[Floats], usual: Sequence[int] = ()) -> Model | None:
    """Learn from history; None when it is too short: not `LEAST_DAYS`, `LEAST_EVENTS` or no travel time.

    `usual`: travel times in steps that stand in where the series do not show one, as when another river's
    waves cover it. How far ahead it looks is the longest: later nothing of the wave has been seen yet.
    """
    found = waves(lower)
    seen = [travel_time(upper, lower) for upper in uppers]
    stand_in = list(usual) or [0] * len(uppers)
    known = [lag or other for lag, other in zip(seen, stand_in, strict=True)]
    if len(lower) < LEAST_DAYS * 24 * HOUR or len(found) < LEAST_EVENTS or not any(seen) or not all(known):
        return None
    ahead = list(range(BETWEEN, max(known) + 1, BETWEEN))
    tried = _rolling(lower, uppers, known, ahead)
    fitted = {steps: _fit(features(lower, uppers, known, steps), _moves(lower, steps)) for steps in ahead}
    horizons = [
        Horizon(steps, weights.tolist(), *intervals)
        for steps, weights in fitted.items()
        if weights is not None and (intervals := tried.intervals(steps))
    ]
    card = tried.card(found) if horizons else None
    return Model(known, horizons, card) if card else None


def _quantiles(errors: Floats) -> Span:
    edge = (1 - INSIDE) / 2
    return float(np.quantile(errors, edge)), float(np.quantile(errors, 1 - edge))


def folds(length: int) -> Iterator[tuple[int, int]]:
    """(end of what is learned from, end of what is tested): the tested always comes after."""
    edges = np.linspace(0, length, FOLDS + 1).astype(int)
    for begin, end in pairwise(edges[2:]):
        yield int(begin), int(end)


@dataclass
class Rolling:
    """Forecasts of moves made by models that had seen only earlier periods; NaN where none was made."""

    lower: Floats
    ahead: list[int]
    moves: Floats  # horizons × moments
    fold: NDArray[np.int64]  # by moment, -1: never tested

    def errors(self, steps: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """(error in cm, move foretold, fold) of every moment tested whose outcome is known."""
        told, truth = self.moves[self.ahead.index(steps)], _moves(self.lower, steps)
        use = np.isfinite(told) & np.isfinite(truth)
        return truth[use] - told[use], told[use], self.fold[use]

    def intervals(self, steps: int, before: int | None = None) -> tuple[Span, Span] | None:
        """(moving, still) as `Horizon` has them, from the folds before `before`; None with too few."""
        error, told, fold = self.errors(steps)
        use = fold < before if before is not None else np.ones(len(fold), bool)
        moving, still = use & (np.abs(told) > FLOOR_CM), use & (np.abs(told) <= FLOOR_CM)
        if moving.sum() < LEAST_MOMENTS or still.sum() < LEAST_MOMENTS:
            return None
        shares = error[moving] / (FLOOR_CM + np.abs(told[moving]))
        return _quantiles(shares), _quantiles(error[still])

    def coverage(self) -> float:
        """Share of moving moments whose level came to lie in an interval made of earlier folds only."""
        inside, tested = 0, 0
        for steps in self.ahead:
            error, told, fold = self.errors(steps)
            for number in range(1, int(self.fold.max()) + 1):
                made = self.intervals(steps, before=number)
                if made is None:
                    continue
                horizon = Horizon(steps, [], *made)
                for miss, move in zip(error[fold == number], told[fold == number], strict=True):
                    if abs(move) > FLOOR_CM:
                        low, high = horizon.around(float(move))
                        inside += low <= miss <= high
                        tested += 1
        return float(inside / tested) if tested else float("nan")

    def card(self, found: list[int]) -> Card | None:
        """Errors at the waves held out, spoken of from the furthest horizon up to an hour before."""
        told = [(peak, at) for peak in found for at in range(peak - max(self.ahead), peak - HOUR + 1, 3)]
        seen = [(peak, at) for peak, at in told if at >= 0 and np.isfinite(self.moves[:, at]).all()]
        if not seen:
            return None
        levels, hours, plain = [], [], []
        for peak, at in seen:
            way = self.lower[at] + self.moves[:, at]
            best = int(np.argmax(way))
            levels.append(abs(float(way[best] - self.lower[peak])))
            hours.append((peak - at - self.ahead[best]) / HOUR)
            plain.append(abs(float(self.lower[at] - self.lower[peak])))
        low, high = np.quantile(hours, [0.05, 0.95])
        return Card(
            days=len(self.lower) / HOUR / 24, events=len(found), tested=len({peak for peak, _at in seen}),
            mae_cm=float(np.mean(levels)), mae_hours=float(np.mean(np.abs(hours))), coverage=self.coverage(),
            hours=(float(low), float(high)), plain_cm=float(np.mean(plain)),
        )  # fmt: skip


def _rolling(lower: Floats, uppers: Sequence[Floats], lags: list[int], ahead: list[int]) -> Rolling:
    told = np.full((len(ahead), len(lower)), np.nan)
    fold = np.full(len(lower), -1)
    for row, steps in enumerate(ahead):
        x, y = features(lower, uppers, lags, steps), _moves(lower, steps)
        for number, (begin, end) in enumerate(folds(len(lower))):
            weights = _fit(x[: begin - steps], y[: begin - steps])  # their outcomes were known by then
            if weights is not None:
                told[row, begin:end] = x[begin:end] @ weights
                fold[begin:end] = number
    return Rolling(lower, ahead, told, fold)


def outlook(model: Model, lower: Floats, uppers: Sequence[Floats]) -> Outlook | None:
    """What to expect after the last moment of these series (half a day is enough); None when a gauge is
    silent.
    """
    level = float(lower[-1])
    steps = []
    for one in model.horizons:
        move = features(lower, uppers, model.lags, one.steps)[-1] @ np.array(one.weights)
        if not np.isfinite(move):
            return None
        low, high = one.around(float(move))
        value = level + float(move)
        steps.append(Step(one.steps / HOUR, value, value + low, value + high))
    peak = max([Step(0.0, level, level, level), *steps], key=lambda step: step.value)
    if peak.hours == 0:
        return Outlook(steps, peak, 0.0, 0.0)
    early, late = min(model.card.hours[0], 0.0) - HALF_STEP_H, max(model.card.hours[1], 0.0) + HALF_STEP_H
    ends = None if peak is steps[-1] else peak.hours + late
    return Outlook(steps, peak, max(0.0, peak.hours + early), ends)


@dataclass(frozen=True)
class Thumb:
    """The rule of thumb: hours from now between which the wave is at the lower gauge. No level is known."""

    hours_from: float
    hours_to: float


def rule_of_thumb(upper: Floats, hours_min: float, hours_max: float) -> Thumb | None:
    """When an upper gauge's wave will be below, by the usual travel time; None when there is no wave.

    A wave still rising has its peak ahead: the earliest hour is then the shortest travel time from now.
    """
    recent = upper[-12 * HOUR :]
    if not np.isfinite(recent).any():
        return None
    top = int(np.nanargmax(recent))
    if recent[top] - np.nanmin(recent[: top + 1]) < RISE_CM:
        return None
    ago = (len(recent) - 1 - top) / HOUR
    if ago > hours_max:
        return None
    return Thumb(max(0.0, hours_min - ago), hours_max - ago)


def gridded(at_s: Floats, values: Floats, since_s: float, until_s: float, longest_gap: int = 3) -> Floats:
    """Means on the grid from `since_s` to before `until_s`; gaps up to `longest_gap` steps are bridged."""
    length = int((until_s - since_s) // STEP_S)
    slot = ((at_s - since_s) // STEP_S).astype(int)
    fit = (slot >= 0) & (slot < length) & np.isfinite(values)
    count = np.bincount(slot[fit], minlength=length)
    sums = np.bincount(slot[fit], weights=values[fit], minlength=length)
    grid = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    return _bridged(grid, longest_gap)


def blank(grid: Floats, since_s: float, spans: Sequence[Span]) -> None:
    """Forget, in place, what lies between these moments (seconds since 1970, as `since_s` of the grid)."""
    for begin, end in spans:
        first = max(0, int((begin - since_s) // STEP_S))
        grid[first : max(first, int((end - since_s) // STEP_S) + 1)] = np.nan


def _bridged(grid: Floats, longest: int) -> Floats:
    known = np.flatnonzero(np.isfinite(grid))
    for left, right in pairwise(known):
        if 1 < right - left <= longest + 1:
            grid[left : right + 1] = np.linspace(grid[left], grid[right], right - left + 1)
    return grid
