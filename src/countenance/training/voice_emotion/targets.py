"""What the voice net learns of each clip: its acted class, a place on the circumplex, and how much the clip counts."""

from collections.abc import Sequence

import numpy as np

from countenance.inference.logmel import Floats
from countenance.training.datasets.ravdess import LABELS, Clip

# Places of the acted classes on the circumplex (Russell 1980), valence and arousal; chosen by us, not measured.
PLACES = {
    "neutral": (0.0, -0.2),
    "calm": (0.3, -0.6),
    "happy": (0.8, 0.5),
    "sad": (-0.7, -0.4),
    "angry": (-0.6, 0.8),
    "fearful": (-0.6, 0.7),
    "disgust": (-0.6, 0.2),
    "surprised": (0.2, 0.7),
}
NORMAL_INTENSITY = 0.75
"""A clip acted with normal intensity lies this far out, a strong one all the way."""


def targets(clips: Sequence[Clip]) -> tuple[Floats, Floats, Floats]:
    """One-hot classes (n, 8), places (n, 2), and weights (n) that give every class the same say."""
    labels = np.array([clip.label for clip in clips])
    classes = np.eye(len(LABELS), dtype=np.float32)[labels]
    reach = np.array([1.0 if clip.strong else NORMAL_INTENSITY for clip in clips])
    places = np.array([PLACES[LABELS[label]] for label in labels]) * reach[:, None]
    counts = np.bincount(labels, minlength=len(LABELS))
    weights = len(labels) / (np.count_nonzero(counts) * counts[labels])
    return classes, places.astype(np.float32), weights.astype(np.float32)
