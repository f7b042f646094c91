"""Faces found by YuNet, somebody else's detector: an alternative to the shipped finder, larger and slower."""

import numpy as np
from numpy.typing import NDArray

from countenance.capture.faces import Face, overlap
from countenance.capture.letterbox import Part, fitting, letterboxed
from countenance.contracts.errors import BundleError
from countenance.contracts.media import Box
from countenance.inference.adapter import Adapter
from countenance.inference.feeding import finder_feed

STRIDES = (8, 16, 32)
SAME_FACE = 0.3
"""Overlap from which two boxes are one face."""

Floats = NDArray[np.float32]


class YunetFinder:
    """Finds faces with an adapter of the kind `finder`; keeps no memory of earlier frames."""

    def __init__(self, adapter: Adapter) -> None:
        if adapter.spec.finder is None:
            raise BundleError(f"{adapter.folder}: no face finder", "Give an adapter card with [finder].")
        self._asked = adapter.spec.finder
        self._model = adapter.opened()
        self.threshold = self._asked.threshold

    def find(self, rgb: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Faces in one RGB frame (h x w x 3), best first. YuNet does not say which landmarks are covered."""
        fit = fitting(rgb, self._asked.width, self._asked.height)
        small = letterboxed(rgb, fit, Part(0, 0, self._asked.width, self._asked.height))
        answers = self._model.run(finder_feed(small, self._asked))
        rows = np.concatenate([_decoded(answers, stride, self._asked.width // stride) for stride in STRIDES])
        rows = rows[rows[:, 14] >= self.threshold]
        rows = rows[np.argsort(-rows[:, 14], kind="stable")]
        return tuple(_face(fit.back(row[:14].reshape(7, 2)), float(row[14])) for row in _distinct(rows))

    def near(self, rgb: NDArray[np.uint8], box: Box) -> tuple[Face, ...]:  # noqa: ARG002 - its input has one size
        """Faces in the whole frame."""
        return self.find(rgb)


def _decoded(answers: dict[str, Floats], stride: int, columns: int) -> Floats:
    """What the cells of one stride say, cells x 15: two corners, five landmarks, score; pixels of the input."""
    cls, obj, box, points = (answers[f"{name}_{stride}"][0] for name in ("cls", "obj", "bbox", "kps"))
    cells = np.arange(len(cls))
    corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
    middle = (corner + box[:, :2]) * stride
    half = np.exp(box[:, 2:].clip(-6, 6)) * (stride / 2)
    landmarks = (corner[:, None] + points.reshape(-1, 5, 2)) * stride
    score = np.sqrt(cls.clip(0, 1) * obj.clip(0, 1))
    rows = np.concatenate([middle - half, middle + half, landmarks.reshape(-1, 10), score], axis=1)
    return rows.astype(np.float32)


def _distinct(rows: Floats) -> list[Floats]:
    kept: list[Floats] = []
    for row in rows:
        if all(overlap(row[:4].tolist(), other[:4].tolist()) <= SAME_FACE for other in kept):
            kept.append(row)
    return kept


def _face(points: Floats, score: float) -> Face:
    (x0, y0), (x1, y1) = points[:2].tolist()
    return Face(Box(x0, y0, x1 - x0, y1 - y0), points[2:], score, np.zeros(5, dtype=np.float32))
