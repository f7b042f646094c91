"""Where the faces are: a frame of any size through the face finder's 160 x 96 input and back.

Coordinates count pixels of the frame; a whole number is the middle of a pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.capture.letterbox import Letterbox, Part, fitting, letterboxed
from countenance.contracts.errors import BundleError
from countenance.contracts.media import Box
from countenance.inference.bundle import Bundle
from countenance.inference.calibration import logit, sigmoid

WIDTH, HEIGHT = 160, 96
STRIDE = 8
COLUMNS, ROWS = WIDTH // STRIDE, HEIGHT // STRIDE
CHANNELS = 20
"""Score, box (offset of the middle, log of the size), five landmarks, five covered landmarks."""
UNIT = 32.0
"""Pixels of the input that one unit of box size or landmark offset stands for."""
WHOLE = Part(0, 0, WIDTH, HEIGHT)
WIDEST_STRIDE, LEAST_PART = 32, 64
"""Parts of the input are whole cells of the widest stride, and no smaller than this."""
ROOM = 0.2
"""How far beyond its box a face is looked for again, in sides of the box."""
SAME_FACE = 0.4
"""Overlap from which two boxes are one face."""
AGREE = 0.6
"""Overlap from which a weaker cell's reading is averaged into the best one's."""

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face found in a frame."""

    box: Box
    landmarks: Floats
    """5 x 2, order of FACE_TEMPLATE."""
    score: float
    """0..1, as the finder says it; not a calibrated probability."""
    covered: Floats
    """Five chances that the landmark is hidden by something or lies outside the frame."""


class Cells(NamedTuple):
    """What cells of the grid say, best first, in pixels of the input."""

    boxes: Floats
    """n x 4: x0, y0, x1, y1."""
    landmarks: Floats
    """n x 5 x 2."""
    scores: Floats
    covered: Floats
    """n x 5."""


class Finder(Protocol):
    """Whatever finds faces in a frame."""

    def find(self, rgb: Picture) -> tuple[Face, ...]:
        """Faces in one RGB frame (h x w x 3), best first."""
        ...

    def near(self, rgb: Picture, box: Box) -> tuple[Face, ...]:
        """Faces around where one was a moment ago, best first; elsewhere need not be looked."""
        ...


class FaceFinder:
    """Finds faces with a `find` bundle; keeps no memory of earlier frames."""

    def __init__(self, bundle: Bundle) -> None:
        if bundle.card.task != "find":
            raise BundleError(f"{bundle.card.name} is not a face finder", "Give a bundle whose card says task = find.")
        try:
            self.threshold = bundle.calibration.thresholds["face"]
        except KeyError:
            raise BundleError(f"{bundle.card.name} names no threshold for `face`", "Write the bundle again.") from None
        self._model = bundle.model
        # A bundle of before takes whole inputs only.
        self._any_size = not isinstance(self._model.input_shapes[self._model.inputs[0]][-1], int)

    def find(self, rgb: Picture) -> tuple[Face, ...]:
        """Faces in one RGB frame (h x w x 3), best first."""
        return self._faces(rgb, fitting(rgb, WIDTH, HEIGHT), WHOLE)

    def near(self, rgb: Picture, box: Box) -> tuple[Face, ...]:
        """Faces around a box, best first, as `find` says them; mostly at a quarter of the cost."""
        fit = fitting(rgb, WIDTH, HEIGHT)
        return self._faces(rgb, fit, around(box, fit) if self._any_size else WHOLE)

    def _faces(self, rgb: Picture, fit: Letterbox, part: Part) -> tuple[Face, ...]:
        small = letterboxed(rgb, fit, part)
        pixels = np.ascontiguousarray(small.transpose(2, 0, 1)[None], dtype=np.float32)
        pixels *= np.float32(1 / 255)
        grid = self._model.run({self._model.inputs[0]: pixels})[self._model.outputs[0]][0]
        cells = gather(decode(grid, self.threshold / 2), self.threshold)
        corner = np.array(part[:2], dtype=np.float32)
        corners, points = fit.back(cells.boxes.reshape(-1, 2, 2) + corner), fit.back(cells.landmarks + corner)
        return tuple(
            Face(_box(corners[i]), points[i], float(cells.scores[i]), cells.covered[i]) for i in range(len(points))
        )


