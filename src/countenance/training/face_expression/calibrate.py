"""From raw values to probabilities: one slope, an offset per class, and how far rare classes are favoured. Dev only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.evaluation.metrics import ACCURACY, ECE, MACRO_F1
from countenance.evaluation.scores import Scores

Floats = NDArray[np.float64]

LEANS = tuple(float(lean) for lean in np.round(np.arange(0.0, 0.61, 0.05), 2))
"""How far a rare class may be favoured: this power of the commonest class over it."""
MOST_LOST = 0.002
"""Accuracy on dev that may be given up for the rare classes."""
WORST_ERROR = 0.025
"""Calibration error on dev up to which rare classes may be favoured; the goal on test is 0.03."""
_STEPS = 60
# Weight of the wish for slope 1 and offsets 0, in faces: contempt has about twenty in dev.
_PRIOR_FACES = 2.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """How raw values become probabilities: softmax(slope * value + offset)."""

    slope: float
    offset: Floats
    """Per class."""
    lean: float = 0.0
    """Which of LEANS the offsets already hold."""

    def probabilities(self, logits: NDArray[np.float32]) -> Floats:
        """Calibrated probabilities n x k."""
        return softmax(logits * self.slope + self.offset)

    def written(self) -> dict[str, object]:
        """The keys of `calibration.json`."""
        slopes = [round(self.slope, 5)] * len(self.offset)
        return {"method": "slope_offset", "slope": slopes, "offset": [round(float(o), 5) for o in self.offset]}


def softmax(values: NDArray[np.floating]) -> Floats:
    """Probabilities of raw values n x k."""
    powers = np.exp(values.astype(np.float64) - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> Fitted:
    """The slope and offsets of least surprise at the leading classes, by Newton's method with shortened steps."""
    faces, classes = logits.shape
    # n x k x (1 + k): how each raw value moves with the slope and with each offset.
    moves = np.concatenate([logits[:, :, None].astype(np.float64), np.tile(np.eye(classes), (faces, 1, 1))], axis=2)
    wanted = moves[np.arange(faces), truth]
    start = np.concatenate([[1.0], np.zeros(classes)])

    def cost(at: Floats) -> float:
        values = moves @ at
        top = values.max(axis=1)
        surprise = top + np.log(np.exp(values - top[:, None]).sum(axis=1)) - wanted @ at
        return float(surprise.sum() + _PRIOR_FACES / 2 * ((at - start) ** 2).sum())

    at = start.copy()
    for _ in range(_STEPS):
        said = softmax(moves @ at)
        mean = np.einsum("nk,nkp->np", said, moves)
        gradient = (mean - wanted).sum(axis=0) + _PRIOR_FACES * (at - start)
        curvature = np.einsum("nk,nkp,nkq->pq", said, moves, moves, optimize=True) - mean.T @ mean
        step = np.linalg.solve(curvature + _PRIOR_FACES * np.eye(classes + 1), gradient)
        now = cost(at)
        while cost(at - step) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        at = at - step
        if np.abs(step).max() < 1e-9:
            break
    return Fitted(float(at[0]), at[1:])


def leaning(fitted: Fitted, lean: float, shares: Floats) -> Fitted:
    """Favour classes by how rare they are in dev; `shares` is their share of faces."""
    favour = lean * np.log(shares.max() / np.maximum(shares, 1e-4))
    return Fitted(fitted.slope, fitted.offset + favour, lean)


def choose(logits: NDArray[np.float32], dev: Scores) -> tuple[Fitted, list[dict[str, float]]]:
    """The lean with the best macro-F1 on dev that costs hardly any accuracy; also gives what every lean would do.

    `dev` holds the truth; its probabilities are not read.
    """
    plain = fit(logits, dev.hard)
    shares = np.bincount(dev.hard, minlength=len(dev.labels)) / len(dev)
    tried = [leaning(plain, lean, shares) for lean in LEANS]
    rows = []
    for one in tried:
        said = with_probabilities(dev, one.probabilities(logits))
        rows.append({"lean": one.lean, "accuracy": ACCURACY(said), "macro_f1": MACRO_F1(said), "ece_15": ECE(said)})
    least = rows[0]["accuracy"] - MOST_LOST
    allowed = [at for at, row in enumerate(rows) if row["accuracy"] >= least and row["ece_15"] <= WORST_ERROR] or [0]
    return tried[max(allowed, key=lambda at: rows[at]["macro_f1"])], rows


def with_probabilities(scores: Scores, probabilities: Floats) -> Scores:
    """The same rows and truth, said otherwise."""
    return Scores(
        kind=scores.kind,
        ids=scores.ids,
        labels=scores.labels,
        probabilities=probabilities,
        targets=scores.targets,
        protocol=scores.protocol,
        hard=scores.hard,
    )
