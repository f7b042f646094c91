"""What each modality, each pair and all of them give, and whether a fusion ever falls below its best single modality.

Rows are crossed: one picture, one actor or one comment stands in several. A draw of the bootstrap therefore draws the
clusters of every kind and weighs a row by the product (the pigeonhole bootstrap: Owen, Ann. Appl. Stat. 1, 2007), which
is wide rather than narrow. A row of which a system says nothing counts as missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.intervals import REPEATS, draws, ends
from countenance.evaluation.scores import Floats, Ints, Words
from countenance.evaluation.statistics import (
    Statistic,
    Truth,
    calibration_error,
    folded,
    mean,
    mean_of_known,
    ratio,
)

TINY = 1e-12


class Verdict(StrEnum):
    """How a fusion stands against the best single modality that is left."""

    ABOVE = "pass, above"
    """The whole interval lies above it."""
    PASS = "pass"
    """Not below it; the interval reaches below."""
    UNCLEAR = "not shown"
    """Below it by less than the interval tells."""
    BELOW = "fail"
    """The whole interval lies below it."""


@dataclass(frozen=True, slots=True)
class Band:
    """A number with the ends of its 95 % interval."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is asked: n rows, the right label of each, and whose they are."""

    labels: tuple[str, ...]
    truth: Ints
    """n, indices into `labels`."""
    clusters: Mapping[str, Words]
    """Per kind (picture, actor, ...) one name per row."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.truth)

    def weights(self, seed: int = 0, repeats: int = REPEATS) -> Iterator[Floats]:
        """How often each row is drawn, in pieces of some draws x n."""
        kinds = [draws(names, seed + place, repeats) for place, names in enumerate(self.clusters.values())]
        for piece in zip(*kinds, strict=True):
            yield np.prod(np.stack(piece), axis=0)

    def checked(self, said: Floats) -> Floats:
        """Probabilities n x k of a system; a row of NaN where it says nothing."""
        if said.shape != (len(self), len(self.labels)):
            wanted = (len(self), len(self.labels))
            raise EvaluationError(f"answers of the shape {said.shape}, not {wanted}", "Ask every row once.")
        return np.asarray(said, np.float64)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one system gives over all rows."""

    uar: Band
    accuracy: Band
    said: float
    """Share of rows of which it says anything."""
    ece_15: float | None
    """Over the rows it says something of."""
    nll: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A fusion against the best of the single modalities under the same circumstances, by UAR."""

    fused: Band
    best: str
    best_uar: float
    difference: Band
    verdict: Verdict


def figures(rows: Rows, systems: Mapping[str, Floats], repeats: int = REPEATS) -> dict[str, Figures]:
    """Figures of every system, all from the same draws."""
    checked = {name: rows.checked(said) for name, said in systems.items()}
    statistics = [build(rows, said) for said in checked.values() for build in (recall, accuracy)]
    bands = iter(_bands(rows, statistics, repeats))
    return {name: Figures(next(bands), next(bands), *_single_numbers(rows, said)) for name, said in checked.items()}


@dataclass(frozen=True, slots=True)
class AtRates:
    """What one system gives where labels are as frequent as they are in nature, over the rows it says something of."""

    accuracy: Band
    ece_15: Band
    nll: Band


def at_rates(rows: Rows, said: Floats, rates: Mapping[str, float], repeats: int = REPEATS) -> AtRates:
    """Figures with rows weighed so that labels have these shares; labels without a share do not count."""
    counts = np.bincount(rows.truth, minlength=len(rows.labels))
    share = np.array([rates.get(label, 0.0) for label in rows.labels])
    weight = (share / np.maximum(counts, 1))[rows.truth]
    checked = rows.checked(said)
    spoken: Truth = np.asarray(~np.isnan(checked).any(axis=1))
    told = np.nan_to_num(checked)
    surprise = -np.log(np.maximum(told[np.arange(len(rows)), rows.truth], TINY))
    right: Truth = np.asarray(told.argmax(axis=1) == rows.truth)
    statistics = [
        mean(right.astype(np.float64), spoken),
        calibration_error(told.max(axis=1), right, spoken),
        mean(surprise, spoken),
    ]
    return AtRates(*_bands(rows, statistics, repeats, weight))


def compare(rows: Rows, fused: Floats, singles: Mapping[str, Floats], repeats: int = REPEATS) -> Comparison:
    """Whether the fused answers fall below the single modality that is best on these very rows."""
    if not singles:
        raise EvaluationError("there is no single modality to compare with", "Give the answers of one at least.")
    whole = recall(rows, rows.checked(fused))
    parts = {name: recall(rows, rows.checked(said)) for name, said in singles.items()}
    best = max(parts, key=lambda name: parts[name].value)
    apart = Statistic(whole.n, lambda weights: whole.at(weights) - parts[best].at(weights), whole.width)
    band, difference = _bands(rows, [whole, apart], repeats)
    return Comparison(band, best, parts[best].value, difference, verdict(difference))


def verdict(difference: Band) -> Verdict:
    """What a difference with its interval shows."""
    low, high = difference.low, difference.high
    if difference.value >= 0:
        return Verdict.ABOVE if low is not None and low > 0 else Verdict.PASS
    return Verdict.BELOW if high is not None and high < 0 else Verdict.UNCLEAR


def recall(rows: Rows, said: Floats) -> Statistic:
    """Mean share found of each label that occurs."""
    truth = np.eye(len(rows.labels))[rows.truth]
    hits = truth * _right(rows, said)[:, None]
    width = len(rows.labels)

    def fold(sums: Floats) -> Floats:
        return mean_of_known(ratio(sums[:, :width], sums[:, width:]))

    return folded(np.hstack([hits, truth]), np.ones(len(rows), bool), fold)


def accuracy(rows: Rows, said: Floats) -> Statistic:
    """Share of rows whose likeliest label is the right one."""
    return mean(_right(rows, said), np.ones(len(rows), bool))


def _right(rows: Rows, said: Floats) -> Floats:
    spoken = ~np.isnan(said).any(axis=1)
    right = spoken & (np.nan_to_num(said).argmax(axis=1) == rows.truth)
    return np.asarray(right, np.float64)


def _single_numbers(rows: Rows, said: Floats) -> tuple[float, float | None, float | None]:
    spoken = ~np.isnan(said).any(axis=1)
    if not spoken.any():
        return 0.0, None, None
    told, truth = said[spoken], rows.truth[spoken]
    right = told.argmax(axis=1) == truth
    error = calibration_error(told.max(axis=1), right, np.ones(len(told), bool)).value
    surprise = -np.log(np.maximum(told[np.arange(len(told)), truth], TINY)).mean()
    return float(spoken.mean()), error, float(surprise)


def _bands(rows: Rows, statistics: Sequence[Statistic], repeats: int, each: Floats | None = None) -> list[Band]:
    """Every statistic with its interval; `each` weighs the rows beside how often they are drawn."""
    weight = np.ones(len(rows)) if each is None else each
    pieces = [np.stack([one.at(drawn * weight) for one in statistics]) for drawn in rows.weights(repeats=repeats)]
    values = np.concatenate(pieces, axis=1)
    points = [float(one.at(weight[None])[0]) for one in statistics]
    return [Band(point, *ends(row)) for point, row in zip(points, values, strict=True)]