def around(box: Box, fit: Letterbox) -> Part:
    """The part of the input in which a face is looked for that was in this box of the frame a moment ago.

    It begins at a whole cell, so that a face in it is read as in the whole.
    """
    corners = fit.into(np.array([[box.x, box.y], [box.x + box.width, box.y + box.height]], dtype=np.float32))
    (x0, y0), (x1, y1) = corners.tolist()
    room = ROOM * max(x1 - x0, y1 - y0)
    left, wide = _run(x0 - room, x1 + room, WIDTH)
    top, tall = _run(y0 - room, y1 + room, HEIGHT)
    return Part(left, top, wide, tall)


def _run(low: float, high: float, whole: int) -> tuple[int, int]:
    """Where a run of the input begins, and how long it is; all of it where that is hardly longer."""
    length = next((n for n in range(LEAST_PART, whole, WIDEST_STRIDE) if n >= high - low), whole)
    start = round((low + high - length) / 2 / STRIDE) * STRIDE
    return min(max(0, start), whole - length), length


def decode(grid: Floats, threshold: float) -> Cells:
    """Cells of the grid (20 x rows x columns) whose score reaches the threshold."""
    y, x = np.nonzero(grid[0] >= logit(threshold))
    order = np.argsort(-grid[0, y, x], kind="stable")
    y, x = y[order], x[order]
    cells = grid[:, y, x].T
    at = (np.stack([x, y], axis=1).astype(np.float32) + np.float32(0.5)) * np.float32(STRIDE)
    middle = at + cells[:, 1:3] * np.float32(STRIDE)
    half = np.exp(cells[:, 3:5].clip(-3, 3)) * np.float32(UNIT / 2)
    landmarks = at[:, None] + cells[:, 5:15].reshape(-1, 5, 2) * np.float32(UNIT)
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    return Cells(boxes, landmarks, sigmoid(cells[:, 0]), sigmoid(cells[:, 15:20]))


def gather(cells: Cells, threshold: float) -> Cells:
    """One entry per face that reaches the threshold: the mean of the cells that agree on it, weighed by score squared.

    Several cells answer for one face; their mean is steadier than the best alone. Cells with less than half the best
    score have no say, so the cells need only be decoded down to half the threshold.
    """
    boxes, scores = cells.boxes.tolist(), cells.scores.tolist()
    kept = [i for i in suppress(boxes, SAME_FACE) if scores[i] >= threshold]
    weights = np.zeros((len(kept), len(scores)), dtype=np.float32)
    for row, i in enumerate(kept):
        for k, score in enumerate(scores):
            if score >= scores[i] / 2 and overlap(boxes[i], boxes[k]) > AGREE:
                weights[row, k] = score**2
    weights /= weights.sum(axis=1, keepdims=True)
    means, covered = weights @ cells.boxes, weights @ cells.covered
    landmarks = (weights @ cells.landmarks.reshape(-1, 10)).reshape(-1, 5, 2)
    return Cells(means, landmarks, cells.scores[kept], covered)


def suppress(boxes: Sequence[Sequence[float]], limit: float) -> list[int]:
    """Which boxes stay when one that overlaps an earlier (better) one by more than `limit` goes."""
    kept: list[int] = []
    for i, box in enumerate(boxes):
        if all(overlap(box, boxes[k]) <= limit for k in kept):
            kept.append(i)
    return kept


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    shared = wide * tall
    areas = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return shared / (areas - shared)


def _box(corners: Floats) -> Box:
    (x0, y0), (x1, y1) = corners.tolist()
    return Box(x0, y0, x1 - x0, y1 - y0)
