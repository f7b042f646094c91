"""Numbers that can be taken again under any weights of the rows, so that a bootstrap is a few matrix products."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
BINS = 15
"""Bins of equal width for every calibration error."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number over some rows; NaN where it is not defined."""

    n: int
    """Rows that count."""
    at: Callable[[Floats], Floats]
    """From weights B x n (how often each row was drawn) to B values."""

    @property
    def value(self) -> float:
        """The number itself, every row once."""
        return float(self.at(np.ones((1, self.width)))[0])

    width: int
    """Rows of the whole table, those that do not count among them."""


def mean(values: Floats, counts: Truth) -> Statistic:
    """Mean of `values` (n) over the rows that count."""
    kept, mask = np.where(counts, values, 0.0), counts.astype(np.float64)
    return Statistic(int(counts.sum()), lambda weights: ratio(weights @ kept, weights @ mask), len(values))


def folded(parts: Floats, counts: Truth, fold: Callable[[Floats], Floats]) -> Statistic:
    """`fold` of the sums B x m of `parts` (n x m) over the rows that count."""
    kept = np.where(counts[:, None], parts, 0.0)
    return Statistic(int(counts.sum()), lambda weights: fold(weights @ kept), len(parts))


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Elementwise quotient; NaN where the divisor is 0."""
    empty = np.full(np.broadcast(top, bottom).shape, np.nan)
    return np.asarray(np.divide(top, bottom, out=empty, where=bottom != 0))


def mean_of_known(values: Floats) -> Floats:
    """Mean along the last axis over what is not NaN; NaN where nothing is known."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))


def averaged(parts: list[Statistic]) -> Statistic:
    """Mean of several statistics over the same rows, those not defined left out."""
    return Statistic(
        max(part.n for part in parts),
        lambda weights: mean_of_known(np.stack([part.at(weights) for part in parts], axis=-1)),
        parts[0].width,
    )


def area(truth: Truth, score: Floats, counts: Truth) -> Statistic:
    """Chance that a row with the label scores above one without it (area under the ROC curve); ties count half."""
    order = np.flatnonzero(counts)[np.argsort(score[counts], kind="stable")]
    ranked = score[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1]))) if len(order) else order
    holds = truth[order].astype(np.float64)

    def at(weights: Floats) -> Floats:
        if not len(order):
            return np.full(len(weights), np.nan)
        drawn = weights[:, order]
        positive = np.add.reduceat(drawn * holds, starts, axis=1)
        negative = np.add.reduceat(drawn * (1.0 - holds), starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2.0
        return ratio((positive * below).sum(axis=1), positive.sum(axis=1) * negative.sum(axis=1))

    return Statistic(len(order), at, len(score))


def calibration_error(confidence: Floats, correct: Truth, counts: Truth) -> Statistic:
    """Expected calibration error: mean gap of confidence and correctness over 15 bins, weighed by their size."""
    which = bins(confidence)
    gaps = np.zeros((len(confidence), BINS + 1))
    gaps[np.arange(len(confidence)), which] = confidence - correct
    gaps[:, BINS] = 1.0
    return folded(gaps, counts, lambda sums: ratio(np.abs(sums[:, :BINS]).sum(axis=1), sums[:, BINS]))


def bins(confidence: Floats) -> NDArray[np.int64]:
    """Which of the 15 bins of equal width each confidence falls into."""
    return np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
