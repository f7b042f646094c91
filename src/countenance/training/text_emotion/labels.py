"""What the text net learns: the 28 GoEmotions labels, and the coarse groups read from them."""

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.goemotions import LABELS

FINE = LABELS

# The Ekman grouping is the one published with GoEmotions.
EKMAN = MappingProxyType(
    {
        "neutral": ("neutral",),
        "happiness": (
            "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude",
            "joy", "love", "optimism", "pride", "relief",
        ),
        "surprise": ("confusion", "curiosity", "realization", "surprise"),
        "sadness": ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
        "anger": ("anger", "annoyance", "disapproval"),
        "disgust": ("disgust",),
        "fear": ("fear", "nervousness"),
    }
)  # fmt: skip

# Without disappointment this would be Ekman anger word for word; on customer chats disappointment
# is also the way frustration is most often worded.
FRUSTRATION = ("anger", "annoyance", "disapproval", "disappointment")

GROUPS = MappingProxyType({**EKMAN, "frustration": FRUSTRATION})
COARSE = tuple(GROUPS)


def coarse_labels(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Group n x 28 label rows into n x 8: the seven Ekman classes and frustration."""
    columns = [fine[:, [FINE.index(name) for name in group]].max(axis=1) for group in GROUPS.values()]
    return np.stack(columns, axis=1)
