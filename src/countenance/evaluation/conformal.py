"""Split conformal prediction: sets of labels that hold the truth as often as promised, whatever the model.

The promise (coverage of at least 1 - alpha) holds when the rows of dev and those judged are exchangeable: drawn in the
same way. LAC: Sadinle, Lei and Wasserman 2019. APS: Romano, Sesia and Candes 2020, without randomising.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.scores import UNTOLD, Floats, Kind, Scores
from countenance.evaluation.statistics import Truth
from countenance.evaluation.tallies import truth_of

ALPHA = 0.1


class Method(StrEnum):
    """How a set grows."""

    LAC = "lac"
    """Every label whose probability reaches one bar: the smallest sets on average."""
    APS = "aps"
    """Labels by falling probability until their sum reaches one bar: sets that grow where the model wavers."""


@dataclass(frozen=True, slots=True)
class Conformal:
    """What was fitted on dev."""

    method: Method
    alpha: float
    quantile: float
    """LAC: a label is in the set when 1 - p is at most this. APS: when the mass of the likelier ones is."""
    n: int
    """Rows of dev."""

    def sets(self, scores: Scores) -> Truth:
        """Which labels are in the set of each row, n x k; the likeliest label always is under APS."""
        return np.asarray(_strangeness(scores.probabilities, self.method) <= self.quantile + 1e-12)


@dataclass(frozen=True, slots=True)
class Covered:
    """How a group of rows fared."""

    n: int
    coverage: float | None
    """Share of rows whose set holds every true label; None without rows."""
    size: float | None
    """Mean number of labels in a set."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Measured coverage: overall, per true label, and per value of each slice."""

    overall: Covered
    empty: float
    """Share of rows with an empty set: nothing fits well enough."""
    single: float
    """Share of rows with one label."""
    by_label: dict[str, Covered]
    by_slice: dict[str, dict[str, Covered]]


def fit(dev: Scores, alpha: float = ALPHA, method: Method = Method.LAC) -> Conformal:
    """The quantile of dev: the ceil((n + 1)(1 - alpha))-th smallest strangeness of the truth."""
    if not 0.0 < alpha < 1.0:
        raise EvaluationError(f"alpha is {alpha}, not between 0 and 1", "Give the share of misses, such as 0.1.")
    if method is Method.APS and dev.kind is not Kind.DISTRIBUTION:
        raise EvaluationError("APS sets need labels that exclude one another", "Use LAC sets.")
    truth, rows = _known(dev)
    strange = np.where(truth, _strangeness(dev.probabilities, method), -np.inf).max(axis=1)[rows]
    rank = math.ceil((len(strange) + 1) * (1.0 - alpha))
    quantile = float(np.sort(strange)[rank - 1]) if rank <= len(strange) else math.inf
    return Conformal(method, alpha, quantile, len(strange))


def measure(fitted: Conformal, scores: Scores) -> Coverage:
    """How often the sets hold the truth, and how large they are."""
    sets = fitted.sets(scores)
    truth, rows = _known(scores)
    hit = np.asarray(~(truth & ~sets).any(axis=1))
    size = sets.sum(axis=1).astype(np.float64)
    return Coverage(
        overall=_covered(hit, size, rows),
        empty=_share(size[rows] == 0),
        single=_share(size[rows] == 1),
        by_label={label: _covered(sets[:, j], size, rows & truth[:, j]) for j, label in enumerate(scores.labels)},
        by_slice={
            name: {
                str(value): _covered(hit, size, rows & (values == value))
                for value in np.unique(values)
                if value != UNTOLD
            }
            for name, values in scores.slices.items()
        },
    )


def _strangeness(probabilities: Floats, method: Method) -> Floats:
    """How little each label fits, n x k, 0 to 1."""
    if method is Method.LAC:
        return 1.0 - probabilities
    order = np.argsort(-probabilities, axis=1, kind="stable")
    mass = np.cumsum(np.take_along_axis(probabilities, order, axis=1), axis=1)
    # A label is taken while the labels before it fall short of the bar: what stands before it is its strangeness.
    before = np.concatenate((np.zeros((len(mass), 1)), mass[:, :-1]), axis=1)
    strange = np.empty_like(before)
    np.put_along_axis(strange, order, before, axis=1)
    return strange


def _known(scores: Scores) -> tuple[Truth, Truth]:
    truth, counts = truth_of(scores)
    truth = truth & counts
    return truth, np.asarray(truth.any(axis=1))


def _covered(hit: Truth, size: Floats, rows: Truth) -> Covered:
    n = int(rows.sum())
    return Covered(n, float(hit[rows].mean()) if n else None, float(size[rows].mean()) if n else None)


def _share(which: Truth) -> float:
    return float(which.mean()) if len(which) else 0.0
