"""The measures, each by one name: `MACRO_F1(scores)` is a number, `MACRO_F1.of(scores)` can be drawn again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

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


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to judge a table."""

    name: str
    meaning: str
    """In plain words."""
    higher_is_better: bool
    of: Callable[[Scores], Statistic]
    majority: float | None = None
    """What knowing nothing gives by definition; None: it is measured, see `majority_value`."""
    has_majority: bool = True
    """Whether the same measure of knowing nothing tells anything."""

    def __call__(self, scores: Scores) -> float:
        """The number; NaN where it is not defined."""
        return self.of(scores).value


def measures_for(scores: Scores) -> tuple[Measure, ...]:
    """Every measure that fits the kind of a table, the leading one first."""
    if scores.kind is Kind.DISTRIBUTION:
        return (ACCURACY, MACRO_F1, WEIGHTED_F1, UAR, *_general(), BRIER_VOTES, KL_VOTES, *map(f1_of, scores.labels))
    if scores.kind is Kind.MULTILABEL:
        each = [build(label) for label in scores.labels for build in (f1_of, auc_of, ece_of)]
        return (MACRO_F1, WEIGHTED_F1, *_general(), *each)
    if scores.kind is Kind.DIMENSION:
        return tuple(build(label) for label in scores.labels for build in (pearson_of, ccc_of, rmse_of))
    return tuple(mean_of(label) for label in scores.labels)


def measure(name: str, scores: Scores) -> Measure:
    """The measure of a name; an error lists what there is."""
    known = {one.name: one for one in measures_for(scores)}
    if name not in known:
        raise EvaluationError(f"there is no measure {name!r} of this table", f"Measures: {', '.join(known)}.")
    return known[name]


def majority(scores: Scores) -> Scores:
    """The table of knowing nothing: the label shares of these very rows, the commonest label always said."""
    n, k = scores.probabilities.shape
    truth, counts = truth_of(scores)
    shares = np.array([truth[counts[:, j], j].mean() if counts[:, j].any() else 0.0 for j in range(k)])
    thresholds = np.full(k, 2.0)
    thresholds[shares.argmax()] = 0.0
    if scores.kind is Kind.DISTRIBUTION and shares.sum() == 0.0:
        shares = np.full(k, 1.0 / k)
    if scores.kind is Kind.DIMENSION:
        shares = np.array([scores.targets[counts[:, j], j].mean() if counts[:, j].any() else 0.0 for j in range(k)])
    return Scores(
        kind=scores.kind,
        ids=scores.ids,
        labels=scores.labels,
        probabilities=np.tile(shares, (n, 1)),
        targets=scores.targets,
        protocol=f"{scores.protocol}; always the commonest label",
        hard=scores.hard,
        clusters=scores.clusters,
        thresholds=thresholds,
        main=scores.main,
    )


def majority_value(asked: Measure, scores: Scores) -> float | None:
    """The measure of knowing nothing; None where that tells nothing."""
    if not asked.has_majority:
        return None
    value = asked.majority if asked.majority is not None else asked(majority(scores))
    return None if np.isnan(value) else value


def f1_of(label: str) -> Measure:
    """F1 of one label."""
    of = partial(_f1, which=(label,))
    return Measure(f"f1_{label}", f"F1 of {label}: harmonic mean of precision and recall", True, of)


def auc_of(label: str) -> Measure:
    """Area under the ROC curve of one label."""
    meaning = f"chance that a row with {label} is rated above one without it"
    return Measure(f"auc_{label}", meaning, True, lambda scores: _area(scores, _column(scores, label)), 0.5)


def ece_of(label: str) -> Measure:
    """Calibration error of the probability of one label."""

    def of(scores: Scores) -> Statistic:
        return _label_error(scores, _column(scores, label))

    meaning = f"mean gap between the stated probability of {label} and its share, 15 bins"
    return Measure(f"ece_{label}", meaning, False, of, has_majority=False)


