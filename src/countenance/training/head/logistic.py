"""Logistic regression with soft targets and an L2 penalty, by L-BFGS (Liu and Nocedal 1989), in numpy alone."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.inference.calibration import sigmoid, softmax

Floats = NDArray[np.float32]
Loss = Callable[[Floats], tuple[float, Floats]]

MEMORY = 10
STEPS = 150
ENOUGH = 1e-4
"""Largest part of the gradient at which the descent ends."""
_ARMIJO, _SHRINK, _TRIES = 1e-4, 0.5, 20


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A matrix and an offset: features n x d to logits n x k."""

    weights: Floats
    """d x k."""
    offset: Floats
    """k."""

    def __call__(self, features: Floats) -> Floats:
        """Logits."""
        return np.asarray(features @ self.weights + self.offset, np.float32)


def fit(
    features: Floats,
    targets: Floats,
    row_weights: Floats,
    penalty: float,
    *,
    exclusive: bool,
    start: Linear | None = None,
) -> Linear:
    """Fit targets n x k, shares of votes: as one distribution, or each label on its own.

    Minimises the weighted mean cross-entropy plus half the penalty times the squared weights; offsets are free.
    """
    width, labels = features.shape[1], targets.shape[1]
    share = (row_weights / row_weights.sum())[:, None].astype(np.float32)

    def loss(flat: Floats) -> tuple[float, Floats]:
        table = flat.reshape(width + 1, labels)
        weights, offset = table[:-1], table[-1]
        logits = features @ weights + offset
        chances = softmax(logits) if exclusive else sigmoid(logits)
        gradient = share * (chances - targets)
        slope = np.vstack([features.T @ gradient + penalty * weights, gradient.sum(axis=0)])
        cost = float((share * _surprise(logits, targets, exclusive)).sum()) + 0.5 * penalty * float((weights**2).sum())
        return cost, slope.ravel()

    begin = np.zeros((width + 1, labels), np.float32)
    if start is not None:
        begin = np.vstack([start.weights, start.offset])
    found = descend(loss, begin.ravel()).reshape(width + 1, labels)
    return Linear(found[:-1].copy(), found[-1].copy())


def descend(loss: Loss, start: Floats) -> Floats:
    """The place of the lowest value of a smooth convex function that also says its gradient."""
    at = start.astype(np.float32)
    value, slope = loss(at)
    past: deque[tuple[Floats, Floats]] = deque(maxlen=MEMORY)
    for _ in range(STEPS):
        if np.abs(slope).max() < ENOUGH:
            break
        direction = -_scaled(slope, past)
        fall = float(direction @ slope)
        if fall >= 0:  # the memory has gone stale in single precision: begin anew, straight down
            past.clear()
            direction, fall = -slope, -float(slope @ slope)
        step = 1.0 if past else min(1.0, 1.0 / max(float(np.abs(slope).sum()), 1e-12))
        for _ in range(_TRIES):
            there = at + np.float32(step) * direction
            new_value, new_slope = loss(there)
            if new_value <= value + _ARMIJO * step * fall:
                break
            step *= _SHRINK
        else:
            break
        moved, turned = there - at, new_slope - slope
        if float(moved @ turned) > 1e-12:
            past.append((moved, turned))
        at, value, slope = there, new_value, new_slope
    return at


def _scaled(slope: Floats, past: deque[tuple[Floats, Floats]]) -> Floats:
    """The gradient times an estimate of the inverse curvature (two-loop recursion)."""
    direction, shares = slope.copy(), []
    for moved, turned in reversed(past):
        share = float(moved @ direction) / float(moved @ turned)
        shares.append(share)
        direction -= np.float32(share) * turned
    if past:
        moved, turned = past[-1]
        direction *= np.float32(float(moved @ turned) / float(turned @ turned))
    for (moved, turned), share in zip(past, reversed(shares), strict=True):
        direction += np.float32(share - float(turned @ direction) / float(moved @ turned)) * moved
    return direction


def _surprise(logits: Floats, targets: Floats, exclusive: bool) -> Floats:
    """Cross-entropy per cell."""
    if exclusive:
        shifted = logits - logits.max(axis=1, keepdims=True)
        return np.asarray(targets * (np.log(np.exp(shifted).sum(axis=1, keepdims=True)) - shifted), np.float32)
    return np.asarray(np.logaddexp(0.0, logits) - targets * logits, np.float32)
