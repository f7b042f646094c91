"""Held-out predictions as tables of scores, calibrated by what was said in the other folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.evaluation.scores import Kind, Scores, one_hot
from countenance.training.datasets.ravdess import LABELS, Clip
from countenance.training.face_expression.calibrate import Fitted, fit
from countenance.training.voice_emotion.net import DIMENSIONS
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL

Array = NDArray[np.floating]

NAMED = {"happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear", "surprised": "surprise"}
NAMES = tuple(NAMED.get(label, label) for label in LABELS)
"""The classes as the product names them."""
AROUSED = ("high_arousal",)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What nets said of clips of actors they never heard, all folds together."""

    logits: Array
    dimensions: Array
    labels: NDArray[np.int64]
    actors: NDArray[np.int64]
    folds: NDArray[np.int64]
    ids: NDArray[np.str_]

    def only(self, rows: Array) -> "HeldOut":
        """The chosen rows."""
        parts = (self.logits, self.dimensions, self.labels, self.actors, self.folds, self.ids)
        return HeldOut(*(part[rows] for part in parts))

    @property
    def genders(self) -> NDArray[np.str_]:
        """Actors with even numbers are women."""
        return np.where(self.actors % 2 == 0, "female", "male")


def read_held_out(folder: Path, clips: Sequence[Clip], kind: str) -> HeldOut:
    """Pool the predictions of every fold for one way of listening (`stream0`, `cold`)."""
    rows, logits, dimensions, numbers = [], [], [], []
    for number, path in enumerate(sorted(folder.glob("fold*.npz")), start=1):
        with np.load(path) as kept:
            rows.append(kept["rows"])
            logits.append(kept[kind])
            dimensions.append(kept[f"{kind}_dimensions"])
            numbers.append(np.full(len(kept["rows"]), number))
    return pooled([clips[row] for row in np.concatenate(rows)], logits, dimensions, numbers)


def pooled(
    clips: Sequence[Clip], logits: Sequence[Array], dimensions: Sequence[Array], numbers: Sequence[Array]
) -> HeldOut:
    """One table from the parts of the folds; `clips` are in the order of the parts."""
    return HeldOut(
        np.concatenate(logits),
        np.concatenate(dimensions),
        np.array([clip.label for clip in clips]),
        np.array([clip.actor for clip in clips]),
        np.concatenate(numbers),
        np.array([clip.path.stem for clip in clips]),
    )


def fitted(data: HeldOut) -> Fitted:
    """One slope and an offset per label, of least surprise at these rows."""
    return fit(data.logits.astype(np.float32), data.labels)


def calibrated(data: HeldOut) -> Array:
    """Probabilities of every clip with slope and offsets fitted on the other folds only."""
    out = np.zeros(data.logits.shape)
    for fold in np.unique(data.folds):
        others, own = data.folds != fold, data.folds == fold
        out[own] = fitted(data.only(others)).probabilities(data.logits[own].astype(np.float32))
    return out


def named(data: HeldOut, chances: Array, protocol: str) -> Scores:
    """The eight classes; people are drawn together, slices by gender and by speaker."""
    return Scores(
        kind=Kind.DISTRIBUTION,
        ids=data.ids,
        labels=NAMES,
        probabilities=np.asarray(chances, np.float64),
        targets=one_hot(data.labels, len(LABELS)),
        protocol=protocol,
        clusters=np.char.add("actor", data.actors.astype(np.str_)),
        slices={"gender": data.genders, "speaker": np.char.add("actor", data.actors.astype(np.str_))},
    )


def aroused(data: HeldOut, protocol: str) -> Scores:
    """High against low arousal by the arousal output; disgust belongs to neither and is left out."""
    words = np.array(LABELS)[data.labels]
    high, low = np.isin(words, HIGH_AROUSAL), np.isin(words, LOW_AROUSAL)
    told = data.only(high | low)
    return Scores(
        kind=Kind.MULTILABEL,
        ids=told.ids,
        labels=AROUSED,
        probabilities=(told.dimensions[:, [DIMENSIONS.index("arousal")]].astype(np.float64) + 1) / 2,
        targets=high[high | low][:, None].astype(np.float64),
        protocol=protocol,
        clusters=np.char.add("actor", told.actors.astype(np.str_)),
        slices={"gender": told.genders},
    )