def pearson_of(label: str) -> Measure:
    """Linear correlation of one dimension."""

    def fold(sums: Floats) -> Floats:
        _, _, vx, vy, vxy = _moments(sums)
        return ratio(vxy, np.sqrt(vx * vy))

    return Measure(f"pearson_{label}", f"linear correlation with {label}", True, partial(_paired, label, fold), 0.0)


def ccc_of(label: str) -> Measure:
    """Concordance correlation of one dimension (Lin 1989)."""

    def fold(sums: Floats) -> Floats:
        x, y, vx, vy, vxy = _moments(sums)
        return ratio(2.0 * vxy, vx + vy + (x - y) ** 2)

    meaning = f"concordance with {label}: correlation that also wants the right level and spread"
    return Measure(f"ccc_{label}", meaning, True, partial(_paired, label, fold), 0.0)


def rmse_of(label: str) -> Measure:
    """Root of the mean squared error of one dimension."""

    def of(scores: Scores) -> Statistic:
        j = _column(scores, label)
        error = mean((scores.probabilities[:, j] - scores.targets[:, j]) ** 2, ~np.isnan(scores.targets[:, j]))
        return Statistic(error.n, lambda weights: np.sqrt(error.at(weights)), error.width)

    return Measure(f"rmse_{label}", f"typical error of {label}, on its scale", False, of)


def mean_of(label: str) -> Measure:
    """Mean of one outcome; whether more is better lies in its name: an `error` or a `firing` had better be small."""

    def of(scores: Scores) -> Statistic:
        values = scores.probabilities[:, _column(scores, label)]
        return mean(values, ~np.isnan(values))

    better = not any(word in label for word in ("error", "firing", "miss", "abstain"))
    return Measure(
        f"mean_{label}",
        f"mean of {label.replace('_', ' ')} over the rows that it applies to",
        better,
        of,
        has_majority=False,
    )


def _general() -> tuple[Measure, ...]:
    return (AUC, BRIER, NLL, ECE, ECE_CLASSWISE)


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


def _f1(scores: Scores, which: tuple[str, ...]) -> Statistic:
    columns = [_column(scores, label) for label in which]

    def fold(sums: Floats) -> Floats:
        hits, truth, spoken = _split(sums)
        return mean_of_known(ratio(2.0 * hits, truth + spoken)[:, columns])

    parts, counts = _hits(scores)
    return folded(parts, counts, fold)


def _weighted_f1(scores: Scores) -> Statistic:
    columns = [_column(scores, label) for label in scores.main]

    def fold(sums: Floats) -> Floats:
        hits, truth, spoken = (part[:, columns] for part in _split(sums))
        f1 = np.nan_to_num(ratio(2.0 * hits, truth + spoken))
        return ratio((f1 * truth).sum(axis=1), truth.sum(axis=1))

    parts, counts = _hits(scores)
    return folded(parts, counts, fold)


def _recall(scores: Scores) -> Statistic:
    columns = [_column(scores, label) for label in scores.main]

    def fold(sums: Floats) -> Floats:
        hits, truth, _ = _split(sums)
        return mean_of_known(ratio(hits, truth)[:, columns])

    parts, counts = _hits(scores)
    return folded(parts, counts, fold)


def _right(scores: Scores) -> Statistic:
    return mean((scores.probabilities.argmax(axis=1) == scores.hard).astype(np.float64), scores.hard >= 0)


def _area(scores: Scores, column: int) -> Statistic:
    truth, counts = truth_of(scores)
    return area(truth[:, column], scores.probabilities[:, column], counts[:, column])


def _areas(scores: Scores) -> Statistic:
    return averaged([_area(scores, _column(scores, label)) for label in scores.main])


def _label_error(scores: Scores, column: int) -> Statistic:
    truth, counts = truth_of(scores)
    return calibration_error(scores.probabilities[:, column], truth[:, column], counts[:, column])


def _label_errors(scores: Scores) -> Statistic:
    return averaged([_label_error(scores, _column(scores, label)) for label in scores.main])


def _top_error(scores: Scores) -> Statistic:
    return calibration_error(*top_label(scores))


