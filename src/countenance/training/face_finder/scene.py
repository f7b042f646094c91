"""What a composite is: the recipe, the scene while it is drawn, and the labelled picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from countenance.training.face_finder.scenery import Canvas, Mask

MOST_FACES = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """What scenes are made of; widths in pixels of a 160 px frame, the rest are chances."""

    counts: tuple[float, ...] = (0.25, 0.5, 0.18, 0.07)
    widths: tuple[float, float] = (15.0, 92.0)
    turn: float = 16.0
    occluders: float = 0.35
    distractors: float = 0.5
    dark: float = 0.3
    darker_faces: float = 0.35
    cut: float = 0.2
    bars: float = 0.6
    faults: float = 1.0
    """Strength of the camera's faults: uneven light, colour cast, contrast, blur, grain, compression."""


TRAIN = Recipe()
CLEAN = Recipe(
    (0, 1.0), (20, 72), 8.0, occluders=0, distractors=0.15, dark=0, darker_faces=0, cut=0, bars=0.5, faults=0.4
)
HARD = Recipe((0, 1.0), (16, 90), 16.0, occluders=0.5, distractors=0.6, dark=0.35, darker_faces=0, cut=0.15, bars=0.5)


@dataclass(slots=True)
class Scene:
    """One composite while it is drawn: canvas, content rectangle, and what has been placed."""

    canvas: Canvas
    inside: NDArray[np.float32]
    boxes: list[NDArray[np.float32]] = field(default_factory=list)
    landmarks: list[NDArray[np.float32]] = field(default_factory=list)
    covers: list[list[Mask]] = field(default_factory=list)
    faces: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A finished composite: picture 96 x 160 x 3, up to three faces, which landmarks are covered, share hidden."""

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    covered: NDArray[np.bool_]
    hidden: NDArray[np.float32]
    faces: NDArray[np.int64]
