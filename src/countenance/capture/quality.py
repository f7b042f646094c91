"""How far a face crop can be trusted: light, sharpness, size, and landmarks that are covered.

The bounds are deliberately low: a face is refused only when little can be seen. Light is judged by the brightest
tenth of the face, not by its mean, so that dark skin in good light is not taken for darkness; the bounds of light,
contrast and sharpness lie below 99.5 % of the photos in the dev part of FairFace train, and
`training.face_finder.evaluate` reports the share refused by group.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.capture.faces import Face
from countenance.contracts.media import Quality
from countenance.contracts.readings import Reason

DARK = (40.0, 60.0)
"""Luma (0..255) of the brightest tenth of the face: unusable below the first, no loss above the second."""
FLAT = (4.0, 10.0)
"""Standard deviation of the face's luma: the same two bounds."""
BLURRED = (1.0, 3.0)
"""Mean step of luma between neighbouring pixels of the 112 px crop, relative to its contrast, in percent."""
SMALL = (16.0, 40.0)
"""Width of the face in pixels of the frame."""
COVERED = 0.5
MOST_COVERED = 2
"""With more landmarks than this covered, the face is occluded."""
DARK_FRAME = 40.0
"""Luma of the brightest twentieth of a frame below which a missing face is put down to the light."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured on one face."""

    brightest: float
    """Luma (0..255) that nine tenths of the face stay under."""
    contrast: float
    """Standard deviation of luma."""
    sharpness: float
    """Mean step between neighbouring pixels, percent of the contrast."""
    width: float
    """Pixels of the frame."""
    covered: int
    """Landmarks, of five, more likely covered than not."""


def measure(crop: Picture, face: Face) -> Measures:
    """Measure an aligned crop."""
    size = len(crop)
    light = luma(crop[size // 4 : size - size // 8, size // 5 : size - size // 5])
    contrast = float(light.std())
    steps = float(np.abs(np.diff(light, axis=0)).mean() + np.abs(np.diff(light, axis=1)).mean()) / 2
    return Measures(
        brightest=_nine_tenths(light),
        contrast=contrast,
        sharpness=100 * steps / max(contrast, 1.0),
        width=face.box.width,
        covered=int((face.covered > COVERED).sum()),
    )


def judge(measures: Measures) -> Quality:
    """One number and, where the face is not usable, the reason."""
    if measures.covered > MOST_COVERED:
        return Quality(0.0, Reason.OCCLUDED)
    light = min(_share(measures.brightest, DARK), _share(measures.contrast, FLAT))
    if light == 0:
        return Quality(0.0, Reason.LOW_LIGHT)
    rest = min(_share(measures.width, SMALL), _share(measures.sharpness, BLURRED))
    value = light * (0.2 + 0.8 * rest) * (1 - 0.25 * measures.covered)
    if light < 0.5:
        return Quality(value, Reason.LOW_LIGHT)
    return Quality(value, Reason.OCCLUDED if measures.covered == MOST_COVERED else None)


def _nine_tenths(light: NDArray[np.float32]) -> float:
    """The 90th percentile, as `np.percentile` has it, without its detours."""
    place = 0.9 * (light.size - 1)
    low = int(place)
    high = min(low + 1, light.size - 1)
    ordered = np.partition(light, (low, high), axis=None)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def too_dark(rgb: Picture) -> bool:
    """Whether a whole frame is so dark that a face would not be seen."""
    return float(np.percentile(luma(rgb[::8, ::8]), 95)) < DARK_FRAME


def luma(rgb: Picture) -> NDArray[np.float32]:
    """Brightness of pixels, 0..255 (ITU-R BT.601 weights)."""
    result: NDArray[np.float32] = rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return result


def _share(value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(1.0, max(0.0, (value - low) / (high - low)))
