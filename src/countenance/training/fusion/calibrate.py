"""Calibration of a trained fusion on dev: one temperature for a distribution, slope and offset for labels alone."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.inference.calibration import softmax
from countenance.training.text_emotion.calibrate import fit_slope_offset

Floats = NDArray[np.float32]
RATIO = (math.sqrt(5) - 1) / 2


def calibration(bundle: str, logits: Floats, targets: Floats, whole: bool) -> dict[str, Any]:
    """What `calibration.json` says; `whole`: the labels form one distribution."""
    if whole:
        return {"id": f"{bundle}.dev", "method": "temperature", "temperature": fit_temperature(logits, targets)}
    slope, offset = fit_slope_offset(logits.astype(np.float64), targets >= 0.5)
    return {
        "id": f"{bundle}.dev",
        "method": "slope_offset",
        "slope": [round(float(s), 5) for s in slope],
        "offset": [round(float(o), 5) for o in offset],
    }


def fit_temperature(logits: Floats, targets: Floats) -> float:
    """The temperature of least surprise at the targets (n x k, rows sum to one), by golden section on its logarithm."""
    low, high = math.log(0.1), math.log(10.0)

    def cost(place: float) -> float:
        chances = softmax((logits / math.exp(place)).astype(np.float32))
        return float(-(targets * np.log(np.maximum(chances, 1e-12))).sum(axis=1).mean())

    while high - low > 1e-4:
        left, right = high - RATIO * (high - low), low + RATIO * (high - low)
        if cost(left) < cost(right):
            high = right
        else:
            low = left
    return round(math.exp((low + high) / 2), 4)
