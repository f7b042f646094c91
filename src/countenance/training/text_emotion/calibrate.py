"""Calibration of the text net: slope and offset per label, and from many labels to one distribution."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 50
_POWERS = np.round(np.arange(0.5, 2.0, 0.01), 2)
# Weight of the wish for slope 1 and offset 0, in rows: rare labels (grief has 13 rows of dev) need it.
_PRIOR_ROWS = 4.0


def sigmoid(x: Floats) -> Floats:
    """Logits to probabilities."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def fit_slope_offset(logits: Floats, truth: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Per label, the slope and offset with the least cross-entropy on these rows (Platt scaling, by Newton)."""
    fitted = [_fit_label(logits[:, label], truth[:, label]) for label in range(logits.shape[1])]
    slope, offset = np.array(fitted).T
    return slope, offset


def apply(logits: Floats, slope: Floats, offset: Floats) -> Floats:
    """Calibrated probability of every label."""
    return sigmoid(logits * slope + offset)


def distribution(probability: Floats, power: float) -> Floats:
    """One distribution out of the probabilities of labels that may hold together: p ** power, divided by the sum.

    n x k in, n x k out, rows sum to 1. On dev this was nearer to the raters than the odds divided by their sum.
    """
    raised: Floats = np.maximum(probability, 1e-6) ** power
    return raised / raised.sum(axis=1, keepdims=True)


def fit_power(probability: Floats, truth: NDArray[np.bool_]) -> float:
    """The power with the least cross-entropy on these rows; several labels of a text share it evenly."""
    target = truth / np.maximum(truth.sum(axis=1, keepdims=True), 1)
    losses = [-(target * np.log(distribution(probability, power))).sum() for power in _POWERS]
    return float(_POWERS[int(np.argmin(losses))])


def _fit_label(logit: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    design = np.stack([logit, np.ones_like(logit)], axis=1)
    start = np.array([1.0, 0.0])
    weights = start.copy()
    for _ in range(_STEPS):
        p = sigmoid(design @ weights)
        gradient = design.T @ (p - truth) + _PRIOR_ROWS * (weights - start)
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + _PRIOR_ROWS * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])
