"""95 % intervals by drawing again: whole people or dialogues, never single rows of one, with a fixed seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from countenance.evaluation.metrics import Measure, majority_value
from countenance.evaluation.scores import Floats, Scores, Words
from countenance.evaluation.statistics import Statistic

REPEATS = 1000
INTERVAL = (2.5, 97.5)
LEAST_DEFINED = 0.9
"""An interval is said only where this share of the draws gives a number at all."""
_CELLS = 4_000_000  # weights held at a time


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with the ends of its 95 % interval; None where too little is there to say."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Rows that count."""
    clusters: int
    """How many were drawn: people, dialogues, or the rows themselves."""
    majority: float | None = None


def interval(measure: Measure, scores: Scores, seed: int = 0, repeats: int = REPEATS) -> Interval:
    """A measure with its interval and with what knowing nothing gives."""
    return intervals([measure], scores, seed, repeats)[measure.name]


def intervals(
    measures: Sequence[Measure], scores: Scores, seed: int = 0, repeats: int = REPEATS
) -> dict[str, Interval]:
    """Every measure with its interval, by name, all from the same draws."""
    statistics = [measure.of(scores) for measure in measures]
    clusters = len(np.unique(scores.clusters))
    found = {}
    for measure, statistic, values in zip(
        measures, statistics, drawn(statistics, scores.clusters, seed, repeats), strict=True
    ):
        value = _known(statistic.value)
        low, high = ends(values) if value is not None and clusters > 1 else (None, None)
        found[measure.name] = Interval(value, low, high, statistic.n, clusters, majority_value(measure, scores))
    return found


def drawn(statistics: Sequence[Statistic], clusters: Words, seed: int = 0, repeats: int = REPEATS) -> Floats:
    """Statistics (m) of `repeats` draws of as many clusters as there are, m x repeats; NaN where undefined."""
    pieces = [np.stack([one.at(weights) for one in statistics]) for weights in draws(clusters, seed, repeats)]
    return np.concatenate(pieces, axis=1)


def draws(clusters: Words, seed: int = 0, repeats: int = REPEATS) -> Iterator[Floats]:
    """How often each row is drawn, in pieces of some draws x n; the same seed gives the same draws."""
    names, member = np.unique(clusters, return_inverse=True)
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS // max(1, len(clusters)))
    for start in range(0, repeats, step):
        size = min(step, repeats - start)
        counts = rng.multinomial(len(names), np.full(len(names), 1.0 / max(1, len(names))), size=size)
        yield counts[:, member].astype(np.float64)


def ends(values: Floats) -> tuple[float | None, float | None]:
    """Where the middle 95 % lie; (None, None) where too few draws gave a number."""
    known = values[~np.isnan(values)]
    if len(known) < LEAST_DEFINED * len(values) or not len(known):
        return None, None
    low, high = np.percentile(known, INTERVAL)
    return float(low), float(high)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
