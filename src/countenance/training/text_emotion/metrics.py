"""Measures for labels that may hold together: F1 with thresholds, AUC, calibration errors, bootstrap intervals."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64]], float]
ECE_BINS = 15
REPEATS = 1000


def f1_per_label(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> Floats:
    """F1 of each column of n x k; 0 where neither truth nor answer holds the label."""
    hits = (truth & said).sum(axis=0)
    total = truth.sum(axis=0) + said.sum(axis=0)
    return np.divide(2.0 * hits, total, out=np.zeros(truth.shape[1]), where=total > 0)


def best_thresholds(truth: NDArray[np.bool_], probability: Floats) -> Floats:
    """Per label, the threshold with the highest F1 on these rows (`said` means at or above it)."""
    found = np.empty(truth.shape[1])
    for label in range(truth.shape[1]):
        order = np.argsort(-probability[:, label], kind="stable")
        hits = np.cumsum(truth[order, label])
        f1 = 2.0 * hits / (np.arange(1, len(order) + 1) + hits[-1])
        best = int(np.argmax(f1))
        ranked = probability[order, label]
        below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
        found[label] = (ranked[best] + below) / 2.0
    return found


def auc(truth: NDArray[np.bool_], score: Floats) -> float:
    """Probability that a row with the label scores above one without it; ties count half."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2.0)[place]
    positive = int(truth.sum())
    negative = len(truth) - positive
    return float((rank[truth].sum() - positive * (positive + 1) / 2.0) / (positive * negative))


def pearson(truth: Floats, said: Floats) -> float:
    """Linear correlation of two columns."""
    return float(np.corrcoef(truth, said)[0, 1])


def expected_calibration_error(confidence: Floats, correct: NDArray[np.bool_]) -> float:
    """ECE with 15 bins of equal width: mean gap between confidence and accuracy, weighted by bin size."""
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gap = np.bincount(bins, weights=confidence - correct, minlength=ECE_BINS)
    return float(np.abs(gap).sum() / len(confidence))


def brier(truth: NDArray[np.bool_], probability: Floats) -> float:
    """Mean squared error of the probabilities over all rows and labels."""
    return float(((probability - truth) ** 2).mean())


def negative_log_likelihood(truth: NDArray[np.bool_], probability: Floats) -> float:
    """Mean binary cross-entropy over all rows and labels, in nats."""
    safe = np.clip(probability, 1e-7, 1.0 - 1e-7)
    return float(-np.where(truth, np.log(safe), np.log1p(-safe)).mean())


def interval(statistic: Statistic, groups: NDArray[np.int64], *, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval; rows of one group (a dialogue) are drawn together."""
    random = np.random.default_rng(seed)
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    values = []
    for _ in range(REPEATS):
        drawn = random.integers(len(members), size=len(members))
        values.append(statistic(np.concatenate([members[i] for i in drawn])))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)
