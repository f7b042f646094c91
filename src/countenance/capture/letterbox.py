"""A frame of any size in an input of a fixed one: shrunk or grown, its proportions kept, grey bars around it.

Coordinates count pixels; a whole number is the middle of a pixel.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BAR = 127

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]


class Part(NamedTuple):
    """A rectangle of the input, in whole pixels."""

    left: int
    top: int
    wide: int
    tall: int


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a frame is fitted into an input."""

    scale_x: float
    scale_y: float
    inside: Part
    """Where in the input the frame lies."""

    def back(self, points: Floats) -> Floats:
        """Points (... x 2) of the input as points of the frame."""
        result: Floats = (points + np.float32(0.5) - self._corner) / self._scale - np.float32(0.5)
        return result

    def into(self, points: Floats) -> Floats:
        """Points (... x 2) of the frame as points of the input."""
        result: Floats = (points + np.float32(0.5)) * self._scale + self._corner - np.float32(0.5)
        return result

    @property
    def _scale(self) -> Floats:
        return np.array([self.scale_x, self.scale_y], dtype=np.float32)

    @property
    def _corner(self) -> Floats:
        return np.array(self.inside[:2], dtype=np.float32)


def fitting(rgb: Picture, wide: int, tall: int) -> Letterbox:
    """How a frame fits into an input of this size."""
    height, width = rgb.shape[:2]
    scale = min(wide / width, tall / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    inside = Part((wide - inner[0]) // 2, (tall - inner[1]) // 2, *inner)
    return Letterbox(inner[0] / width, inner[1] / height, inside)


def letterboxed(rgb: Picture, fit: Letterbox, part: Part) -> Picture:
    """One part of the input, tall x wide x 3, with the very pixels that it has in the whole."""
    inside = fit.inside
    left, right = _shared(part.left, part.wide, inside.left, inside.wide)
    top, bottom = _shared(part.top, part.tall, inside.top, inside.tall)
    fitted = np.full((part.tall, part.wide, 3), BAR, dtype=np.uint8)
    if left < right and top < bottom:
        own = Part(left - inside.left, top - inside.top, right - left, bottom - top)
        place = (slice(top - part.top, bottom - part.top), slice(left - part.left, right - part.left))
        fitted[place] = _shrunk(rgb, inside, own)
    return fitted


def _shared(start: int, length: int, other: int, other_length: int) -> tuple[int, int]:
    return max(start, other), min(start + length, other + other_length)


def _shrunk(rgb: Picture, whole: Part, own: Part) -> Picture:
    """One part of a frame that is `whole` large when it is shrunk."""
    # Of a tall frame every row need not be read: four rows still go into one of the input's.
    step = max(1, int(0.25 * rgb.shape[0] / whole.tall))
    across, down = rgb.shape[1] / whole.wide, len(range(step // 2, rgb.shape[0], step)) / whole.tall
    by_x, by_y = max(1, int(across)), max(1, int(down))
    x0, x1 = _reach(own.left, own.wide, across, by_x, rgb.shape[1])
    y0, y1 = _reach(own.top, own.tall, down, by_y, rgb.shape[0])
    region = Image.fromarray(rgb[step // 2 :: step][y0:y1, x0:x1]).reduce((by_x, by_y))
    box = (
        (own.left * across - x0) / by_x,
        (own.top * down - y0) / by_y,
        ((own.left + own.wide) * across - x0) / by_x,
        ((own.top + own.tall) * down - y0) / by_y,
    )
    return np.asarray(region.resize((own.wide, own.tall), Image.Resampling.BILINEAR, box))


def _reach(start: int, length: int, scale: float, by: int, most: int) -> tuple[int, int]:
    """The pixels of a frame that a run of an input's pixels is made of: whole groups of `by`, and one more beside."""
    first = max(0, int(start * scale) // by - 2)
    last = -int(-(start + length) * scale // by) + 2
    return first * by, min(most, last * by)
