"""From which probability on a label is said: chosen on dev, with an eye on what chance did to rare labels there."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXPECTED = 0.7
"""How much a hit counts by its calibrated probability instead of by its label. Cross-validated on dev, this beats the
labels alone (rare labels have a dozen rows there) and the probabilities alone."""


def thresholds(truth: NDArray[np.bool_], probability: Floats, expected: float = EXPECTED) -> Floats:
    """Per label of n x k, the threshold with the highest F1 (a label is said at or above it)."""
    hits = (1.0 - expected) * truth + expected * probability
    return np.array([_threshold(hits[:, label], probability[:, label]) for label in range(truth.shape[1])])


def _threshold(hits: Floats, probability: Floats) -> float:
    order = np.argsort(-probability, kind="stable")
    found = np.cumsum(hits[order])
    f1 = 2.0 * found / (np.arange(1, len(order) + 1) + found[-1])
    best = int(np.argmax(f1))
    ranked = probability[order]
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2.0)