def _cells(scores: Scores, cost: Callable[[Floats, Floats], Floats]) -> Statistic:
    """A cost per cell: summed over exclusive labels, averaged over labels that may hold together."""
    truth, counts = truth_of(scores)
    per_cell = np.where(counts, cost(scores.probabilities, truth.astype(np.float64)), 0.0)
    if scores.kind is Kind.DISTRIBUTION:
        return mean(per_cell.sum(axis=1), counts[:, 0])
    sums = np.stack([per_cell.sum(axis=1), counts.sum(axis=1)], axis=1)
    return folded(sums, np.asarray(counts.any(axis=1)), lambda total: ratio(total[:, 0], total[:, 1]))


def _brier(scores: Scores) -> Statistic:
    return _cells(scores, lambda p, t: (p - t) ** 2)


def _surprise(scores: Scores) -> Statistic:
    if scores.kind is Kind.DISTRIBUTION:
        return _cells(scores, lambda p, t: -t * np.log(np.maximum(p, TINY)))
    return _cells(scores, lambda p, t: -np.log(np.clip(np.where(t > 0.5, p, 1.0 - p), 1e-7, 1.0)))


def _brier_votes(scores: Scores) -> Statistic:
    return mean(((scores.probabilities - scores.targets) ** 2).sum(axis=1), scores.told)


def _kl(scores: Scores) -> Statistic:
    votes = np.nan_to_num(scores.targets)
    away = votes * (np.log(np.maximum(votes, TINY)) - np.log(np.maximum(scores.probabilities, TINY)))
    return mean(away.sum(axis=1), scores.told)


def _paired(label: str, fold: Callable[[Floats], Floats], scores: Scores) -> Statistic:
    j = _column(scores, label)
    counts = ~np.isnan(scores.targets[:, j])
    x, y = scores.probabilities[:, j], np.nan_to_num(scores.targets[:, j])
    return folded(np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1), counts, fold)


def _moments(sums: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Means, variances and covariance of sums B x 6 (of 1, x, y, xx, yy, xy); tiny variances are 0."""
    x, y, xx, yy, xy = (ratio(sums[:, at], sums[:, 0]) for at in range(1, 6))
    vx, vy = (np.where(v < TINY, 0.0, v) for v in (xx - x * x, yy - y * y))
    return x, y, vx, vy, xy - x * y


def _column(scores: Scores, label: str) -> int:
    if label not in scores.labels:
        raise EvaluationError(f"there is no label {label!r} in this table", f"Labels: {', '.join(scores.labels)}.")
    return scores.labels.index(label)


ACCURACY = Measure("accuracy", "share of rows whose likeliest label is the right one", True, _right)
MACRO_F1 = Measure("macro_f1", "mean of the F1 of the labels, rare ones counting as much as common ones", True,
                   lambda scores: _f1(scores, scores.main))  # fmt: skip
WEIGHTED_F1 = Measure("weighted_f1", "mean of the F1 of the labels, weighed by how often each is true", True,
                      _weighted_f1)  # fmt: skip
UAR = Measure("uar", "unweighted average recall: mean share found of each label that occurs", True, _recall)
AUC = Measure("auc", "mean over the labels of the chance that a row with it is rated above one without", True,
              _areas, 0.5)  # fmt: skip
BRIER = Measure("brier", "squared distance of the probabilities from the truth", False, _brier)
NLL = Measure("nll", "surprise at the truth, in nats", False, _surprise)
ECE = Measure("ece_15", "mean gap between confidence in the likeliest label and how often it is right, 15 bins", False,
              _top_error, has_majority=False)  # fmt: skip
ECE_CLASSWISE = Measure("ece_classwise", "the same gap for every label's probability, averaged over labels", False,
                        _label_errors, has_majority=False)  # fmt: skip
BRIER_VOTES = Measure("brier_votes", "squared distance of the probabilities from the shares of the votes", False,
                      _brier_votes)  # fmt: skip
KL_VOTES = Measure("kl_votes", "what the probabilities lose against the shares of the votes, in nats", False,
                   _kl)  # fmt: skip
