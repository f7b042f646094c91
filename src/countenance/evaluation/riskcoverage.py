"""What is gained by answering less: the error among the surest answers, and where to stop for a wanted error."""

from dataclasses import dataclass

import numpy as np

from countenance.contracts.errors import EvaluationError
from countenance.evaluation.scores import Floats, Scores
from countenance.evaluation.tallies import top_label

POINTS = 50


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverage:
    """The curve of one table, rows by falling confidence; rows of equal confidence stand or fall together."""

    coverage: Floats
    """m: share of rows answered, rising to 1."""
    risk: Floats
    """m: share of wrong answers among them."""
    threshold: Floats
    """m: the lowest confidence answered."""
    n: int

    @property
    def area(self) -> float:
        """AURC: mean of the risk over all coverages; lower is better (Geifman and El-Yaniv 2017)."""
        widths = np.diff(self.coverage, prepend=0.0)
        return float((widths * self.risk).sum())

    def at(self, coverage: float) -> float:
        """Risk when at least this share of rows is answered."""
        return float(self.risk[np.searchsorted(self.coverage, min(coverage, 1.0) - 1e-12)])

    def thinned(self) -> list[tuple[float, float, float]]:
        """At most POINTS points (coverage, risk, threshold), evenly over the coverage, the last one always."""
        wanted = np.linspace(1.0 / POINTS, 1.0, POINTS)
        chosen = np.unique(np.searchsorted(self.coverage, wanted - 1e-12))
        return [(float(self.coverage[i]), float(self.risk[i]), float(self.threshold[i])) for i in chosen]


@dataclass(frozen=True, slots=True)
class Stop:
    """Answering only at or above a confidence: what is still answered and how often it is wrong."""

    threshold: float
    coverage: float
    risk: float | None
    """None where nothing is answered."""
    n: int


def risk_coverage(scores: Scores) -> RiskCoverage:
    """The curve of a table; an error when nobody said which label is right."""
    confidence, correct, counts = top_label(scores)
    if not counts.any():
        raise EvaluationError("there is no row with a known label to draw a risk-coverage curve of", "Give labels.")
    order = np.flatnonzero(counts)[np.argsort(-confidence[counts], kind="stable")]
    sure, wrong = confidence[order], ~correct[order]
    last = np.flatnonzero(np.concatenate((sure[1:] != sure[:-1], [True])))
    answered = last + 1.0
    return RiskCoverage(answered / len(order), np.cumsum(wrong)[last] / answered, sure[last], len(order))


def threshold_for(dev: Scores, risk: float) -> float | None:
    """The lowest confidence, on dev, from which on at most this share of answers is wrong; None where none does."""
    curve = risk_coverage(dev)
    good = np.flatnonzero(curve.risk <= risk)
    return float(curve.threshold[good[-1]]) if len(good) else None


def stopped(scores: Scores, threshold: float) -> Stop:
    """What a threshold chosen elsewhere does here."""
    confidence, correct, counts = top_label(scores)
    answered = counts & (confidence >= threshold)
    n, of = int(answered.sum()), int(counts.sum())
    risk = float(1.0 - correct[answered].mean()) if n else None
    return Stop(threshold, n / of if of else 0.0, risk, of)
