"""A face crop with its landmarks at FACE_TEMPLATE: shift, turn and one scale, never a shear or a mirror."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.capture.faces import Face
from countenance.contracts.media import FACE_CROP_PX, FACE_TEMPLATE


def align(rgb: NDArray[np.uint8], face: Face, size: int = FACE_CROP_PX) -> NDArray[np.uint8]:
    """Cut a face out of its frame, size x size x 3, landmarks at FACE_TEMPLATE; black beyond the frame's edge."""
    template = (FACE_TEMPLATE + 0.5) * (size / FACE_CROP_PX) - 0.5
    linear, shift = similarity(template, face.landmarks)
    region, corner, factor = _region(rgb, linear, shift, size)
    # PIL measures from the corner of a pixel, landmarks from its middle.
    onto = linear / factor
    start = (linear @ np.array([-0.5, -0.5]) + shift + 0.5 - corner) / factor
    data = (onto[0, 0], onto[0, 1], start[0], onto[1, 0], onto[1, 1], start[1])
    crop = region.transform((size, size), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    return np.asarray(crop)


def similarity(
    source: NDArray[np.float32], target: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least-squares shift, turn and scale that bring `source` onto `target`: target = linear @ source + shift."""
    here, there = source.astype(np.float64), target.astype(np.float64)
    from_middle, to_middle = here.mean(axis=0), there.mean(axis=0)
    a, b = here - from_middle, there - to_middle
    spread = max(float((a**2).sum()), 1e-9)
    cos = float((a * b).sum()) / spread
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    linear = np.array([[cos, -sin], [sin, cos]])
    return linear, to_middle - linear @ from_middle


def _region(
    rgb: NDArray[np.uint8], linear: NDArray[np.float64], shift: NDArray[np.float64], size: int
) -> tuple[Image.Image, NDArray[np.float64], int]:
    """The part of the frame that the crop needs, shrunk by a whole factor so that sampling does not alias."""
    (across, down), (left, top) = (size * linear).T.tolist(), shift.tolist()
    x0, x1 = _reach(left, across[0], down[0], rgb.shape[1])
    y0, y1 = _reach(top, across[1], down[1], rgb.shape[0])
    region = Image.fromarray(rgb[y0:y1, x0:x1])
    factor = max(1, int(np.hypot(linear[0, 0], linear[1, 0])))
    return (region.reduce(factor) if factor > 1 else region), np.array([x0, y0], dtype=np.float64), factor


def _reach(start: float, across: float, down: float, most: int) -> tuple[int, int]:
    """From where to where the crop reaches along one side of the frame, with room for sampling; never nothing."""
    corners = (start, start + across, start + down, start + across + down)
    low = min(max(0, math.floor(min(corners)) - 2), most - 1)
    return low, min(max(low + 1, math.ceil(max(corners)) + 3), most)
