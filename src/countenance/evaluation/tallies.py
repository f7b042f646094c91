"""From a table to statistics that can be drawn again: hits, areas, gaps and distances."""

from collections.abc import Callable

import numpy as np

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.scores import Floats, Kind, Scores, one_hot
from countenance.evaluation.statistics import (
    Statistic,
    Truth,
    area,
    averaged,
    calibration_error,
    folded,
    mean,
    mean_of_known,
    ratio,
)

TINY = 1e-12


def truth_of(scores: Scores) -> tuple[Truth, Truth]:
    """Which label holds and which cell counts, both n x k."""
    if scores.kind is Kind.DISTRIBUTION:
        named = scores.hard >= 0
        return one_hot(scores.hard, len(scores.labels)) == 1.0, np.tile(named[:, None], (1, len(scores.labels)))
    return scores.targets > 0.5, ~np.isnan(scores.targets)


def said(scores: Scores) -> Truth:
    """Which labels are said of each row, n x k: the likeliest one, or all at or above their threshold."""
    if scores.kind is Kind.DISTRIBUTION:
        return np.asarray(one_hot(scores.probabilities.argmax(axis=1), len(scores.labels)) == 1.0)
    return np.asarray(scores.probabilities >= scores.thresholds)


def top_label(scores: Scores) -> tuple[Floats, Truth, Truth]:
    """Probability of the likeliest label of each row, whether that label holds, and whether the row counts."""
    truth, counts = truth_of(scores)
    best = scores.probabilities.argmax(axis=1)
    rows = np.arange(len(scores))
    return scores.probabilities[rows, best], np.asarray(truth[rows, best]), np.asarray(counts[rows, best])


def _hits(scores: Scores) -> tuple[Floats, Truth]:
    """Hits, truth and said side by side, n x 3k, and which rows count."""
    truth, counts = truth_of(scores)
    spoken = said(scores)
    return np.hstack([truth & spoken, truth, spoken & counts]).astype(np.float64), np.asarray(counts.any(axis=1))


def _split(sums: Floats) -> tuple[Floats, Floats, Floats]:
    hits, truth, spoken = np.split(sums, 3, axis=-1)
    return hits, truth, spoken


def f1(scores: Scores, which: tuple[str, ...]) -> Statistic:
    """Mean F1 of some labels, those neither true nor said left out."""
    columns = [column(scores, label) for label in which]

    def fold(sums: Floats) -> Floats:
        hits, truth, spoken = _split(sums)
        return mean_of_known(ratio(2.0 * hits, truth + spoken)[:, columns])

    parts, counts = _hits(scores)
    return folded(parts, counts, fold)


def weighted_f1(scores: Scores) -> Statistic:
    """F1 of the main labels, weighed by how often each is true."""
    columns = [column(scores, label) for label in scores.main]

    def fold(sums: Floats) -> Floats:
        hits, truth, spoken = (part[:, columns] for part in _split(sums))
        f1 = np.nan_to_num(ratio(2.0 * hits, truth + spoken))
        return ratio((f1 * truth).sum(axis=1), truth.sum(axis=1))

    parts, counts = _hits(scores)
    return folded(parts, counts, fold)


def recall(scores: Scores) -> Statistic:
    """Mean recall of the main labels that occur."""
    columns = [column(scores, label) for label in scores.main]

    def fold(sums: Floats) -> Floats:
        hits, truth, _ = _split(sums)
        return mean_of_known(ratio(hits, truth)[:, columns])

    parts, counts = _hits(scores)
    return folded(parts, counts, fold)


def right(scores: Scores) -> Statistic:
    """Share of rows whose likeliest label is the hard one."""
    return mean((scores.probabilities.argmax(axis=1) == scores.hard).astype(np.float64), scores.hard >= 0)


def label_area(scores: Scores, at: int) -> Statistic:
    """Area under the ROC curve of the label in a column."""
    truth, counts = truth_of(scores)
    return area(truth[:, at], scores.probabilities[:, at], counts[:, at])


def areas(scores: Scores) -> Statistic:
    """Mean area over the main labels."""
    return averaged([label_area(scores, column(scores, label)) for label in scores.main])


def label_error(scores: Scores, at: int) -> Statistic:
    """Calibration error of the label in a column."""
    truth, counts = truth_of(scores)
    return calibration_error(scores.probabilities[:, at], truth[:, at], counts[:, at])


def label_errors(scores: Scores) -> Statistic:
    """Mean calibration error over the main labels."""
    return averaged([label_error(scores, column(scores, label)) for label in scores.main])


def top_error(scores: Scores) -> Statistic:
    """Calibration error of the likeliest label."""
    return calibration_error(*top_label(scores))


def _cells(scores: Scores, cost: Callable[[Floats, Floats], Floats]) -> Statistic:
    """A cost per cell: summed over exclusive labels, averaged over labels that may hold together."""
    truth, counts = truth_of(scores)
    per_cell = np.where(counts, cost(scores.probabilities, truth.astype(np.float64)), 0.0)
    if scores.kind is Kind.DISTRIBUTION:
        return mean(per_cell.sum(axis=1), counts[:, 0])
    sums = np.stack([per_cell.sum(axis=1), counts.sum(axis=1)], axis=1)
    return folded(sums, np.asarray(counts.any(axis=1)), lambda total: ratio(total[:, 0], total[:, 1]))


def brier(scores: Scores) -> Statistic:
    """Squared distance from the truth."""
    return _cells(scores, lambda p, t: (p - t) ** 2)


def surprise(scores: Scores) -> Statistic:
    """Negative log-likelihood of the truth, in nats."""
    if scores.kind is Kind.DISTRIBUTION:
        return _cells(scores, lambda p, t: -t * np.log(np.maximum(p, TINY)))
    return _cells(scores, lambda p, t: -np.log(np.clip(np.where(t > 0.5, p, 1.0 - p), 1e-7, 1.0)))


def brier_votes(scores: Scores) -> Statistic:
    """Squared distance from the shares of the votes."""
    return mean(((scores.probabilities - scores.targets) ** 2).sum(axis=1), scores.told)


def divergence(scores: Scores) -> Statistic:
    """Kullback-Leibler divergence of the probabilities from the shares of the votes, in nats."""
    votes = np.nan_to_num(scores.targets)
    away = votes * (np.log(np.maximum(votes, TINY)) - np.log(np.maximum(scores.probabilities, TINY)))
    return mean(away.sum(axis=1), scores.told)


def paired(label: str, fold: Callable[[Floats], Floats], scores: Scores) -> Statistic:
    """`fold` of the sums of 1, x, y, xx, yy, xy of one dimension: x is said, y is told."""
    j = column(scores, label)
    counts = ~np.isnan(scores.targets[:, j])
    x, y = scores.probabilities[:, j], np.nan_to_num(scores.targets[:, j])
    return folded(np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1), counts, fold)


def moments(sums: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Means, variances and covariance of sums B x 6 (of 1, x, y, xx, yy, xy); tiny variances are 0."""
    x, y, xx, yy, xy = (ratio(sums[:, at], sums[:, 0]) for at in range(1, 6))
    vx, vy = (np.where(v < TINY, 0.0, v) for v in (xx - x * x, yy - y * y))
    return x, y, vx, vy, xy - x * y


def column(scores: Scores, label: str) -> int:
    """Where a label stands; an error lists what there is."""
    if label not in scores.labels:
        raise EvaluationError(f"there is no label {label!r} in this table", f"Labels: {', '.join(scores.labels)}.")
    return scores.labels.index(label)
