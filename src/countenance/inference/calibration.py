"""Turning raw logits into probabilities that mean what they say."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import BundleError

Array = NDArray[np.float32]

TINY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A fitted map from logits to probabilities: one temperature, or a slope and an offset per label."""

    id: str
    method: str
    temperature: float
    slope: Array
    offset: Array
    thresholds: Mapping[str, float]
    """Per label, chosen on development data; empty when the labels form one distribution."""
    extra: Mapping[str, object]
    """Whatever else the encoder of this bundle needs, under the names the training command wrote."""

    @classmethod
    def read(cls, path: Path) -> "Calibration":
        """Read `calibration.json`; anything missing or of another shape is a `BundleError`."""
        known = {"id", "method", "temperature", "slope", "offset", "thresholds", "labels"}
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            method = data["method"]
            if method not in ("temperature", "slope_offset", "none"):
                raise BundleError(f"{path}: unknown calibration method {method!r}", "Write the bundle again.")
            return cls(
                id=data["id"],
                method=method,
                temperature=float(data["temperature"]) if method == "temperature" else 1.0,
                slope=np.asarray(data["slope"] if method == "slope_offset" else [1.0], dtype=np.float32),
                offset=np.asarray(data["offset"] if method == "slope_offset" else [0.0], dtype=np.float32),
                thresholds={str(k): float(v) for k, v in data.get("thresholds", {}).items()},
                extra={k: v for k, v in data.items() if k not in known},
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BundleError(f"{path}: calibration cannot be read ({error})", "Write the bundle again.") from error

    def distribution(self, logits: Array) -> Array:
        """Probabilities that sum to one along the last axis."""
        return softmax(self._scaled(logits))

    def each(self, logits: Array) -> Array:
        """Independent probabilities, one per label."""
        return sigmoid(self._scaled(logits))

    def _scaled(self, logits: Array) -> Array:
        scaled: Array = logits * self.slope / np.float32(self.temperature) + self.offset
        return scaled


def softmax(logits: Array) -> Array:
    """Softmax along the last axis, safe for large values."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def sigmoid(logits: Array) -> Array:
    """Logistic function, safe for large values."""
    result: Array = (0.5 * (1.0 + np.tanh(0.5 * logits))).astype(np.float32)
    return result


def logit(probability: float) -> float:
    """Log-odds of one probability, with the ends kept finite."""
    p = min(max(probability, TINY), 1.0 - TINY)
    return math.log(p / (1.0 - p))


def expit(log_odds: float) -> float:
    """Probability of log-odds."""
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))
