"""What face networks see of an aligned crop: grey values of its inner square. Shared by training and encoders.

The inner square is framed like FER2013. Measured with the YuNet teacher on 1,414 of its training images, the median
eyes lie at (16.0, 18.9) and (32.6, 18.6) and the mouth corners at (17.5, 36.1) and (31.2, 36.0) of 48 pixels; half
of the inner square has them at (16.5, 19), (31.5, 19), (18, 36.5) and (30, 36.5).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import FACE_CROP_PX, FACE_TEMPLATE

MARGIN_PX = 8
"""What is cut from each side of a crop of FACE_CROP_PX."""
INNER_PX = FACE_CROP_PX - 2 * MARGIN_PX
SMALL_PX = INNER_PX // 2
INNER_TEMPLATE = FACE_TEMPLATE - MARGIN_PX
"""The five landmarks in pixels of the inner square."""

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32) / 255.0


def inner_grey(crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Give the inner squares as n x 1 x INNER_PX x INNER_PX, luma in 0..1."""
    inside = slice(MARGIN_PX, FACE_CROP_PX - MARGIN_PX)
    squares = np.stack([crop[inside, inside] for crop in crops]).astype(np.float32)
    grey: NDArray[np.float32] = (squares @ _LUMA)[:, None]
    return grey


def halved(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Halve the side by the mean of 2 x 2 pixels: n x 1 x SMALL_PX x SMALL_PX."""
    upper, lower = grey[..., ::2, :], grey[..., 1::2, :]
    rows = upper + lower
    small: NDArray[np.float32] = (rows[..., ::2] + rows[..., 1::2]) * np.float32(0.25)
    return small


def tilt_deg(landmarks: NDArray[np.float32]) -> float:
    """How far alignment turned a face back: degrees, positive for a head tilted clockwise in its frame."""
    level, seen = FACE_TEMPLATE - FACE_TEMPLATE.mean(axis=0), landmarks - landmarks.mean(axis=0)
    along = float((level * seen).sum())
    across = float((level[:, 0] * seen[:, 1] - level[:, 1] * seen[:, 0]).sum())
    return float(np.degrees(np.arctan2(across, along)))
