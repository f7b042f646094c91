"""The measures, each by one name: `MACRO_F1(scores)` is a number, `MACRO_F1.of(scores)` can be drawn again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from countenance.contracts.errors import EvaluationError
from countenance.evaluation import tallies
from countenance.evaluation.scores import Floats, Kind, Scores
from countenance.evaluation.statistics import Statistic, mean, ratio
from countenance.evaluation.tallies import column, moments, paired, truth_of


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
    of = partial(tallies.f1, which=(label,))
    return Measure(f"f1_{label}", f"F1 of {label}: harmonic mean of precision and recall", True, of)


def auc_of(label: str) -> Measure:
    """Area under the ROC curve of one label."""
    meaning = f"chance that a row with {label} is rated above one without it"
    return Measure(f"auc_{label}", meaning, True, lambda scores: tallies.label_area(scores, column(scores, label)), 0.5)


def ece_of(label: str) -> Measure:
    """Calibration error of the probability of one label."""

    def of(scores: Scores) -> Statistic:
        return tallies.label_error(scores, column(scores, label))

    meaning = f"mean gap between the stated probability of {label} and its share, 15 bins"
    return Measure(f"ece_{label}", meaning, False, of, has_majority=False)


def pearson_of(label: str) -> Measure:
    """Linear correlation of one dimension."""

    def fold(sums: Floats) -> Floats:
        _, _, vx, vy, vxy = moments(sums)
        return ratio(vxy, np.sqrt(vx * vy))

    return Measure(f"pearson_{label}", f"linear correlation with {label}", True, partial(paired, label, fold), 0.0)


def ccc_of(label: str) -> Measure:
    """Concordance correlation of one dimension (Lin 1989)."""

    def fold(sums: Floats) -> Floats:
        x, y, vx, vy, vxy = moments(sums)
        return ratio(2.0 * vxy, vx + vy + (x - y) ** 2)

    meaning = f"concordance with {label}: correlation that also wants the right level and spread"
    return Measure(f"ccc_{label}", meaning, True, partial(paired, label, fold), 0.0)


def rmse_of(label: str) -> Measure:
    """Root of the mean squared error of one dimension."""

    def of(scores: Scores) -> Statistic:
        j = column(scores, label)
        error = mean((scores.probabilities[:, j] - scores.targets[:, j]) ** 2, ~np.isnan(scores.targets[:, j]))
        return Statistic(error.n, lambda weights: np.sqrt(error.at(weights)), error.width)

    return Measure(f"rmse_{label}", f"typical error of {label}, on its scale", False, of)


def mean_of(label: str) -> Measure:
    """Mean of one outcome; whether more is better lies in its name: an `error` or a `firing` had better be small."""

    def of(scores: Scores) -> Statistic:
        values = scores.probabilities[:, column(scores, label)]
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


ACCURACY = Measure("accuracy", "share of rows whose likeliest label is the right one", True, tallies.right)
MACRO_F1 = Measure("macro_f1", "mean of the F1 of the labels, rare ones counting as much as common ones", True,
                   lambda scores: tallies.f1(scores, scores.main))  # fmt: skip
WEIGHTED_F1 = Measure("weighted_f1", "mean of the F1 of the labels, weighed by how often each is true", True,
                      tallies.weighted_f1)  # fmt: skip
UAR = Measure("uar", "unweighted average recall: mean share found of each label that occurs", True, tallies.recall)
AUC = Measure("auc", "mean over the labels of the chance that a row with it is rated above one without", True,
              tallies.areas, 0.5)  # fmt: skip
BRIER = Measure("brier", "squared distance of the probabilities from the truth", False, tallies.brier)
NLL = Measure("nll", "surprise at the truth, in nats", False, tallies.surprise)
ECE = Measure("ece_15", "mean gap between confidence in the likeliest label and how often it is right, 15 bins", False,
              tallies.top_error, has_majority=False)  # fmt: skip
ECE_CLASSWISE = Measure("ece_classwise", "the same gap for every label's probability, averaged over labels", False,
                        tallies.label_errors, has_majority=False)  # fmt: skip
BRIER_VOTES = Measure("brier_votes", "squared distance of the probabilities from the shares of the votes", False,
                      tallies.brier_votes)  # fmt: skip
KL_VOTES = Measure("kl_votes", "what the probabilities lose against the shares of the votes, in nats", False,
                   tallies.divergence)  # fmt: skip
