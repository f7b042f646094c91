"""Where the faces are: a frame of any size through the face finder's 160 x 96 input and back.

Coordinates count pixels of the frame; a whole number is the middle of a pixel.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.contracts.errors import BundleError
from countenance.contracts.media import Box
from countenance.inference.bundle import Bundle
from countenance.inference.calibration import sigmoid

WIDTH, HEIGHT = 160, 96
STRIDE = 8
COLUMNS, ROWS = WIDTH // STRIDE, HEIGHT // STRIDE
CHANNELS = 20
"""Score, box (offset of the middle, log of the size), five landmarks, five covered landmarks."""
UNIT = 32.0
"""Pixels of the input that one unit of box size or landmark offset stands for."""
BAR = 127
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


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a frame was fitted into the finder's input."""

    scale_x: float
    scale_y: float
    left: int
    top: int

    def back(self, points: Floats) -> Floats:
        """Points (... x 2) of the input as points of the frame."""
        scale = np.array([self.scale_x, self.scale_y], dtype=np.float32)
        corner = np.array([self.left, self.top], dtype=np.float32)
        result: Floats = (points + np.float32(0.5) - corner) / scale - np.float32(0.5)
        return result


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

    def find(self, rgb: Picture) -> tuple[Face, ...]:
        """Faces in one RGB frame (h x w x 3), best first."""
        small, fit = letterbox(rgb)
        pixels = np.ascontiguousarray(small.transpose(2, 0, 1)[None], dtype=np.float32)
        pixels *= np.float32(1 / 255)
        grid = self._model.run({self._model.inputs[0]: pixels})[self._model.outputs[0]][0]
        cells = gather(decode(grid, self.threshold / 2), self.threshold)
        corners, points = fit.back(cells.boxes.reshape(-1, 2, 2)), fit.back(cells.landmarks)
        return tuple(
            Face(_box(corners[i]), points[i], float(cells.scores[i]), cells.covered[i]) for i in range(len(points))
        )


def letterbox(rgb: Picture, wide: int = WIDTH, tall: int = HEIGHT) -> tuple[Picture, Letterbox]:
    """Shrink or grow a frame into an input's size with its proportions kept and grey bars around it."""
    height, width = rgb.shape[:2]
    scale = min(wide / width, tall / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = (wide - inner[0]) // 2, (tall - inner[1]) // 2
    # Of a tall frame every row need not be read: four rows still go into one of the input's.
    step = max(1, int(0.25 / scale))
    picture = Image.fromarray(rgb[step // 2 :: step]).resize(inner, Image.Resampling.BILINEAR, reducing_gap=1.0)
    fitted = np.full((tall, wide, 3), BAR, dtype=np.uint8)
    fitted[top : top + inner[1], left : left + inner[0]] = np.asarray(picture)
    return fitted, Letterbox(inner[0] / width, inner[1] / height, left, top)


def decode(grid: Floats, threshold: float) -> Cells:
    """Cells of the grid (20 x 12 x 20) whose score reaches the threshold."""
    chance = sigmoid(grid[0])
    y, x = np.nonzero(chance >= threshold)
    order = np.argsort(-chance[y, x], kind="stable")
    y, x = y[order], x[order]
    cells = grid[:, y, x].T
    at = (np.stack([x, y], axis=1).astype(np.float32) + np.float32(0.5)) * np.float32(STRIDE)
    middle = at + cells[:, 1:3] * np.float32(STRIDE)
    half = np.exp(cells[:, 3:5].clip(-3, 3)) * np.float32(UNIT / 2)
    landmarks = at[:, None] + cells[:, 5:15].reshape(-1, 5, 2) * np.float32(UNIT)
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    return Cells(boxes, landmarks, chance[y, x], sigmoid(cells[:, 15:20]))


def gather(cells: Cells, threshold: float) -> Cells:
    """One entry per face that reaches the threshold: the mean of the cells that agree on it, weighed by score squared.

    Several cells answer for one face; their mean is steadier than the best alone. Cells with less than half the best
    score have no say, so the cells need only be decoded down to half the threshold.
    """
    kept = [i for i in suppress(cells.boxes, SAME_FACE) if cells.scores[i] >= threshold]
    weights = np.zeros((len(kept), len(cells.scores)), dtype=np.float32)
    for row, i in enumerate(kept):
        strong = np.flatnonzero(cells.scores >= cells.scores[i] / 2)
        agreeing = [k for k in strong if overlap(cells.boxes[i], cells.boxes[k]) > AGREE]
        weights[row, agreeing] = cells.scores[agreeing] ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    boxes, covered = weights @ cells.boxes, weights @ cells.covered
    landmarks = (weights @ cells.landmarks.reshape(-1, 10)).reshape(-1, 5, 2)
    return Cells(boxes, landmarks, cells.scores[kept], covered)


def suppress(boxes: Floats, limit: float) -> list[int]:
    """Which boxes stay when one that overlaps an earlier (better) one by more than `limit` goes."""
    kept: list[int] = []
    for i in range(len(boxes)):
        if all(overlap(boxes[i], boxes[k]) <= limit for k in kept):
            kept.append(i)
    return kept


def overlap(one: Floats, other: Floats) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    shared = wide * tall
    areas = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return float(shared / (areas - shared))


def _box(corners: Floats) -> Box:
    (x0, y0), (x1, y1) = corners.tolist()
    return Box(x0, y0, x1 - x0, y1 - y0)
