"""What spoils a face on a call, drawn with a fixed seed on pictures of any size: covers, low light, blur.

A picture batch is n x h x w (grey) or n x h x w x 3, values 0..1, the face filling most of it; the result has the same
shape and type. The levels are stated, not fitted, and none of the networks was trained on these functions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]

PLACES = {"eyes": (0.22, 0.48, 0.08, 0.92), "mouth": (0.62, 0.92, 0.18, 0.82), "left half": (0.0, 1.0, 0.0, 0.5)}
"""Covered parts as shares of the side: top, bottom, left, right, on an aligned face."""


def cover(pictures: Pictures, place: str, seed: int = 0) -> Pictures:
    """Put an even grey over one of PLACES: a mask, sunglasses, half a face out of the picture."""
    top, bottom, left, right = PLACES[place]
    height, width = pictures.shape[1:3]
    spoilt = pictures.copy()
    grey = np.random.default_rng(seed).uniform(0.1, 0.6, len(pictures)).astype(np.float32)
    inside = np.s_[:, int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    spoilt[inside] = _per_picture(grey, spoilt[inside])
    return spoilt


def cover_by_chance(pictures: Pictures, share: float, seed: int = 0) -> Pictures:
    """Put an even grey square over `share` of the area, anywhere inside the picture (a hand, a cup)."""
    random = np.random.default_rng(seed)
    height, width = pictures.shape[1:3]
    tall, wide = round(height * share**0.5), round(width * share**0.5)
    spoilt = pictures.copy()
    for picture in spoilt:
        top, left = random.integers(height - tall + 1), random.integers(width - wide + 1)
        picture[top : top + tall, left : left + wide] = random.uniform(0.1, 0.6)
    return spoilt


def low_light(pictures: Pictures, light: float, seed: int = 0) -> Pictures:
    """Keep a share `light` of the light; the sensor adds its noise (grain grows as light falls) and 8-bit steps."""
    random = np.random.default_rng(seed)
    linear = np.power(pictures, 2.2, dtype=np.float32) * np.float32(light)
    grain = random.normal(0.0, 1.0, pictures.shape).astype(np.float32)
    seen = np.clip(linear + grain * np.sqrt(linear * 4e-4 + 4e-6, dtype=np.float32), 0.0, 1.0)
    return np.asarray(np.round(np.power(seen, 1 / 2.2) * 255) / 255, dtype=np.float32)


def blur(pictures: Pictures, sigma: float) -> Pictures:
    """Blur by a Gaussian whose deviation is `sigma` hundredths of the side; edges are continued."""
    spoilt = pictures
    for axis in (1, 2):
        reach = sigma / 100 * pictures.shape[axis]
        half = max(1, int(np.ceil(3 * reach)))
        steps = np.arange(-half, half + 1)
        weights = np.exp(-0.5 * (steps / reach) ** 2)
        spoilt = _smoothed(spoilt, (weights / weights.sum()).astype(np.float32), axis)
    return spoilt


def coarse(pictures: Pictures, pixels: int) -> Pictures:
    """Show the face as a video layer of `pixels` a side would, at most its own size: means over squares, repeated."""
    seen = pictures
    for axis in (1, 2):
        length = pictures.shape[axis]
        cell = np.arange(length) * pixels // length
        sums = np.add.reduceat(seen, np.flatnonzero(np.diff(cell, prepend=-1)), axis=axis)
        held = np.bincount(cell).reshape([-1 if at == axis else 1 for at in range(pictures.ndim)])
        seen = np.take(sums / held, cell, axis=axis).astype(np.float32)
    return np.asarray(seen, dtype=np.float32)


DISTORTIONS: dict[str, Callable[[Pictures], Pictures]] = {
    "none": lambda pictures: pictures,
    "mouth covered": lambda pictures: cover(pictures, "mouth"),
    "eyes covered": lambda pictures: cover(pictures, "eyes"),
    "left half covered": lambda pictures: cover(pictures, "left half"),
    "a tenth covered by chance": lambda pictures: cover_by_chance(pictures, 0.1),
    "a quarter covered by chance": lambda pictures: cover_by_chance(pictures, 0.25),
    "a fifth of the light": lambda pictures: low_light(pictures, 0.2),
    "a twentieth of the light": lambda pictures: low_light(pictures, 0.05),
    "blurred by 2 hundredths": lambda pictures: blur(pictures, 2.0),
    "blurred by 5 hundredths": lambda pictures: blur(pictures, 5.0),
    "24 pixels": lambda pictures: coarse(pictures, 24),
    "16 pixels": lambda pictures: coarse(pictures, 16),
}
"""The table of the robustness report: name to what is done."""


def _per_picture(values: Pictures, like: Pictures) -> Pictures:
    return np.broadcast_to(values.reshape(-1, *([1] * (like.ndim - 1))), like.shape)


def _smoothed(pictures: Pictures, weights: Pictures, axis: int) -> Pictures:
    half = len(weights) // 2
    padding = [(half, half) if at == axis else (0, 0) for at in range(pictures.ndim)]
    wide = np.pad(pictures, padding, mode="edge")
    length = pictures.shape[axis]
    parts = [w * np.take(wide, range(k, k + length), axis=axis) for k, w in enumerate(weights)]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float32)
