"""Valence, arousal and dominance: a ridge on the features of the finished text net, fitted to EmoBank.

The encoder never sees EmoBank (CC BY-SA 4.0): only this small head is fitted to it, and it is a bundle of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.emobank import EmoBankSplit
from countenance.training.text_emotion.metrics import pearson
from countenance.training.text_emotion.outputs import Reader

Floats = NDArray[np.float64]
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


@dataclass(frozen=True, slots=True, eq=False)
class VadHead:
    """A linear head: features @ weights + offset gives three values in -1..1."""

    weights: Floats
    """384 x 3."""
    offset: Floats
    penalty: float

    def __call__(self, features: Floats) -> Floats:
        """Valence, arousal and dominance of each row, clipped to -1..1."""
        return np.clip(features @ self.weights + self.offset, -1.0, 1.0)


def unit(vad: Floats) -> Floats:
    """Ratings of 1 to 5 as values of -1 to 1; 3, neither, is 0."""
    return (vad - 3.0) / 2.0


def fit_vad(read: Reader, train: EmoBankSplit, dev: EmoBankSplit) -> VadHead:
    """Fit on train; the penalty with the highest mean correlation on dev is kept."""
    features, held_out = read(train.texts).features, read(dev.texts).features
    heads = [_ridge(features, unit(train.vad), penalty) for penalty in PENALTIES]
    return max(heads, key=lambda head: float(np.mean(correlations(head, held_out, dev.vad))))


def correlations(head: VadHead, features: Floats, vad: Floats) -> tuple[float, float, float]:
    """Pearson correlation of valence, arousal and dominance."""
    said = head(features)
    v, a, d = (pearson(vad[:, i], said[:, i]) for i in range(3))
    return v, a, d


def _ridge(features: Floats, target: Floats, penalty: float) -> VadHead:
    mean, middle = features.mean(axis=0), target.mean(axis=0)
    x, y = features - mean, target - middle
    weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return VadHead(weights, middle - mean @ weights, penalty)
