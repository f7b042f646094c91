"""Everything that is chosen on GoEmotions dev for a finished file: calibration, thresholds, the bar of abstention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.text_emotion import calibrate
from countenance.training.text_emotion.labels import EKMAN, FINE, coarse_labels
from countenance.training.text_emotion.onnx_export import SCORES
from countenance.training.text_emotion.outputs import Outputs
from countenance.training.text_emotion.thresholds import thresholds

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
CLASSES = len(EKMAN)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Calibration and thresholds of some labels that may hold together."""

    slope: Floats
    offset: Floats
    thresholds: Floats

    def probability(self, logits: Floats) -> Floats:
        """Calibrated probability of each label."""
        return calibrate.apply(logits, self.slope, self.offset)

    def written(self, labels: Sequence[str]) -> dict[str, Any]:
        """The keys of `calibration.json`."""
        bars = (round(float(value), 4) for value in self.thresholds)
        return {
            "method": "slope_offset",
            "labels": list(labels),
            "slope": [round(float(value), 5) for value in self.slope],
            "offset": [round(float(value), 5) for value in self.offset],
            "thresholds": dict(zip(labels, bars, strict=True)),
        }

    @classmethod
    def read(cls, table: dict[str, Any]) -> "Scale":
        """What `written` wrote."""
        bars = np.array([table["thresholds"][label] for label in table["labels"]])
        return cls(np.array(table["slope"]), np.array(table["offset"]), bars)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The nine scores, the 28 labels, and the way from the first seven scores to one distribution."""

    scores: Scale
    labels: Scale
    power: float

    def shares(self, logits: Floats) -> Floats:
        """The seven emotions as one distribution, from the logits of the nine scores."""
        return calibrate.distribution(self.scores.probability(logits)[:, :CLASSES], self.power)

    def written(self) -> dict[str, Any]:
        """The keys of `calibration.json`."""
        nested = self.labels.written(FINE)
        return {**self.scores.written(SCORES), "distribution_power": self.power, "goemotions": nested}

    @classmethod
    def read(cls, table: dict[str, Any]) -> "Fitted":
        """What `written` wrote."""
        return cls(Scale.read(table), Scale.read(table["goemotions"]), float(table["distribution_power"]))


def fit(said: Outputs, dev: GoEmotionsSplit) -> Fitted:
    """Fit both scales and the power on dev."""
    truth = truth_of_scores(dev.labels)
    scores = _scale(said.scores, truth)
    power = calibrate.fit_power(scores.probability(said.scores)[:, :CLASSES], truth[:, :CLASSES])
    return Fitted(scores, _scale(said.labels, dev.labels > 0.5), power)


def truth_of_scores(labels: NDArray[np.float32]) -> Truth:
    """The nine scores' truth: seven Ekman classes, confusion, frustration."""
    coarse = coarse_labels(labels)
    confusion = labels[:, [FINE.index("confusion")]]
    return np.concatenate([coarse[:, :-1], confusion, coarse[:, -1:]], axis=1) > 0.5


def _scale(logits: Floats, truth: Truth) -> Scale:
    slope, offset = calibrate.fit_slope_offset(logits, truth)
    probability = calibrate.apply(logits, slope, offset)
    return Scale(slope, offset, thresholds(truth, probability))
