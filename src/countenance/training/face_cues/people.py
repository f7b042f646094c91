"""Do the cues show where people named an expression? Faces of FER+, to measure only; nothing is fitted on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.inference.facecrop import INNER_PX
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets import ferplus
from countenance.training.face_cues.measure import interval, lengths

EXPECTED = (
    ("smile", "happiness", 1),
    ("mouth_opening", "surprise", 1),
    ("brow_raise", "surprise", 1),
    ("brow_lower", "anger", -1),
    ("eye_openness", "surprise", 1),
)
"""A cue, the expression it belongs to, and whether its length grows or shrinks with it."""
PROTOCOL = (
    "FER+ PrivateTest, plurality rule, 48 px images enlarged to the inner square without alignment; chance that the "
    "cue is stronger on a face that most people named {expression} than on another; measured only, nothing fitted"
)


def named_by_people(model: OnnxModel, fer: Path) -> dict[str, Any]:
    """Area under the ROC curve of each cue of EXPECTED, with its interval."""
    faces = ferplus.read_split(fer, "PrivateTest")
    faces = faces.take(ferplus.has_plurality(faces.votes))
    large = np.stack([_enlarged(image) for image in faces.images])[:, None]
    points = np.concatenate([model.run({"face": large[i : i + 256]})["points"] for i in range(0, len(large), 256)])
    measured = lengths(points)
    leading = faces.votes[:, : len(ferplus.EXPRESSIONS)].argmax(axis=1)
    figures = {}
    for cue, expression, sign in EXPECTED:
        truth = leading == ferplus.EXPRESSIONS.index(expression)
        figures[f"{cue}_auc_{expression}"] = _area(truth, measured[cue] * sign) | {"named": int(truth.sum())}
    return figures


def area_under_curve(truth: NDArray[np.bool_], score: NDArray[np.floating[Any]]) -> float:
    """Chance that a true face scores above another one; ties count half."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    yes, no = int(truth.sum()), int((~truth).sum())
    return float((rank[truth].sum() - yes * (yes + 1) / 2) / (yes * no))


def _area(truth: NDArray[np.bool_], score: NDArray[np.floating[Any]]) -> dict[str, Any]:
    low, high = interval(lambda chosen: area_under_curve(truth[chosen], score[chosen]), len(truth))
    return {"value": area_under_curve(truth, score), "low": low, "high": high, "n": len(truth)}


def _enlarged(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    large = Image.fromarray(image).resize((INNER_PX, INNER_PX), Image.Resampling.BICUBIC)
    return np.asarray(large, dtype=np.float32) / 255.0
