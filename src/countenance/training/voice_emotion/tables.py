"""Held-out predictions as tables of scores, calibrated by what was said in the other folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.evaluation.scores import Kind, Scores, one_hot
from countenance.inference.calibration import softmax
from countenance.training.datasets.ravdess import LABELS, Clip
from countenance.training.voice_emotion.net import DIMENSIONS
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL, ORDERS

Array = NDArray[np.floating]

NAMED = {"happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear", "surprised": "surprise"}
NAMES = tuple(NAMED.get(label, label) for label in LABELS)
"""The classes as the product names them."""
AROUSED = ("high_arousal",)

_ROUNDS, _STEPS = 6, 21


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What nets said of clips of actors they never heard, all folds together."""

    logits: Array
    dimensions: Array
    labels: NDArray[np.int64]
    actors: NDArray[np.int64]
    folds: NDArray[np.int64]
    ids: NDArray[np.str_]

    def only(self, rows: NDArray[np.bool_]) -> "HeldOut":
        """The chosen rows."""
        return HeldOut(
            self.logits[rows],
            self.dimensions[rows],
            self.labels[rows],
            self.actors[rows],
            self.folds[rows],
            self.ids[rows],
        )

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


@dataclass(frozen=True, slots=True)
class Fitted:
    """How raw values become probabilities: softmax(value / temperature)."""

    temperature: float

    def probabilities(self, logits: Array) -> Array:
        """Calibrated probabilities n x k."""
        return softmax((logits / self.temperature).astype(np.float32))

    def written(self) -> dict[str, object]:
        """The keys of `calibration.json`."""
        return {"method": "temperature", "temperature": round(self.temperature, 5)}


def fitted(data: HeldOut) -> Fitted:
    """The temperature of least surprise at these rows, by a search that narrows around the best of a grid."""
    low, high = -2.5, 2.5  # of its logarithm
    rows = np.arange(len(data.labels))
    for _ in range(_ROUNDS):
        grid = np.linspace(low, high, _STEPS)
        surprise = [
            -np.log(softmax((data.logits / np.exp(step)).astype(np.float32))[rows, data.labels] + 1e-12).mean()
            for step in grid
        ]
        best = int(np.argmin(surprise))
        low, high = grid[max(0, best - 1)], grid[min(_STEPS - 1, best + 1)]
    return Fitted(float(np.exp((low + high) / 2)))


def calibrated(data: HeldOut, by: HeldOut) -> Array:
    """Probabilities of every clip with a temperature fitted on what `by` holds of the other folds.

    One temperature does: a slope and an offset per label, fitted in the same way, surprise more and name worse.
    """
    out = np.zeros(data.logits.shape)
    for fold in np.unique(data.folds):
        own = data.folds == fold
        out[own] = fitted(by.only(by.folds != fold)).probabilities(data.logits[own])
    return out


def streams(folder: Path, clips: Sequence[Clip]) -> HeldOut:
    """Every clip as heard in each order, one after the other: what calibration is fitted on."""
    parts = [read_held_out(folder, clips, f"stream{order}") for order in range(ORDERS)]
    return together(parts)


def together(parts: Sequence[HeldOut]) -> HeldOut:
    """Several tables under one another; an id stands once for each, with its number."""
    ids = [np.char.add(part.ids, f" order {number}") for number, part in enumerate(parts)]
    return HeldOut(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.dimensions for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.actors for part in parts]),
        np.concatenate([part.folds for part in parts]),
        np.concatenate(ids),
    )


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
